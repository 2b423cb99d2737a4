"""The probe is masked although nobody asked for it (failure signature 51)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch


def _masked(simulate: Callable[[Scenario], RawScan]) -> Callable[[Scenario], RawScan]:
    def wrong(scenario: Scenario) -> RawScan:
        model = scenario.model.model_copy(update={"probe_mask": True})
        return simulate(scenario.model_copy(update={"model": model}))

    return wrong


FAULT = Fault(
    id="mask-unasked",
    stage="simulate",
    story="the mask's default is on in the runner and off in the documents",
    patches=(Patch("ptyspec.pipeline.simulate:simulate", _masked),),
    red=("PROBE-MASK-DEFAULT-001", "SCALE-003"),
    green=("SCALE-002", "PROBE-003", "NORM-002"),
    signatures=(51,),
)

"""A probe mask that was asked for is not applied (failure signature 51)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch


def _unmasked(simulate: Callable[[Scenario], RawScan]) -> Callable[[Scenario], RawScan]:
    def wrong(scenario: Scenario) -> RawScan:
        model = scenario.model.model_copy(update={"probe_mask": False})
        return simulate(scenario.model_copy(update={"model": model}))

    return wrong


FAULT = Fault(
    id="mask-dropped",
    stage="simulate",
    story="model.probe_mask is read by nobody",
    patches=(Patch("ptyspec.pipeline.simulate:simulate", _unmasked),),
    red=("PROBE-MASK-DEFAULT-001",),
    green=("SCALE-002", "SCALE-001", "PROBE-003"),
    signatures=(51,),
)

"""The simulator masks the probe, the model gets it bare (failure signature 51)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch


def _mismatched(simulate: Callable[[Scenario], RawScan]) -> Callable[[Scenario], RawScan]:
    def wrong(scenario: Scenario) -> RawScan:
        scan = simulate(scenario)
        if scenario.measured or not scenario.model.probe_mask:
            return scan
        model = scenario.model.model_copy(update={"probe_mask": False})
        bare = simulate(scenario.model_copy(update={"model": model})).probeGuess
        return scan.model_copy(update={"probeGuess": bare})

    return wrong


FAULT = Fault(
    id="mask-in-simulator-only",
    stage="simulate",
    story="patterns are made with the masked probe, and the scan holds the probe from before",
    patches=(Patch("ptyspec.pipeline.simulate:simulate", _mismatched),),
    red=("PROBE-MASK-DEFAULT-001",),
    green=("SCALE-001", "PROBE-003", "NORM-002"),
    signatures=(51, 28),
)

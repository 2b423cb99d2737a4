"""The probe is rescaled on its way from simulator to scan (failure signature 34)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch


def _rescaled(simulate: Callable[[Scenario], RawScan]) -> Callable[[Scenario], RawScan]:
    def wrong(scenario: Scenario) -> RawScan:
        scan = simulate(scenario)
        probe = scan.probeGuess / np.abs(scan.probeGuess).max()
        return scan.model_copy(update={"probeGuess": probe.astype(np.complex64)})

    return wrong


FAULT = Fault(
    id="probe-rescaled",
    stage="simulate",
    story="the scan gets a probe of largest modulus one, its patterns were made with another",
    patches=(Patch("ptyspec.pipeline.simulate:simulate", _rescaled),),
    red=("SCALE-002", "SCALE-003", "PROBE-MASK-DEFAULT-001"),
    green=("NORM-001", "NORM-002", "PROBE-003"),
    signatures=(34, 28),
)

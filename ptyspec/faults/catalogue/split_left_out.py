"""The walk leaves the split out and trains on the frames that it reconstructs (failure signature 25)."""

from __future__ import annotations

from typing import Any

from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.faults.seams import Walk, walking


class _Walk(Walk):
    """A pipeline with one stage replaced."""

    def split(self, scenario: Scenario, scan: Any) -> Any:
        """Nothing is held out."""
        from ptyspec.pipeline.protocol import Halves

        return Halves(scan, scan)


FAULT = Fault(
    id="split-left-out",
    stage="run",
    story="both parts are the whole scan, and nobody asked the split",
    patches=(Patch("ptyspec.runs.run:run", walking(_Walk)),),
    red=("FLOW-001", "FLOW-002", "FLOW-003"),
    green=("RUN-003", "GROUP-001"),
    signatures=(25,),
)

"""Training gets another scenario than the one that is recorded."""

from __future__ import annotations

from typing import Any

from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.faults.seams import Walk, walking


class _Walk(Walk):
    """A pipeline with one stage replaced."""

    def train(self, scenario: Scenario, containers: Any, session: Any) -> Any:
        """Train for one epoch."""
        short = scenario.training.model_copy(update={"nepochs": 1})
        return self.inner.train(
            scenario.model_copy(update={"training": short}), containers, session
        )


FAULT = Fault(
    id="shorter-training-than-declared",
    stage="evidence",
    story="training runs one epoch, and the record says what was declared",
    patches=(Patch("ptyspec.runs.run:run", walking(_Walk)),),
    red=("EVID-003",),
    green=("FLOW-001", "RUN-002", "RUN-003"),
    signatures=(2,),
)

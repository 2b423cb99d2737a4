"""The groups that trained are reconstructed; the held-out ones never are (failure signature 25)."""

from __future__ import annotations

from typing import Any

from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch
from ptyspec.faults.seams import Walk, walking


class _Walk(Walk):
    """A pipeline with one stage replaced."""

    def train(self, scenario: Scenario, containers: Any, session: Any) -> Any:
        """Train, and remember on what."""
        self._train = containers.train
        return self.inner.train(scenario, containers, session)

    def infer(self, scenario: Scenario, trained: Any, container: Any) -> Any:
        """Predict what was trained on."""
        return self.inner.infer(scenario, trained, self._train)


FAULT = Fault(
    id="training-groups-reconstructed",
    stage="run",
    story="inference gets the training container",
    patches=(Patch("ptyspec.runs.run:run", walking(_Walk)),),
    red=("FLOW-002", "FLOW-005"),
    green=("FLOW-001", "RUN-002", "RUN-003"),
    signatures=(25,),
)

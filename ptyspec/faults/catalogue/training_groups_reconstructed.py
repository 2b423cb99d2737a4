"""The groups that trained are reconstructed; the held-out ones never are (failure signature 25)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.fault import Fault, Patch


class _Walk:
    """A pipeline with one stage replaced."""

    def __init__(self, pipeline: Any) -> None:
        from ptyspec.pipeline.reference import ReferencePipeline

        self._inner = pipeline or ReferencePipeline()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def train(self, scenario: Scenario, containers: Any, session: Any) -> Any:
        """Train, and remember on what."""
        self._train = containers.train
        return self._inner.train(scenario, containers, session)

    def infer(self, scenario: Scenario, trained: Any, container: Any) -> Any:
        """Predict what was trained on."""
        return self._inner.infer(scenario, trained, self._train)


def _replaced(run: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(resolved: Any, *, pipeline: Any = None, session: Any = None) -> Any:
        return run(resolved, pipeline=_Walk(pipeline), session=session)

    return wrong


FAULT = Fault(
    id="training-groups-reconstructed",
    stage="run",
    story="inference gets the training container",
    patches=(Patch("ptyspec.pipeline.run:run", _replaced),),
    red=("FLOW-002", "FLOW-005"),
    green=("FLOW-001", "RUN-002", "RUN-003"),
    signatures=(25,),
)

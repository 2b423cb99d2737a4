"""Training gets another scenario than the one that is recorded."""

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
        """Train for one epoch."""
        short = scenario.training.model_copy(update={"nepochs": 1})
        return self._inner.train(scenario.model_copy(update={"training": short}), containers, session)


def _replaced(run: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(resolved: Any, *, pipeline: Any = None, session: Any = None) -> Any:
        return run(resolved, pipeline=_Walk(pipeline), session=session)

    return wrong


FAULT = Fault(
    id="shorter-training-than-declared",
    stage="evidence",
    story="training runs one epoch, and the record says what was declared",
    patches=(Patch("ptyspec.pipeline.run:run", _replaced),),
    red=("EVID-003",),
    green=("FLOW-001", "RUN-002", "RUN-003"),
    signatures=(2,),
)

"""The walk leaves the split out and trains on the frames that it reconstructs (failure signature 25)."""

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

    def split(self, scenario: Scenario, scan: Any) -> Any:
        """Nothing is held out."""
        from ptyspec.pipeline.protocol import Halves

        return Halves(scan, scan)


def _replaced(run: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(resolved: Any, *, pipeline: Any = None, session: Any = None) -> Any:
        return run(resolved, pipeline=_Walk(pipeline), session=session)

    return wrong


FAULT = Fault(
    id="split-left-out",
    stage="run",
    story="both parts are the whole scan, and nobody asked the split",
    patches=(Patch("ptyspec.pipeline.run:run", _replaced),),
    red=("FLOW-001", "FLOW-002", "FLOW-003"),
    green=("RUN-002", "RUN-003"),
    signatures=(25,),
)

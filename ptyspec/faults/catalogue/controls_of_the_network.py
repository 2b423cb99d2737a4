"""The trivial control is computed from the network's own result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch
from ptyspec.runs.evaluate import Verdict


def _own(evaluate: Callable[..., Verdict]) -> Callable[..., Verdict]:
    def wrong(
        pipeline: Any,
        scenario: Any,
        scan: Any,
        container: Any,
        trained: Any,
        reconstruction: Any,
        session: Any,
    ) -> Verdict:
        borrowed = container.model_copy(update={"coarse": reconstruction})
        return evaluate(pipeline, scenario, scan, borrowed, trained, reconstruction, session)

    return wrong


FAULT = Fault(
    id="controls-of-the-network",
    stage="score",
    story="the control is the reconstruction itself, so that nothing can beat it or lose to it",
    patches=(Patch("ptyspec.runs.evaluate:evaluate", _own),),
    red=("SCORE-009",),
    green=("EVID-003", "EVID-004"),
)

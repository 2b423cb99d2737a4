"""An option of execution enters the physics (failure signature 12)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ptyspec.contracts.resolve import Resolved
from ptyspec.faults.fault import Fault, Patch


def _entered(request: Callable[..., Resolved]) -> Callable[..., Resolved]:
    def wrong(target: str, **options: Any) -> Resolved:
        import sys

        made = request(target, **options)
        frame = sys._getframe(1)
        caller = (frame.f_back.f_locals if frame.f_back else {}) | frame.f_locals  # a comprehension has its own frame
        aside = [str(caller[name]) for name in ("out", "threads") if isinstance(caller.get(name), Path | int)]
        if not aside:
            return made
        text = f"{made.scenario.description} {' '.join(aside)}"
        return Resolved(made.scenario.model_copy(update={"description": text}), made.provenance)

    return wrong


FAULT = Fault(
    id="output-in-settings",
    stage="settings",
    story="--out is written into the scenario as its description",
    patches=(Patch("ptyspec.pipeline.request:request", _entered),),
    red=("CONFIG-002",),
    green=("CONFIG-003", "CONFIG-004", "CONFIG-011"),
    signatures=(12,),
)

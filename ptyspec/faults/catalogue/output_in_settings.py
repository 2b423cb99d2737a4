"""An option of execution enters the physics (failure signature 12)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from ptyspec.contracts.resolve import Resolved
from ptyspec.faults.fault import Fault, Patch


def _entered(variant: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(words: str, **options: Any) -> Any:
        import sys

        made = variant(words, **options)
        frame = sys._getframe(1)
        caller = (
            frame.f_back.f_locals if frame.f_back else {}
        ) | frame.f_locals  # a comprehension has its own frame
        aside = [
            str(caller[name])
            for name in ("out", "threads")
            if isinstance(caller.get(name), Path | int)
        ]
        if not aside:
            return made
        scenario = made.resolved.scenario
        changed = scenario.model_copy(
            update={"description": f"{scenario.description} {' '.join(aside)}"}
        )
        return replace(made, resolved=Resolved(changed, made.resolved.provenance))

    return wrong


FAULT = Fault(
    id="output-in-settings",
    stage="settings",
    story="--out is written into the scenario as its description",
    patches=(Patch("ptyspec.experiments.variant:variant", _entered),),
    red=("CONFIG-002",),
    green=("CONFIG-003", "CONFIG-004", "CONFIG-011"),
    signatures=(12,),
)

"""A difference confirms its cause although nobody took the cause away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _effects_alone(concluded: Callable[..., Any]) -> Callable[..., Any]:
    def of_effects(contrasts: Any, controls: Any) -> Any:
        from dataclasses import replace

        found = concluded(contrasts, controls)
        if found.blocked_by == "removal":
            return replace(found, verdict="CONFIRMED", blocked_by="")
        return found

    return of_effects


FAULT = Fault(
    id="effect-without-remedy",
    stage="evidence",
    story="a difference between two pipelines is called the cause of what both may share",
    patches=(Patch("ptyspec.experiments.verdict:_concluded", _effects_alone),),
    red=("EVID-011",),
    green=("EVID-012", "EVID-013", "EVID-014", "EVID-015"),
)

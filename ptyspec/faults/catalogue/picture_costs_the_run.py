"""A picture that cannot be drawn ends the run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _strict(drawn: Callable[..., Path]) -> Callable[..., Path]:
    def wrong(draw: Callable[[], Any], path: Path, progress: Any) -> Path:
        from ptyspec.render import canvas

        return canvas.save(draw(), path)

    return wrong


FAULT = Fault(
    id="picture-costs-the-run",
    stage="evidence",
    story="the error of a drawing library passes through",
    patches=(Patch("ptyspec.report.figures:_drawn", _strict),),
    red=("REPORTING-ARTIFACT-BOUNDARY-001",),
    green=("RUN-001",),
)

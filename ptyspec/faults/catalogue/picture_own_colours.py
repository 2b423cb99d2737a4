"""Every picture has the colour scale of what it shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(amplitude: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(views: Any) -> Any:
        from ptyspec.render import canvas

        made = amplitude(views)
        return replace(made, limits=canvas.value_limits(made.images["network"], part=1.0))

    return wrong


FAULT = Fault(
    id="picture-own-colours",
    stage="score",
    story="an object of half the amplitude looks like the truth",
    patches=(Patch("ptyspec.report.maps:amplitude", _wrong),),
    red=("RUN-007",),
    green=("REPORTING-ARTIFACT-BOUNDARY-001",),
    cost="parity",
    cases=("test_a_wrong_amplitude_scale_is_seen",),
)

"""The Poisson deviance lacks its factor of two."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _halved(deviance: Callable[..., float]) -> Callable[..., float]:
    return lambda *args, **kwargs: 0.5 * deviance(*args, **kwargs)


FAULT = Fault(
    id="deviance-halved",
    stage="score",
    story="a perfect fit leaves half a unit of deviance a pixel, and looks better than it can be",
    patches=(Patch("ptyspec.scores.dataspace:poisson_deviance_per_pixel", _halved),),
    red=("SCORE-012",),
    green=("SCORE-011", "SCORE-013", "ITERATIVE-002"),
)

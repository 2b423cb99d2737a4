"""Objects move by linear interpolation, which blurs them at every half pixel."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _tent(kernel: Callable[..., Array]) -> Callable[..., Array]:
    return lambda distance, kind="lanczos": kernel(distance, "linear")


FAULT = Fault(
    id="moved-linearly",
    stage="simulate",
    story="the tent that carries weights carries object values too",
    patches=(Patch("ptyspec.physics.interpolate:kernel", _tent),),
    red=("TRANSLATE-004",),
    green=("TRANSLATE-001", "TRANSLATE-003", "FORWARD-001"),
)

"""The transform has numpy's default norm: a factor N at the detector (failure signature 53)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _unscaled(transform: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda exit_wave: transform(exit_wave) * exit_wave.shape[-1]


def _unscaled_back(transform: Callable[[Array], Array]) -> Callable[[Array], Array]:
    return lambda field: transform(field) / field.shape[-1]


FAULT = Fault(
    id="transform-without-norm",
    stage="simulate",
    story="norm=ortho was forgotten in both directions",
    patches=(
        Patch("ptyspec.physics.diffraction:far_field", _unscaled),
        Patch("ptyspec.physics.diffraction:from_far_field", _unscaled_back),
    ),
    red=("FORWARD-001", "FORWARD-003", "DOSE-001", "SCALE-002"),
    green=("FORWARD-006", "SIMULATE-001", "PROBE-003"),
    signatures=(53,),
)

"""Amplitude and phase combine to A + i phi (failure signature 46)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ptyspec.faults.fault import Fault, Patch

if TYPE_CHECKING:  # it is made of Keras, which a list of faults does not need
    from ptyspec.networks.field import Field, Tensor


def _cartesian(polar: Callable[[Tensor, Tensor], Field]) -> Callable[[Tensor, Tensor], Field]:
    def wrong(amplitude: Tensor, phase: Tensor) -> Field:
        from ptyspec.networks.field import Field

        return Field(amplitude, phase)

    return wrong


FAULT = Fault(
    id="a-plus-i-phi",
    stage="train",
    story="the phase is taken for the imaginary part: a modulus beyond the head's ceiling can be reached by it",
    patches=(Patch("ptyspec.networks.field:polar", _cartesian),),
    red=("MATH-POLAR-001", "HEAD-003"),
    green=("NORMALIZATION-001", "FORWARD-001"),
    cost="parity",
    signatures=(46,),
    cases=("[sigmoid-up]", "test_amplitude_two", "test_the_gain_multiplies"),
)

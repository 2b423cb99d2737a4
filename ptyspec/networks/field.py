"""Complex arrays as (real, imaginary) pairs of tensors: the one form that every Keras backend differentiates."""

from __future__ import annotations

from typing import Any, NamedTuple

from keras import ops

Tensor = Any
"""A tensor of whichever backend Keras runs on."""


class Field(NamedTuple):
    """A complex tensor in two real parts of one shape."""

    re: Tensor
    im: Tensor

    def __mul__(self, other: Field) -> Field:  # type: ignore[override]
        """Complex product."""
        return Field(
            self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re
        )

    def __add__(self, other: Field) -> Field:  # type: ignore[override]
        """Complex sum."""
        return Field(self.re + other.re, self.im + other.im)

    def __sub__(self, other: Field) -> Field:
        """Complex difference."""
        return Field(self.re - other.re, self.im - other.im)

    def times(self, factor: Tensor) -> Field:
        """Product with a real tensor or number."""
        return Field(self.re * factor, self.im * factor)

    @property
    def conj(self) -> Field:
        """Complex conjugate."""
        return Field(self.re, -self.im)

    @property
    def intensity(self) -> Tensor:
        """Squared modulus."""
        return self.re * self.re + self.im * self.im


def polar(amplitude: Tensor, phase: Tensor) -> Field:
    """A exp(i phi): modulus is A, angle is phi (MATH-POLAR-001)."""
    return Field(amplitude * ops.cos(phase), amplitude * ops.sin(phase))


def far_field(exit_wave: Field) -> Field:
    """Orthonormal DFT of (..., N, N) fields, zero frequency in the corner."""
    size = exit_wave.re.shape[-1]
    re, im = ops.fft2((exit_wave.re, exit_wave.im))
    return Field(re / size, im / size)


def from_far_field(field: Field) -> Field:
    """Inverse of `far_field`: the conjugate of the forward transform of the conjugate."""
    return far_field(field.conj).conj

"""The forward model of physics/ once more, in keras.ops, so that gradients pass through it.

Tensors are (B * C, N, N): members of groups are folded into the batch, since oneDNN crashes on rank-4 matrix
products with a unit axis. The probe carries a checkerboard of signs, which moves zero frequency to pixel
[N/2, N/2] (exact for even N): stored, fftshifted amplitudes are compared without shifting anything.
"""

from typing import Any, NamedTuple

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.networks.framework import ops
from ptyspec.physics.merge import FLOOR
from ptyspec.physics.scale import illumination_weight, probe_intensity

Tensor = Any
"""A tensor of whichever backend Keras runs on."""


class Field(NamedTuple):
    """A complex tensor in two real parts of one shape: the one form that every Keras backend differentiates."""

    re: Tensor
    im: Tensor

    def __mul__(self, other: "Field") -> "Field":  # type: ignore[override]
        """Complex product."""
        return Field(
            self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re
        )

    def __add__(self, other: "Field") -> "Field":  # type: ignore[override]
        """Complex sum."""
        return Field(self.re + other.re, self.im + other.im)

    def __sub__(self, other: "Field") -> "Field":
        """Complex difference."""
        return Field(self.re - other.re, self.im - other.im)

    def times(self, factor: Tensor) -> "Field":
        """Product with a real tensor or number."""
        return Field(self.re * factor, self.im * factor)

    @property
    def conj(self) -> "Field":
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


ALPHA = 0.1


class ForwardModel:
    """|F(P o)|^2 for one probe and mask, its back-projection, and the merge of overlapping members.

    The probe is (N, N), or (K, N, N) of modes whose intensities are added.
    """

    def __init__(self, probe: Array, members: int, canvas: int, mask: Array | None = None) -> None:
        size = probe.shape[-1]
        signs = 1.0 - 2.0 * (np.indices((size, size)).sum(axis=0) % 2)
        centred = np.asarray(probe, np.complex128) * signs
        self.size, self.members, self.canvas = size, members, canvas
        self.probe = Field(centred.real.astype(np.float32), centred.imag.astype(np.float32))
        self.several = probe.ndim == 3
        intensity = probe_intensity(centred)
        self.step = (1.0 / (ALPHA * intensity.max() + (1 - ALPHA) * intensity)).astype(np.float32)
        self.weight = illumination_weight(probe)
        self.mask = None if mask is None else np.asarray(mask, np.float32)

    def detector(self, obj: Field) -> Field:
        """Field at the detector of object patches (B * C, N, N): of each mode, (B * C, K, N, N), where there are several."""
        if self.several:
            obj = Field(obj.re[:, None], obj.im[:, None])
        return far_field(self.probe * obj)

    def intensity(self, obj: Field) -> Tensor:
        """Predicted intensity in field units, (B * C, N, N), stored order."""
        return self._over_modes(self.detector(obj).intensity)

    def back_projection(self, obj: Field, amplitude: Tensor) -> Field:
        """Object change that moves the prediction to the measured modulus (the rPIE step), (B * C, N, N)."""
        field = self.detector(obj)
        excess = amplitude * ops.rsqrt(self._over_modes(field.intensity) + 1e-12) - 1.0
        if self.mask is not None:
            excess = excess * self.mask
        excess = excess[:, None] if self.several else excess
        change = self.probe.conj * from_far_field(field.times(excess))
        return Field(*(self._over_modes(part) for part in change)).times(self.step)

    def _over_modes(self, values: Tensor) -> Tensor:
        return ops.sum(values, axis=1) if self.several else values

    def placement(self, relative: Tensor) -> "Placement":
        """Matrices that move members onto their group's canvas and back; relative is (B, 1, 2, C)."""
        return Placement(self, relative)


class Placement:
    """Positions of the members of each group, as sampling matrices (B * C, canvas, N)."""

    def __init__(self, model: ForwardModel, relative: Tensor) -> None:
        self.model = model
        pad = (model.canvas - model.size) / 2
        shift = ops.reshape(ops.transpose(relative[:, 0], (0, 2, 1)), (-1, 2)) - pad
        self.across, self.down = (
            sampling_matrix(shift[:, a], model.canvas, model.size) for a in (0, 1)
        )
        tent_x, tent_y = (
            sampling_matrix(shift[:, a], model.canvas, model.size, "linear") for a in (0, 1)
        )
        weight = ops.broadcast_to(model.weight, (1, model.size, model.size))
        self.weight = _product(tent_y, ops.repeat(weight, ops.shape(shift)[0], axis=0), tent_x)
        self.total = self._sum(self.weight) + FLOOR

    def merged(self, obj: Field, fill: float) -> Field:
        """Each member's view of the group's weighted mean, (B * C, N, N); `fill` where no light falls."""
        canvas_re = (
            self._sum(self.weight * _product(self.down, obj.re, self.across)) + FLOOR * fill
        ) / self.total
        canvas_im = self._sum(self.weight * _product(self.down, obj.im, self.across)) / self.total
        return Field(self._cut(canvas_re), self._cut(canvas_im))

    def _sum(self, placed: Tensor) -> Tensor:
        side = self.model.canvas
        return ops.sum(ops.reshape(placed, (-1, self.model.members, side, side)), axis=1)

    def _cut(self, canvas: Tensor) -> Tensor:
        repeated = ops.repeat(canvas, self.model.members, axis=0)
        return _product(
            ops.transpose(self.down, (0, 2, 1)), repeated, ops.transpose(self.across, (0, 2, 1))
        )


def _product(left: Tensor, middle: Tensor, right: Tensor) -> Tensor:
    return ops.matmul(ops.matmul(left, middle), ops.transpose(right, (0, 2, 1)))


def sampling_matrix(start: Tensor, rows: int, columns: int, kind: str = "lanczos") -> Tensor:
    """Twin of physics.interpolate.sampling_matrix for starts (M,): (M, rows, columns) float32."""
    whole = ops.floor(start)
    fraction = start - whole  # the kernel is evaluated near 0, where float32 resolves it
    steps = np.arange(columns, dtype=np.float32) - np.arange(rows, dtype=np.float32)[:, None]
    distance = steps[None] - whole[:, None, None] - fraction[:, None, None]
    taps = np.arange(-3, 5, dtype=np.float32)
    total = ops.sum(_kernel(taps[None] - fraction[:, None], kind), axis=-1)
    return _kernel(distance, kind) / total[:, None, None]


def _kernel(distance: Tensor, kind: str) -> Tensor:
    if kind == "linear":
        return ops.maximum(0.0, 1.0 - ops.abs(distance))
    inside = ops.cast(ops.abs(distance) < 3.0, "float32")
    angle = np.float32(np.pi) * (distance * inside)
    near = ops.cast(ops.abs(angle) < 1e-4, "float32")
    safe = angle + near
    value = 3.0 * ops.sin(safe) * ops.sin(safe / 3.0) / (safe * safe)
    return inside * (near + (1.0 - near) * value)


def fold(tensor: Tensor) -> Tensor:
    """(B, N, N, C) -> (B * C, N, N)."""
    moved = ops.transpose(tensor, (0, 3, 1, 2))
    return ops.reshape(moved, (-1, *tensor.shape[1:3]))


def unfold(tensor: Tensor, members: int) -> Tensor:
    """(B * C, N, N) -> (B, N, N, C)."""
    return ops.transpose(ops.reshape(tensor, (-1, members, *tensor.shape[1:3])), (0, 2, 3, 1))

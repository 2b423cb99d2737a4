"""Values and slopes of a built network's loss, and the same loss once more from physics/ in double precision."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Container
from ptyspec.physics.diffraction import far_field
from ptyspec.physics.scale import BACKGROUND, poisson_deviance, probe_energy

if TYPE_CHECKING:
    from ptyspec.networks.reconstructor import Reconstructor

TERMS = ("poisson", "mae")
STEP = 0.01
"""Of ln c, where the loss a little beside the truth is asked for (LOSS-004)."""
FINE = 1e-4
"""Of ln c, for central differences in double precision: the error is its square."""


class NetworkLoss:
    """The loss of a built network on groups with this measurement (B, N, N, C).

    The term that trains goes the way that training takes (`compute_loss`), the other one straight to its function.
    """

    def __init__(self, model: Reconstructor, measured: Array, declared: str) -> None:
        from ptyspec.networks.losses import LOSSES

        self.model, self.measured = model, measured
        self.active = next(
            (name for name, misfit in LOSSES.items() if misfit is model.misfit), declared
        )
        self.misfits = dict(LOSSES) | {self.active: model.misfit}

    def value(self, name: str, patches: Array) -> float:
        """The term at this object (B, N, N, C), as the loss of a single stage."""
        return float(
            self._term(name, (patches.real.astype(np.float32), patches.imag.astype(np.float32)))
        )

    def total(self, stages: Sequence[Array]) -> float:
        """The whole loss of these stages' objects."""
        pairs = [(stage.real.astype(np.float32), stage.imag.astype(np.float32)) for stage in stages]
        return float(self.model.compute_loss(y=self.measured, y_pred=pairs))

    def slope(self, name: str, patches: Array) -> float:
        """d term / d ln c of the object c patches at c = 1, by automatic differentiation; 0 where it does not depend."""
        return self._slope(lambda log: self._term(name, _scaled(patches, log)))

    def stage_slope(self, stages: Sequence[Array], number: int) -> float:
        """d whole loss / d ln c of one stage's object alone."""

        def whole(log: Any) -> Any:
            pairs = [
                _scaled(stage, log if at == number else 0.0 * log)
                for at, stage in enumerate(stages)
            ]
            return self.model.compute_loss(y=self.measured, y_pred=pairs)

        return self._slope(whole)

    def asymmetry(self, name: str, patches: Array) -> float:
        """(L(+1 %) - L(-1 %)) / (L(+1 %) + L(-1 %) - 2 L(0)): the misplaced optimum, in half steps (LOSS-004)."""
        less, here, more = (
            self.value(name, np.float32(math.exp(by)) * patches) for by in (-STEP, 0.0, STEP)
        )
        bend = more + less - 2 * here
        return (more - less) / bend if bend else math.inf

    def curvature(self, name: str, patches: Array) -> float:
        """Second difference along ln c."""
        less, here, more = (
            self.value(name, np.float32(math.exp(by)) * patches) for by in (-STEP, 0.0, STEP)
        )
        return (more + less - 2 * here) / STEP**2

    def finite(self, name: str, patches: Array) -> bool:
        """Whether term and gradient at this object are finite."""
        import tensorflow as tf

        parts = [tf.constant(part.astype(np.float32)) for part in (patches.real, patches.imag)]
        with tf.GradientTape() as tape:
            tape.watch(parts)
            value = self._term(name, (parts[0], parts[1]))
        made = [value, *tape.gradient(value, parts, unconnected_gradients="zero")]
        return all(bool(np.isfinite(np.asarray(part)).all()) for part in made)

    def excess(self, patches: Array, scale: float, bright: Array) -> float:
        """Poisson term in counts, a pixel of `bright` (B * C, N, N): ln likelihood below its saturated value."""
        from ptyspec.networks.field import Field
        from ptyspec.networks.forward import fold

        predicted = self.model.forward.intensity(
            Field(fold(_real(patches)), fold(_imaginary(patches)))
        )
        found = self.misfits["poisson"](
            predicted, fold(self.measured), self.model.energy, bright.astype(np.float32)
        )
        return float(found) * self.model.energy * scale**2 * len(bright) / float(bright.sum())

    def _term(self, name: str, pair: tuple[Any, Any]) -> Any:
        from ptyspec.networks.field import Field
        from ptyspec.networks.forward import fold

        if name == self.active:
            return self.model.compute_loss(y=self.measured, y_pred=[pair])
        predicted = self.model.forward.intensity(Field(fold(pair[0]), fold(pair[1])))
        return self.misfits[name](
            predicted, fold(self.measured), self.model.energy, self.model.forward.mask
        )

    def _slope(self, function: Any) -> float:
        import tensorflow as tf

        log = tf.constant(0.0)
        with tf.GradientTape() as tape:
            tape.watch(log)
            value = function(log)
        return float(tape.gradient(value, log, unconnected_gradients="zero"))


def _scaled(patches: Array, log: Any) -> tuple[Any, Any]:
    from keras import ops

    return _real(patches) * ops.exp(log), _imaginary(patches) * ops.exp(log)


def _real(patches: Array) -> Array:
    return np.asarray(patches.real, np.float32)


def _imaginary(patches: Array) -> Array:
    return np.asarray(patches.imag, np.float32)


class PhysicsLoss:
    """The declared losses, once more: numpy, double precision, the container's probe and level."""

    def __init__(self, container: Container, measured: Array, patches: Array) -> None:
        stack = np.moveaxis(patches, -1, 1).astype(np.complex128)
        self.rate = np.abs(far_field(container.probe.astype(np.complex128) * stack)) ** 2
        """Intensity of the object at c = 1, (B, C, N, N)."""
        self.measured = np.moveaxis(measured, -1, 1).astype(np.float64)
        mask = container.groups.scan.mask
        self.seen = np.ones(self.rate.shape[-2:]) if mask is None else mask.astype(float)
        self.energy: float = container.a0**2 * probe_energy(container.probe)
        self.frames: int = self.rate.shape[0] * self.rate.shape[1]
        self.size: int = self.rate.shape[-1]

    def value(self, name: str, log: float = 0.0) -> float:
        """The term at exp(log) times the object."""
        rate = math.exp(2 * log) * self.rate
        if name == "poisson":
            found = poisson_deviance(
                rate, self.measured**2, BACKGROUND * self.energy / self.size**2
            )
            return float((found * self.seen).sum()) / self.frames / self.energy
        error = np.abs(np.sqrt(rate + 1e-9 * self.energy / self.size**2) - self.measured)
        return float((error * self.seen).sum()) / self.frames / (self.size * math.sqrt(self.energy))

    def slope(self, name: str, log: float = 0.0) -> float:
        """d term / d ln c by central differences."""
        return (self.value(name, log + FINE) - self.value(name, log - FINE)) / (2 * FINE)

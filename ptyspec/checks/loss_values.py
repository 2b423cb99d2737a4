"""Values and slopes of a built network's loss, and the same loss once more from physics/ in double precision."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.contracts.bundles import Array, Container
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
    """The loss of a built network on groups with this measurement (B, N, N, C), of objects c * patches (B, N, N, C).

    The term that trains goes the way that training takes (`compute_loss`), the other one straight to its function.
    """

    def __init__(self, model: "Reconstructor", measured: Array, declared: str) -> None:
        from ptyspec.networks.reconstructor import LOSSES

        self.model, self.measured = model, measured
        known = [name for name, misfit in LOSSES.items() if misfit is model.misfit]
        self.active = known[0] if known else declared
        self.misfits = dict(LOSSES) | {self.active: model.misfit}

    def value(self, name: str, patches: Array, log: float = 0.0) -> float:
        """The term at ln c, as the loss of a single stage."""
        return float(self._term(name, _pair(patches, log)))

    def slope(self, name: str, patches: Array, log: float = 0.0) -> float:
        """d term / d ln c by automatic differentiation; 0 where it does not depend on it."""
        return _slope(lambda at: self._term(name, _pair(patches, at)), log)

    def stage_slope(self, stages: Sequence[Array], number: int) -> float:
        """d whole loss / d ln c of one stage's object alone."""

        def whole(log: Any) -> Any:
            logs = [log if at == number else 0.0 for at in range(len(stages))]
            pairs = [_pair(stage, at) for stage, at in zip(stages, logs, strict=True)]
            return self.model.compute_loss(y=self.measured, y_pred=pairs)

        return _slope(whole)

    def differences(self, name: str, patches: Array) -> tuple[float, float]:
        """L(+1 %) - L(-1 %), which the misplaced optimum makes, and L(+1 %) + L(-1 %) - 2 L(0) (LOSS-004)."""
        less, here, more = (self.value(name, patches, log) for log in (-STEP, 0.0, STEP))
        return more - less, more + less - 2 * here

    def finite(self, name: str, patches: Array) -> bool:
        """Whether the term and its gradient by every pixel are finite."""
        from ptyspec.networks.framework import tensorflow as tf

        parts = [tf.constant(part) for part in _pair(patches)]
        with tf.GradientTape() as tape:
            tape.watch(parts)
            value = self._term(name, parts)
        gradients = tape.gradient(value, parts, unconnected_gradients="zero")
        return all(bool(np.isfinite(np.asarray(part)).all()) for part in (value, *gradients))

    def excess(self, patches: Array, scale: float, bright: Array) -> float:
        """Poisson term in counts, a pixel of `bright` (B * C, N, N): ln likelihood below its saturated value."""
        found = self._misfit("poisson", _pair(patches), bright.astype(np.float32))
        return float(found) * self.model.energy * scale**2 * len(bright) / float(bright.sum())

    def _term(self, name: str, pair: Sequence[Any]) -> Any:
        if name == self.active:
            return self.model.compute_loss(y=self.measured, y_pred=[pair])
        return self._misfit(name, pair, self.model.forward.mask)

    def _misfit(self, name: str, pair: Sequence[Any], mask: Any) -> Any:
        from ptyspec.networks.forward import Field, fold

        predicted = self.model.forward.intensity(Field(fold(pair[0]), fold(pair[1])))
        return self.misfits[name](predicted, fold(self.measured), self.model.energy, mask)


def _pair(patches: Array, log: Any = 0.0) -> tuple[Any, Any]:
    """Real and imaginary part of exp(log) * patches."""
    from ptyspec.networks.framework import ops

    parts = (np.asarray(part, np.float32) for part in (patches.real, patches.imag))
    re, im = (part * ops.exp(log) for part in parts)
    return re, im


def _slope(function: Callable[[Any], Any], at: float = 0.0) -> float:
    from ptyspec.networks.framework import tensorflow as tf

    log = tf.constant(at)
    with tf.GradientTape() as tape:
        tape.watch(log)
        value = function(log)
    return float(tape.gradient(value, log, unconnected_gradients="zero"))


class PhysicsLoss:
    """The declared losses, once more: numpy, double precision, the container's probe and level.

    `rate` is the intensity of the object at c = 1, (B, C, N, N); `seen` is 0 where the detector is masked.
    """

    def __init__(self, container: Container, measured: Array, patches: Array) -> None:
        stack = np.moveaxis(patches, -1, 1).astype(np.complex128)
        self.rate = np.abs(far_field(container.probe.astype(np.complex128) * stack)) ** 2
        self.measured = np.moveaxis(measured, -1, 1).astype(np.float64)
        mask = container.groups.scan.known_pixels
        self.seen = np.ones(self.rate.shape[-2:]) if mask is None else mask.astype(float)
        self.energy: float = container.a0**2 * probe_energy(container.probe)
        self.frames: int = self.rate.shape[0] * self.rate.shape[1]
        self.size: int = self.rate.shape[-1]

    def value(self, name: str, log: float = 0.0) -> float:
        """The term at ln c.

        Poisson: mean over frames of sum(rate - count - count ln(rate / count)) / mean energy, the same background
        on both sides. MAE: mean of |sqrt(rate) - X| over the rms pixel amplitude.
        """
        rate, pixel = math.exp(2 * log) * self.rate, self.energy / self.size**2
        if name == "poisson":
            error = poisson_deviance(rate, self.measured**2, BACKGROUND * pixel)
            unit = self.energy
        else:
            error = np.abs(np.sqrt(rate + 1e-9 * pixel) - self.measured)
            unit = self.size * math.sqrt(self.energy)
        return float((error * self.seen).sum()) / self.frames / unit

    def slope(self, name: str, log: float = 0.0) -> float:
        """d term / d ln c by central differences."""
        return (self.value(name, log + FINE) - self.value(name, log - FINE)) / (2 * FINE)

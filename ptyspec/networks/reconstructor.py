"""The trainable whole: generator, absolute gauge, forward model, and the loss: the misfit of predicted and measured
diffraction in the absolute gauge.
"""

from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.scenario import Scenario
from ptyspec.networks.forward import Field, ForwardModel, Tensor, fold, unfold
from ptyspec.networks.framework import compiles, keras, ops
from ptyspec.networks.registry import builder
from ptyspec.physics.scale import BACKGROUND, probe_energy


def poisson(
    predicted: Tensor, amplitude: Tensor, energy: float, mask: Tensor | None = None
) -> Tensor:
    """Poisson deviance per frame over the mean energy, averaged over frames; 0 for a perfect prediction.

    `predicted` intensity and measured `amplitude` are (M, N, N) in field units, `energy` the training split's
    mean sum X^2. The same background e = 1e-3 of the mean pixel energy stands on both sides, so the optimum is
    unmoved and a zero field is finite. Times s^2 the bracket is the negative log-likelihood of counts minus its
    saturated value.
    """
    size = amplitude.shape[-1]
    background = BACKGROUND * energy / size**2
    rate, count = predicted + background, amplitude * amplitude + background
    deviance = rate - count - count * ops.log(rate / count)
    return _mean_over_frames(deviance, mask) / energy


def mae(predicted: Tensor, amplitude: Tensor, energy: float, mask: Tensor | None = None) -> Tensor:
    """Mean absolute error of the amplitude, over the rms pixel amplitude."""
    size = amplitude.shape[-1]
    error = ops.abs(ops.sqrt(predicted + 1e-9 * energy / size**2) - amplitude)
    return _mean_over_frames(error, mask) / (size * energy**0.5)


def _mean_over_frames(value: Tensor, mask: Tensor | None) -> Tensor:
    seen = value if mask is None else value * mask
    return ops.mean(ops.sum(seen, axis=(1, 2)))


LOSSES = {"poisson": poisson, "mae": mae}


class Reconstructor(keras.Model):
    """Maps {measured: g X, start: both (B, N, N, C), relative: (B, 1, 2, C)} to the object (B, N, N, C) as (re, im).

    The generator works in units where input, probe and object are of order one; its answer times a0 is the object
    in the absolute gauge, and the loss compares |F(P o)|^2 with the raw X^2: neither ever sees the gain.
    """

    def __init__(
        self, scenario: Scenario, probe: Array, a0: float, canvas: int, mask: Array | None = None
    ) -> None:
        super().__init__()
        self.jit_compile = compiles()
        members = scenario.members
        level = scenario.model.N / 2 / probe_energy(probe) ** 0.5
        conditioned = ForwardModel(np.asarray(probe) * level, members, canvas, mask)
        seed = scenario.seeds.training
        self.generator = builder(scenario.model.architecture)(scenario.model, conditioned, seed)
        self.forward = ForwardModel(probe, members, canvas, mask)
        self.members, self.a0 = members, a0
        self.energy = a0**2 * probe_energy(probe)
        self.misfit = LOSSES[scenario.training.loss]
        self.stage_weight = scenario.training.stage_weight

    def build(self, shapes: dict[str, tuple[int | None, ...]]) -> None:
        """Nothing: every layer builds itself at the first call, which without this is made three times."""

    def call(
        self, inputs: dict[str, Tensor], training: bool = False
    ) -> list[tuple[Tensor, Tensor]]:
        """Return the stages' objects (training) or the last alone, each a pair (re, im) of (B, N, N, C)."""
        stages = self.generator(inputs["measured"], inputs["relative"], inputs["start"])
        kept = stages if training else stages[-1:]
        return [
            (unfold(obj.re * self.a0, self.members), unfold(obj.im * self.a0, self.members))
            for obj in kept
        ]

    def compute_loss(
        self,
        x: Any = None,
        y: Tensor = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """Misfit of the last stage plus the weighted mean of the earlier ones; y is X (B, N, N, C)."""
        amplitude = fold(y)
        each = isinstance(x, dict) and "seen" in x
        mask = fold(x["seen"]) if each else self.forward.mask
        values = [self._misfit(stage, amplitude, mask) for stage in y_pred]
        earlier = values[:-1]
        return values[-1] + (self.stage_weight * sum(earlier) / len(earlier) if earlier else 0.0)

    def _misfit(
        self, stage: tuple[Tensor, Tensor], amplitude: Tensor, mask: Tensor | None
    ) -> Tensor:
        predicted = self.forward.intensity(Field(fold(stage[0]), fold(stage[1])))
        return self.misfit(predicted, amplitude, self.energy, mask)

"""The trainable whole: generator, absolute gauge, forward model, loss."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.scenario import Scenario
from ptyspec.networks.field import Field, Tensor
from ptyspec.networks.forward import ForwardModel, fold, unfold
from ptyspec.networks.losses import LOSSES
from ptyspec.networks.registry import builder
from ptyspec.physics.scale import probe_energy


class Reconstructor(keras.Model):
    """Maps {measured: g X, start: both (B, N, N, C), relative: (B, 1, 2, C)} to the object (B, N, N, C) as (re, im).

    The generator works in units where input, probe and object are of order one; its answer times a0 is the object
    in the absolute gauge, and the loss compares |F(P o)|^2 with the raw X^2: neither ever sees the gain.
    """

    def __init__(
        self, scenario: Scenario, probe: Array, a0: float, canvas: int, mask: Array | None = None
    ) -> None:
        super().__init__()
        self.jit_compile = False
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
        values = [self._misfit(stage, amplitude) for stage in y_pred]
        earlier = values[:-1]
        return values[-1] + (self.stage_weight * sum(earlier) / len(earlier) if earlier else 0.0)

    def _misfit(self, stage: tuple[Tensor, Tensor], amplitude: Tensor) -> Tensor:
        predicted = self.forward.intensity(Field(fold(stage[0]), fold(stage[1])))
        return self.misfit(predicted, amplitude, self.energy, self.forward.mask)

"""Networks that are wrong on purpose, each in one way: what positive controls put in the place of the built one."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.networks.field import Field, Tensor
from ptyspec.networks.forward import ForwardModel
from ptyspec.networks.reconstructor import Reconstructor
from ptyspec.pipeline.train import canvas_side


def made(
    material: StageOutputs, kind: type[Reconstructor] = Reconstructor, **changed: Any
) -> Reconstructor:
    """Return a network of this kind on the material's data, some of its arguments exchanged."""
    data = material.containers.train
    given: dict[str, Any] = {
        "scenario": material.scenario,
        "probe": data.probe,
        "a0": data.a0,
        "canvas": canvas_side(material.scenario, material.containers),
        "mask": data.groups.scan.mask,
    } | changed
    model = kind(**given)
    if "probe" in changed or "scenario" in changed:
        model(material.sample.part(1)[0])  # makes its parameters
    else:
        exchange_generator(model, material.model.generator)
    return model


class LastStageOnly(Reconstructor):
    """Its stage weight is declared, echoed, and used nowhere."""

    def compute_loss(
        self, x: Any = None, y: Tensor = None, y_pred: Any = None, *_: Any, **__: Any
    ) -> Tensor:
        """The last stage's misfit."""
        return super().compute_loss(y=y, y_pred=y_pred[-1:])


def exchange_generator(model: Reconstructor, generator: Any) -> None:
    """Give a network another generator; Keras would go on counting the old one's parameters."""
    model._layers.remove(model.generator)
    model.generator = generator


def with_loose_scale(material: StageOutputs) -> Reconstructor:
    """Return a network on which the logarithm of the scale hangs outside any layer."""
    model = made(material)
    model.log_scale = tf.Variable(np.log(material.containers.train.scale), dtype=tf.float32)
    return model


def with_stray_light(material: StageOutputs) -> Reconstructor:
    """Return a network at whose detector light arrives that is not the object's."""
    model, size = made(material), material.containers.train.groups.scan.N
    forward: Any = model.forward
    forward.__class__ = Background
    forward.stray = 0.01 * model.energy / size**2
    return model


class DriftingProbe(Reconstructor):
    """Every step makes its probe a little stronger."""

    def compute_loss(
        self, x: Any = None, y: Tensor = None, y_pred: Any = None, *_: Any, **__: Any
    ) -> Tensor:
        """The loss before it."""
        value = super().compute_loss(y=y, y_pred=y_pred)
        self.forward.probe = self.forward.probe.times(1.001)
        return value


class Background(ForwardModel):
    """Stray light reaches the detector."""

    stray = 0.0

    def intensity(self, obj: Field) -> Tensor:
        """|F(P o)|^2 and the stray light."""
        return super().intensity(obj) + self.stray

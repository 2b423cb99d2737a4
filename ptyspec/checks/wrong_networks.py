"""Networks that are wrong on purpose, each in one way: what positive controls put in the place of the built one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from ptyspec.checks.material import Material
from ptyspec.networks import losses
from ptyspec.networks.field import Field, Tensor
from ptyspec.networks.forward import ForwardModel
from ptyspec.networks.generators.cnn import DirectCnn
from ptyspec.networks.reconstructor import Reconstructor
from ptyspec.physics.scale import BACKGROUND
from ptyspec.pipeline.train import canvas_side


def made(
    material: Material, kind: type[Reconstructor] = Reconstructor, **changed: Any
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


def exchange_generator(model: Reconstructor, generator: Any) -> None:
    """Give a network another generator; Keras would go on counting the old one's parameters."""
    model._layers.remove(model.generator)
    model.generator = generator


class LastStageOnly(Reconstructor):
    """Its stage weight is declared, echoed, and used nowhere."""

    def compute_loss(
        self, x: Any = None, y: Tensor = None, y_pred: Any = None, *_: Any, **__: Any
    ) -> Tensor:
        """The last stage's misfit."""
        return super().compute_loss(y=y, y_pred=y_pred[-1:])


class DetachedStages(Reconstructor):
    """Earlier stages count in the value of the loss and have no gradient."""

    def compute_loss(
        self, x: Any = None, y: Tensor = None, y_pred: Any = None, *_: Any, **__: Any
    ) -> Tensor:
        """The right value."""
        earlier = [tuple(ops.stop_gradient(part) for part in stage) for stage in y_pred[:-1]]
        return super().compute_loss(y=y, y_pred=[*earlier, y_pred[-1]])


class WithScale(Reconstructor):
    """The logarithm of the intensity scale is a parameter, and trains."""

    def __init__(self, *args: Any, scale: float, trainable: bool = True, **given: Any) -> None:
        super().__init__(*args, **given)
        self.start = math.log(scale)
        self.log_scale = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(self.start),
            trainable=trainable,
            name="log_scale",
        )

    def _misfit(self, stage: tuple[Tensor, Tensor], amplitude: Tensor) -> Tensor:
        factor = ops.exp(self.log_scale - self.start)
        return super()._misfit((stage[0] * factor, stage[1] * factor), amplitude)


class DriftingProbe(Reconstructor):
    """Every step makes its probe a little stronger."""

    def compute_loss(
        self, x: Any = None, y: Tensor = None, y_pred: Any = None, *_: Any, **__: Any
    ) -> Tensor:
        """The loss before it."""
        value = super().compute_loss(y=y, y_pred=y_pred)
        self.forward.probe = self.forward.probe.times(1.001)
        return value


class MixedBatch(Reconstructor):
    """A group's object takes a thousandth of the mean over its batch."""

    share = 1e-3

    def call(
        self, inputs: dict[str, Tensor], training: bool = False
    ) -> list[tuple[Tensor, Tensor]]:
        """Predict."""
        return [
            (re + self.share * ops.mean(re, axis=0, keepdims=True), im)
            for re, im in super().call(inputs, training=training)
        ]


class BarelyMixed(MixedBatch):
    """It takes a millionth."""

    share = 1e-6


class Clipped(Reconstructor):
    """Its object ends at twice the rms amplitude."""

    def call(
        self, inputs: dict[str, Tensor], training: bool = False
    ) -> list[tuple[Tensor, Tensor]]:
        """Predict."""
        top = 2 * self.a0
        return [
            (ops.clip(re, -top, top), ops.clip(im, -top, top))
            for re, im in super().call(inputs, training=training)
        ]


class IdleLayer(Reconstructor):
    """A layer is built and nothing passes through it."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self.idle = keras.layers.Conv2D(2, 3)
        self.idle.build((None, 8, 8, 1))


class PlusPhase(DirectCnn):
    """Combines amplitude and phase to A + i phi (MATH-POLAR-001)."""

    def call(self, measured: Tensor, relative: Tensor, start: Tensor) -> list[Field]:
        """Predict."""
        return [
            Field(ops.sqrt(obj.intensity), ops.arctan2(obj.im, obj.re))
            for obj in super().call(measured, relative, start)
        ]


class Escaping(DirectCnn):
    """Half an a0 is added behind the head."""

    def call(self, measured: Tensor, relative: Tensor, start: Tensor) -> list[Field]:
        """Predict."""
        return [Field(obj.re + 0.5, obj.im) for obj in super().call(measured, relative, start)]


def with_generator(material: Material, kind: type[DirectCnn]) -> Reconstructor:
    """Return a network whose generator is this variant of the direct encoder-decoder."""
    model = made(material)
    right: Any = model.generator
    scenario = material.scenario
    exchange_generator(model, kind(scenario.model, right.forward, scenario.seeds.training))
    model(material.sample.part(1)[0])
    return model


def with_misfit(material: Material, misfit: Callable[..., Tensor]) -> Reconstructor:
    """Return a network that trains by another misfit."""
    model = made(material)
    model.misfit = misfit
    return model


def one_background(
    predicted: Tensor, amplitude: Tensor, energy: float, mask: Tensor | None = None
) -> Tensor:
    """Poisson, the background on the prediction alone."""
    background = BACKGROUND * energy / amplitude.shape[-1] ** 2
    return losses.poisson(predicted + background, amplitude, energy, mask)


def no_background(
    predicted: Tensor, amplitude: Tensor, energy: float, mask: Tensor | None = None
) -> Tensor:
    """Poisson as upstream has it: rate - count ln(rate), less what it would be at rate = count."""
    count = amplitude * amplitude
    deviance = predicted - count - count * ops.log(predicted / count)
    return ops.mean(ops.sum(deviance, axis=(1, 2))) / energy


def of_amplitudes(
    predicted: Tensor, amplitude: Tensor, energy: float, mask: Tensor | None = None
) -> Tensor:
    """Poisson of amplitudes taken for counts."""
    level = energy**0.5 / amplitude.shape[-1]
    rate, count = ops.sqrt(predicted + 1e-6 * level**2), amplitude * amplitude / level
    return ops.mean(ops.sum(rate - count * ops.log(rate / level), axis=(1, 2))) * level / energy


def half_gradient(
    predicted: Tensor, amplitude: Tensor, energy: float, mask: Tensor | None = None
) -> Tensor:
    """Poisson, of which half has no gradient."""
    seen = losses.poisson(predicted, amplitude, energy, mask)
    return 0.5 * (seen + ops.stop_gradient(seen))


class Background(ForwardModel):
    """Stray light reaches the detector."""

    stray = 0.0

    def intensity(self, obj: Field) -> Tensor:
        """|F(P o)|^2 and the stray light."""
        return super().intensity(obj) + self.stray

"""`cnn`: the direct encoder-decoder, one shared encoder and two decoders, with a head that can reach the object.

The measured pattern, the coarse start and what the pattern says against it (one back-projection) go in, amplitude and
phase of the patch's central half come out; outside it stands the start. No stage is unrolled.
"""

import math
from collections.abc import Callable

from ptyspec.contracts.scenario import ModelConfig
from ptyspec.errors import ConfigError
from ptyspec.networks.blocks import Seeded, fill_up, space_to_depth
from ptyspec.networks.forward import Field, ForwardModel, Tensor, fold, polar
from ptyspec.networks.framework import keras, ops
from ptyspec.seeds import integer_seed

Head = Callable[[Tensor, Tensor], Tensor]


def amplitude_head(name: str) -> Head:
    """Return the head of this name, in units of a0: raw output and coarse start in, amplitude out.

    The unbounded heads give the start itself at raw = 0, so that an untrained network shows what the counts alone
    say. Raises ConfigError for `cartesian`, which has no amplitude of its own.
    """
    if name not in HEADS:
        what = "this generator needs an amplitude head"
        step = "set model.amp_activation=softplus"
        source = "model.amp_activation"
        raise ConfigError(what, value=name, limit=", ".join(HEADS), source=source, next_step=step)
    return HEADS[name]


def softplus(raw: Tensor, start: Tensor) -> Tensor:
    """Positive and unbounded."""
    return ops.softplus(raw + ops.log(ops.expm1(ops.maximum(start, 1e-3))))


def sigmoid(raw: Tensor, start: Tensor) -> Tensor:
    """Bounded by 1 (a0), whatever the start: cannot reach brighter spots and is refused before training."""
    return ops.sigmoid(raw)


def swish(raw: Tensor, start: Tensor) -> Tensor:
    """Unbounded above, slightly negative below zero."""
    return ops.silu(raw) + start


def relu(raw: Tensor, start: Tensor) -> Tensor:
    """Unbounded above, zero (and dead) below."""
    return ops.relu(raw + start)


HEADS: dict[str, Head] = {one.__name__: one for one in (softplus, sigmoid, swish, relu)}
"""By name: NET-008 reads a network's head by the name of its function."""


WIDTHS = (8, 16, 32)
"""Channels of the three levels (n/2, n/4, n/8) before n_filters_scale."""


class Decoder(keras.layers.Layer):
    """Two convolutions a level and a doubling between; (M, n/8, n/8, .) to (M, n/2, n/2, outputs)."""

    def __init__(self, widths: list[int], outputs: int, seed: int) -> None:
        super().__init__()
        make = Seeded(seed)
        self.levels = [[make.conv(width), make.conv(width)] for width in reversed(widths)]
        self.final = make.conv(outputs, activation=None, std=0.01)
        self.grow = keras.layers.UpSampling2D(2)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Nothing: the convolutions build themselves at their first call; without this, Keras warns."""

    def call(self, code: Tensor) -> Tensor:
        """Apply."""
        for level, convs in enumerate(self.levels):
            code = code if level == 0 else self.grow(code)
            for conv in convs:
                code = conv(code)
        return self.final(code)


class DirectCnn(keras.layers.Layer):
    """Encoder, amplitude decoder, phase decoder, polar combination, merge."""

    def __init__(self, config: ModelConfig, forward: ForwardModel, seed: int) -> None:
        super().__init__()
        self.forward = forward
        self.merges = config.gridsize > 1 and config.object_big
        self.border = forward.size // 4
        self.head = amplitude_head(config.amp_activation)
        widths = [config.n_filters_scale * width for width in WIDTHS]
        make = Seeded(integer_seed(seed, "cnn encoder"))
        self.encoder = [[make.conv(width), make.conv(width)] for width in widths]
        self.pool = keras.layers.MaxPooling2D(2)
        self.amplitude = Decoder(widths, 1, integer_seed(seed, "cnn amplitude decoder"))
        self.phase = Decoder(widths, 1, integer_seed(seed, "cnn phase decoder"))

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Nothing: as in `blocks.UNet`."""

    def call(self, measured: Tensor, relative: Tensor, start: Tensor) -> list[Field]:
        """Predict; the members of a group are unordered, so each passes through the same network."""
        amplitude, base = fold(measured), fold(start)
        step = self.forward.back_projection(Field(base, ops.zeros_like(base)), amplitude)
        centre = slice(self.border, -self.border)
        views = ops.stack([view[:, centre, centre] for view in (base - 1.0, *step)], axis=-1)
        pattern = space_to_depth(ops.log1p(2.0 * amplitude)[..., None], 2)
        code = fill_up(ops.concatenate([pattern, views], axis=-1), 2 ** (len(self.encoder) - 1))
        for level, convs in enumerate(self.encoder):
            code = code if level == 0 else self.pool(code)
            for conv in convs:
                code = conv(code)
        around = ((0, 0), (self.border, self.border), (self.border, self.border))
        side = views.shape[1]
        raw, turn = (decode(code)[:, :side, :side, 0] for decode in (self.amplitude, self.phase))
        obj = polar(self.head(ops.pad(raw, around), base), ops.pad(phase_head(turn), around))
        if self.merges:
            obj = self.forward.placement(relative).merged(obj, 1.0)
        return [obj]


def phase_head(raw: Tensor) -> Tensor:
    """Return pi tanh(raw): every phase can be reached."""
    return math.pi * ops.tanh(raw)


def build(config: ModelConfig, forward: ForwardModel, seed: int) -> DirectCnn:
    """Return an untrained generator."""
    return DirectCnn(config, forward, seed)

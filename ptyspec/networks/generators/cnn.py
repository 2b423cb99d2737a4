"""`cnn`: the direct encoder-decoder, one shared encoder and two decoders, with a head that can reach the object.

Measured amplitudes go in, amplitude and phase of the patch come out; physics enters through the loss alone.
"""

from __future__ import annotations

import keras
from keras import ops

from ptyspec.contracts.settings import ModelConfig
from ptyspec.networks.blocks import Seeded
from ptyspec.networks.field import Field, Tensor, polar
from ptyspec.networks.forward import ForwardModel, fold
from ptyspec.networks.heads import amplitude_head
from ptyspec.seeds import integer_seed

WIDTHS = (8, 16, 32)
"""Channels of the three levels before n_filters_scale."""


class Decoder(keras.layers.Layer):
    """Two convolutions and a doubling for each level; (M, n/8, n/8, .) to (M, n, n, outputs)."""

    def __init__(self, widths: list[int], outputs: int, seed: int) -> None:
        super().__init__()
        make = Seeded(seed)
        self.levels = [[make.conv(width), make.conv(width)] for width in reversed(widths)]
        self.final = make.conv(outputs, activation=None, std=0.01)
        self.grow = keras.layers.UpSampling2D(2)

    def call(self, code: Tensor) -> Tensor:
        """Apply."""
        for convs in self.levels:
            for conv in convs:
                code = conv(code)
            code = self.grow(code)
        return self.final(code)


class DirectCnn(keras.layers.Layer):
    """Encoder, amplitude decoder, phase decoder, polar combination, merge."""

    def __init__(self, config: ModelConfig, forward: ForwardModel, seed: int) -> None:
        super().__init__()
        self.forward, self.config = forward, config
        self.merges = config.gridsize > 1 and config.object_big
        self.side = forward.size if config.probe_big else forward.size // 2
        self.head = amplitude_head(config.amp_activation)
        widths = [config.n_filters_scale * width for width in WIDTHS]
        make = Seeded(integer_seed(seed, "cnn encoder"))
        self.encoder = [[make.conv(width), make.conv(width)] for width in widths]
        self.pool = keras.layers.MaxPooling2D(2)
        members = forward.members
        outward = widths if config.probe_big else widths[1:]
        self.amplitude = Decoder(outward, members, integer_seed(seed, "cnn amplitude decoder"))
        self.phase = Decoder(outward, members, integer_seed(seed, "cnn phase decoder"))

    def call(self, measured: Tensor, relative: Tensor, start: Tensor) -> list[Field]:
        """Predict."""
        code = ops.log1p(2.0 * measured)
        for convs in self.encoder:
            for conv in convs:
                code = conv(code)
            code = self.pool(code)
        obj = polar(fold(self.head(self.amplitude(code))), fold(phase_head(self.phase(code))))
        border = (self.forward.size - self.side) // 2
        if border:
            around = ((0, 0), (border, border), (border, border))
            obj = Field(ops.pad(obj.re, around, constant_values=1.0), ops.pad(obj.im, around))
        if self.merges:
            obj = self.forward.placement(relative).merged(obj, 1.0)
        return [obj]


def phase_head(raw: Tensor) -> Tensor:
    """Phase head: pi tanh(raw), so that every phase can be reached."""
    return 3.141592653589793 * ops.tanh(raw)


def build(config: ModelConfig, forward: ForwardModel, seed: int) -> DirectCnn:
    """Return an untrained generator."""
    return DirectCnn(config, forward, seed)

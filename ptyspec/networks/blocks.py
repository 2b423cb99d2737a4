"""Convolutional blocks with explicit seeds: equal seeds give equal weights, no global generator is touched."""

from collections.abc import Iterator
from itertools import count

from ptyspec.networks.forward import Tensor
from ptyspec.networks.framework import keras
from ptyspec.seeds import integer_seed


class Seeded:
    """Makes layers whose initialisers draw from one seed, each its own number."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.numbers: Iterator[int] = count()

    def conv(
        self,
        filters: int,
        *,
        size: int = 3,
        activation: str | None = "relu",
        std: float | None = None,
    ) -> keras.layers.Conv2D:
        """Return a same-padded convolution: He normal weights, or N(0, std^2) where given."""
        draw = integer_seed(self.seed, f"layer {next(self.numbers)}")
        start = (
            keras.initializers.HeNormal(draw)
            if std is None
            else keras.initializers.RandomNormal(0.0, std, draw)
        )
        return keras.layers.Conv2D(
            filters, size, padding="same", activation=activation, kernel_initializer=start
        )


class UNet(keras.layers.Layer):
    """Encoder-decoder with additive skips; (M, n, n, features) to (M, n, n, outputs), any n.

    One convolution a level and direction: at these sizes the convolutions are nine tenths of the cost.
    """

    def __init__(
        self, filters: tuple[int, ...], outputs: int, seed: int, final_std: float = 0.01
    ) -> None:
        super().__init__()
        make = Seeded(seed)
        self.down = [make.conv(width) for width in filters]
        self.middle = make.conv(filters[-1])
        self.up = [make.conv(width) for width in reversed(filters[:-1])]
        self.join = [make.conv(width) for width in reversed(filters[:-1])]
        self.final = make.conv(outputs, activation=None, std=final_std)
        self.pool = keras.layers.AveragePooling2D(2)
        self.grow = keras.layers.UpSampling2D(2)

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Nothing: the convolutions build themselves at their first call; without this, Keras warns."""

    def call(self, features: Tensor) -> Tensor:
        """Apply."""
        side = features.shape[1]
        features = fill_up(features, 2 ** (len(self.down) - 1))
        kept = []
        for level, conv in enumerate(self.down):
            features = conv(features if level == 0 else self.pool(features))
            kept.append(features)
        features = self.middle(features)
        for narrow, join, skip in zip(self.up, self.join, reversed(kept[:-1]), strict=True):
            features = join(self.grow(narrow(features)) + skip)
        return self.final(features)[:, :side, :side]


def space_to_depth(planes: Tensor, side: int) -> Tensor:
    """(M, n, n, c) -> (M, n/side, n/side, side^2 c): squares of pixels become channels."""
    rows, channels = planes.shape[1] // side, planes.shape[-1]
    blocks = keras.ops.reshape(planes, (-1, rows, side, rows, side, channels))
    return keras.ops.reshape(
        keras.ops.transpose(blocks, (0, 1, 3, 2, 4, 5)), (-1, rows, rows, side * side * channels)
    )


def depth_to_space(planes: Tensor, side: int) -> Tensor:
    """Inverse of `space_to_depth`."""
    rows, channels = planes.shape[1], planes.shape[-1] // side**2
    blocks = keras.ops.reshape(planes, (-1, rows, rows, side, side, channels))
    moved = keras.ops.transpose(blocks, (0, 1, 3, 2, 4, 5))
    return keras.ops.reshape(moved, (-1, rows * side, rows * side, channels))


def fill_up(planes: Tensor, multiple: int) -> Tensor:
    """Add zeros below and to the right until the side is a multiple, so that it can be halved and doubled back."""
    extra = -planes.shape[1] % multiple
    return keras.ops.pad(planes, ((0, 0), (0, extra), (0, extra), (0, 0))) if extra else planes

"""`unrolled`: a few physics steps, each corrected by a small U-Net (Cartesian, unbounded).

Stage: rPIE back-projection -> U-Net on the illuminated centre -> o + step + correction -> merge the members.
The physics step acts on the whole patch, the network where the probe is bright.
"""

from ptyspec.contracts.scenario import ModelConfig
from ptyspec.errors import ConfigError
from ptyspec.networks.blocks import UNet, depth_to_space, space_to_depth
from ptyspec.networks.forward import Field, ForwardModel, Tensor, fold
from ptyspec.networks.framework import keras, ops
from ptyspec.seeds import integer_seed

FOLD = 2
"""Pixels of this side share a place in the U-Net, as channels: full resolution at a quarter of the cost."""


class Unrolled(keras.layers.Layer):
    """K stages of physics step plus learned correction."""

    def __init__(self, config: ModelConfig, forward: ForwardModel, seed: int) -> None:
        super().__init__()
        self.forward = forward
        self.merges = config.gridsize > 1 and config.object_big
        self.border = (forward.size - forward.size // 2) // 2
        names = [f"unrolled stage {k}" for k in range(config.stages)]
        self.nets = [UNet(config.filters, 2 * FOLD**2, integer_seed(seed, name)) for name in names]

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Nothing: as in `blocks.UNet`."""

    def call(self, measured: Tensor, relative: Tensor, start: Tensor) -> list[Field]:
        """Predict."""
        amplitude = fold(measured)
        pattern = space_to_depth(ops.log1p(2.0 * amplitude)[..., None], 2 * FOLD)
        placement = self.forward.placement(relative) if self.merges else None
        obj = Field(fold(start), ops.zeros_like(amplitude))
        stages = []
        for net in self.nets:
            step = self.forward.back_projection(obj, amplitude)
            correction = net(ops.concatenate([self._centre(obj, step), pattern], axis=-1))
            obj = obj + step + self._whole(correction)
            if placement is not None:
                obj = placement.merged(obj, 1.0)
            stages.append(obj)
        return stages

    def _centre(self, *parts: Field) -> Tensor:
        cut = slice(self.border, -self.border)
        planes = ops.stack([tensor[:, cut, cut] for part in parts for tensor in part], axis=-1)
        return space_to_depth(planes, FOLD)

    def _whole(self, correction: Tensor) -> Field:
        around = ((0, 0), (self.border, self.border), (self.border, self.border))
        planes = depth_to_space(correction, FOLD)
        return Field(ops.pad(planes[..., 0], around), ops.pad(planes[..., 1], around))


def build(config: ModelConfig, forward: ForwardModel, seed: int) -> Unrolled:
    """Return an untrained generator; raises ConfigError for an amplitude head, of which it has none."""
    if config.amp_activation != "cartesian":
        what = "the unrolled generator has no amplitude head"
        step = "set model.amp_activation=cartesian, or model.architecture=cnn"
        value, source = config.amp_activation, "model.amp_activation"
        raise ConfigError(what, value=value, limit="cartesian", source=source, next_step=step)
    return Unrolled(config, forward, seed)

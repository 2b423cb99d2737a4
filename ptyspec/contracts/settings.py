"""Settings of model, training and inference: names and defaults of the upstream dataclasses where they agree.

A setting that the reference pipeline does not exercise admits its default alone, so that no value can look
effective without being so.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from ptyspec.contracts.base import Settings

Positive = Annotated[int, Field(gt=0)]
Weight = Annotated[float, Field(ge=0, le=1)]


def _power_of_two(value: int) -> int:
    if value & (value - 1):
        raise ValueError(f"must be a power of two, got {value}")
    return value


PowerOfTwo = Annotated[Positive, AfterValidator(_power_of_two)]


class ModelConfig(Settings):
    """The generator and the forward model around it."""

    N: Positive = 64
    gridsize: Annotated[int, Field(ge=1, le=3)] = 1
    architecture: str = "unrolled"
    """Name of a registered generator."""
    stages: Positive = 3
    """Unrolled stages (generator `unrolled`)."""
    filters: Annotated[tuple[Positive, ...], Field(strict=False, min_length=1)] = (32, 48)
    """Channels of the unrolled stages' U-Net, one level an entry."""
    n_filters_scale: Positive = 2
    """Width factor of the direct encoder-decoder (generator `cnn`)."""
    amp_activation: Literal["cartesian", "softplus", "sigmoid", "swish", "relu"] = "cartesian"
    """Amplitude head: `cartesian` and `softplus` are unbounded; `sigmoid` reaches a0 x 1 and is checked."""
    object_big: bool = True
    """Merge the members of a group on a common canvas before the forward model."""
    probe_big: Literal[True] = True
    """The object under the probe's tails takes part: by the physics step (unrolled) or the coarse start (cnn)."""
    probe_mask: bool = False
    """Cut the probe outside probe_mask_diameter, in simulator, loss, inference and stitching alike."""
    probe_mask_diameter: Positive | None = None
    """Pixels; N/2 when not given."""
    probe_scale: Annotated[float, Field(gt=0)] = 4.0
    canvas: Annotated[int, Field(ge=0)] = 0
    """Side of the canvas inside the model in pixels; 0: N + 2 max|relative offset|."""


class TrainingConfig(Settings):
    """How the generator is trained."""

    batch_size: PowerOfTwo = 16
    nepochs: Positive = 50
    learning_rate: Annotated[float, Field(gt=0)] = 2e-3
    warmup_fraction: Weight = 0.05
    """Part of all steps over which the learning rate rises from 0; a cosine to 0 follows."""
    gradient_clip: Annotated[float, Field(gt=0)] = 1.0
    """Largest global norm of a gradient."""
    loss: Literal["poisson", "mae"] = "poisson"
    stage_weight: Weight = 0.3
    """Weight of the loss at intermediate unrolled stages."""
    validation_fraction: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Part of the groups held back, drawn over the whole training area."""
    monitor: Literal["val_loss", "loss"] = "val_loss"
    """History key whose smallest value chooses the kept weights."""
    intensity_scale_trainable: Literal[False] = False
    """An exact gauge (object x 1/c); the reference pipeline keeps it fixed."""


class InferenceConfig(Settings):
    """How patches are predicted and stitched."""

    batch_size: Positive = 64
    """Patches predicted at a time."""
    synchronise_phase: bool = True
    """Give the groups' free global phases common values before they are averaged."""
    min_coverage: Weight = 0.05
    """Pixels below this part of the 90th percentile of the summed weight count as uncovered."""
    refine: Annotated[int, Field(ge=0)] = 0
    """Sweeps of the iterative reference that start from the network's object."""
    iterative_sweeps: Positive = 30
    """Sweeps of the iterative reference that serves as control."""
    iterative_alpha: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Regularisation of the iterative reference: 0.1 is fast on clean data, 1 is calm on measured data."""

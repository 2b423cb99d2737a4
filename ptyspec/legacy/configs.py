"""The upstream system's own configs: every field and default of its three dataclasses (facts 2.1).

They are the other half of its two default systems. Our runs are described by a Scenario; the bridge takes both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ptyspec.contracts.base import Settings
from ptyspec.contracts.scenario import Positive, PowerOfTwo

Count = Positive | None
Weight = Annotated[float, Field(ge=0, le=1, strict=False)]
PathLike = Annotated[Path, Field(strict=False)]
"""Text and path objects mean the same file (TYPE-PATH-001)."""


class UpstreamModel(Settings):
    """ModelConfig."""

    N: Literal[64, 128, 256] = 64
    gridsize: Positive = 1
    n_filters_scale: Positive = 2
    model_type: Literal["pinn", "supervised"] = "pinn"
    architecture: str = "cnn"
    amp_activation: Literal["sigmoid", "swish", "softplus", "relu"] = "sigmoid"
    object_big: bool = True
    probe_big: bool = True
    probe_mask: bool = False
    probe_mask_sigma: float = 1.0
    probe_mask_diameter: Count = None
    pad_object: bool = True
    probe_scale: Annotated[float, Field(gt=0)] = 4.0
    gaussian_smoothing_sigma: float = 0.0


class UpstreamTraining(Settings):
    """TrainingConfig."""

    model: UpstreamModel = UpstreamModel()
    train_data_file: PathLike
    test_data_file: PathLike | None = None
    batch_size: PowerOfTwo = 16
    nepochs: Positive = 50
    mae_weight: Weight = 0.0
    nll_weight: Weight = 1.0
    realspace_mae_weight: Weight = 0.0
    realspace_weight: Weight = 0.0
    nphotons: Annotated[float, Field(gt=0)] = 1e9
    n_groups: Positive = 512
    n_subsample: Count = None
    subsample_seed: int | None = None
    neighbor_count: Positive = 4
    enable_oversampling: bool = False
    neighbor_pool_size: Count = None
    positions_provided: bool = True
    probe_trainable: bool = False
    intensity_scale_trainable: bool = True
    output_dir: PathLike | None = None
    """Its default is not recorded; None leaves the dictionary's own."""
    sequential_sampling: bool = False
    backend: Literal["tensorflow", "pytorch"] = "tensorflow"
    torch_loss_mode: Literal["poisson", "mae"] = "poisson"
    gradient_clip_val: float | None = None
    gradient_clip_algorithm: Literal["norm", "value"] = "norm"
    optimizer: str = "adam"
    scheduler: str = "Default"
    plateau_factor: float = 0.5
    plateau_patience: int = 2
    plateau_min_lr: float = 5e-5
    plateau_threshold: float = 0.0


class UpstreamInference(Settings):
    """InferenceConfig."""

    model: UpstreamModel = UpstreamModel()
    model_path: PathLike
    test_data_file: PathLike
    n_groups: Count = None
    n_subsample: Count = None
    neighbor_count: Positive = 4
    enable_oversampling: bool = False
    debug: bool = False
    output_dir: PathLike | None = None

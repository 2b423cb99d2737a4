"""A scenario: object x probe x scan x dose x split x grouping x model x training x inference x seeds.

Names and defaults of model, training and inference are those of the upstream dataclasses where they agree. A setting
that the reference pipeline does not exercise admits its default alone, so that no value can look effective without
being so."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from ptyspec.contracts.base import Settings

Positive = Annotated[int, Field(gt=0)]
Weight = Annotated[float, Field(ge=0, le=1)]
Share = Annotated[float, Field(gt=0)]


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


class ObjectSpec(Settings):
    """The sample: `measured` stands for a real one, of which the file tells all there is."""

    kind: Literal["lines", "grf", "points", "diagonals", "siemens", "measured"] = "lines"
    size: Positive = 392
    """Side of the object, or of each of its images, pixels."""
    images_train: Positive = 1
    """Objects that a nested lattice scans for training (recorded as nimgs_train: images, not scan points)."""
    images_test: Positive = 1
    """Objects that it scans for the test."""
    gauge: Literal["drawn", "label"] = "drawn"
    """`label`: divided by the mean of the training images' largest amplitudes (recorded as norm_Y_I)."""
    phase: Literal["none", "set_phi", "texture"] = "none"
    """`set_phi`: a function of the amplitude; `texture`: an independent lines pattern."""
    phase_std: Annotated[float, Field(ge=0, le=3)] = 0.5
    """Standard deviation of the phase texture, radians."""


class ProbeSpec(Settings):
    """The illumination."""

    kind: Literal["ideal", "custom", "file", "measured"] = "custom"
    default_probe_scale: Annotated[float, Field(gt=0)] = 0.7
    modes: Annotated[tuple[Share, ...], Field(strict=False, min_length=1, max_length=8)] = (1.0,)
    """Powers of a simulated probe's incoherent modes, in any unit: [0.7, 0.3] are two modes with 70 and 30 %."""
    path: str = ""
    """File whose probe a simulation uses as it is (kind `file`), or that replaces the one stored with a measured scan."""
    sha256: str = ""
    refine_sweeps: Annotated[int, Field(ge=0)] = 0
    """Sweeps that refine a measured scan's probe before anything else; its energy, hence the gauge, is kept."""


class ScanSpec(Settings):
    """Where frames are taken; `measured` names the file they were read from."""

    kind: Literal["random", "grid", "nested", "measured"] = "random"
    """`nested`: groups of gridsize x gridsize frames on a lattice of their own, on each of the object's images."""
    n_images: Positive = 2000
    """Frames; of a nested lattice at most, in the middle of each image: it has no more than fit."""
    buffer: Annotated[int, Field(ge=0)] = 10
    """Positions keep this distance from the object's edge, pixels (random and grid)."""
    step: Annotated[float, Field(gt=0)] = 8.0
    """Lattice constant of a grid scan, pixels."""
    offset: Positive = 4
    """Distance of neighbouring frames in a group of a nested lattice, pixels."""
    outer_offset_train: Positive = 8
    """Distance of neighbouring groups of a nested lattice on training images, pixels."""
    outer_offset_test: Positive = 20
    """The same on test images."""
    jitter: Annotated[float, Field(ge=0)] = 3.0
    """Largest random displacement of a position on a lattice (grid, nested), pixels."""
    path: str = ""
    sha256: str = ""
    measurement: Literal["declared", "amplitude", "counts"] = "declared"
    """What a measured file holds, where the file does not say so itself."""
    hot_pixels: Literal["find", "keep"] = "find"
    """Pixels of a measured scan that are hot, constant or dead: masked, or kept."""
    drop_frames: str = "auto"
    """Frames of a measured scan that are left out: auto (out of family), none, or rows such as 3,17."""
    centre: str = "keep"
    """Zero frequency of a measured scan: keep (the middle), auto (found beside the probe), or column,row."""
    orientation: str = "as-is"
    """Orientation of measured positions: as-is, auto, or x, y, xy, swap, swap-x, swap-y, swap-xy."""
    accept: str = ""
    """Clauses of a measured scan (SCAN-...) that may be broken, separated by commas."""
    positions: str = ""
    """A second file with a measured scan's positions: a ptychodus or pty-chi product, .npy, .npz or a table of text."""
    positions_sha256: str = ""
    units: Literal["", "px", "m", "mm", "um", "nm", "A", "pm"] = ""
    """Unit of a measured scan's positions, whatever the file says of it; px are object pixels."""
    raster_shape: str = ""
    """ROWSxCOLUMNS of a measured scan on a raster, the column fastest; a datacube knows its own."""
    raster_step: str = ""
    """Step of that raster, such as 5px or 0.4nm."""
    object_pixel: str = ""
    """Size of an object pixel, such as 20nm, where a measured file gives none."""
    particle: Literal["", "photon", "electron"] = ""
    """What has the energy that a measured file states; from 30 keV on it must be known."""


class DoseSpec(Settings):
    """Photons."""

    nphotons: Annotated[float, Field(gt=0)] = 1e9
    """Mean photons a frame."""
    noise: Literal["poisson", "none", "measured"] = "poisson"


class SplitSpec(Settings):
    """How frames are divided; `none` trains and reconstructs on the whole scan (no truth to hold out)."""

    kind: Literal["spatial", "random", "image", "none"] = "spatial"
    """`image`: the first object.images_train images of the scan train, all frames of the others test."""
    fraction: Annotated[float, Field(gt=0, lt=1)] = 0.5
    """Part of the frames that train (spatial and random)."""


class GroupingSpec(Settings):
    """How overlapping groups are formed (C = gridsize^2 members)."""

    kind: Literal["nearest", "lattice"] = "nearest"
    """`lattice`: the groups that a nested lattice was laid down in, at most n_groups of them."""
    n_groups: Positive = 512
    neighbor_count: Positive = 4
    """K: the seed frame is joined by C - 1 of its K nearest others."""
    enable_oversampling: bool = False


class Seeds(Settings):
    """One seed for each source of randomness."""

    object: Annotated[int, Field(ge=0)] = 42
    probe: Annotated[int, Field(ge=0)] = 1084
    scan: Annotated[int, Field(ge=0)] = 42
    noise: Annotated[int, Field(ge=0)] = 42
    split: Annotated[int, Field(ge=0)] = 42
    grouping: Annotated[int, Field(ge=0)] = 42
    training: Annotated[int, Field(ge=0)] = 42


class Scenario(Settings):
    """Everything that determines a run; equal scenarios give equal objects."""

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")
    description: str = ""
    object: ObjectSpec = ObjectSpec()
    probe: ProbeSpec = ProbeSpec()
    scan: ScanSpec = ScanSpec()
    dose: DoseSpec = DoseSpec()
    split: SplitSpec = SplitSpec()
    grouping: GroupingSpec = GroupingSpec()
    # Its mask diameter follows from N.
    model: ModelConfig = Field(default=ModelConfig(), validate_default=True)
    training: TrainingConfig = TrainingConfig()
    inference: InferenceConfig = InferenceConfig()
    seeds: Seeds = Seeds()

    @field_validator("model")
    @classmethod
    def _resolve_mask(cls, model: ModelConfig) -> ModelConfig:
        if model.probe_mask_diameter is None:
            return model.model_copy(update={"probe_mask_diameter": model.N // 2})
        return model

    @model_validator(mode="after")
    def _consistent(self) -> "Scenario":
        kinds = (self.object.kind, self.probe.kind, self.scan.kind)
        if len({kind == "measured" for kind in kinds}) != 1:
            raise ValueError(
                "object.kind, probe.kind and scan.kind are all 'measured' or none of them"
            )
        if self.probe.kind == "file" and not self.probe.path:
            raise ValueError("probe.kind is 'file' but probe.path names none")
        if len(self.probe.modes) > 1 and self.probe.kind not in ("ideal", "custom"):
            raise ValueError(
                f"probe.modes are made for a simulated probe, but probe.kind is {self.probe.kind!r}: "
                f"a file holds its modes itself, as an array (K, N, N)"
            )
        if self.training.monitor == "val_loss" and self.training.validation_fraction == 0:
            raise ValueError(
                "training.monitor is val_loss but training.validation_fraction is 0: nothing to monitor"
            )
        if self.scan.kind == "nested" and self.split.kind != "image":
            raise ValueError(
                f"scan.kind 'nested' scans images of their own for the test: split.kind is "
                f"{self.split.kind!r}, set it to image"
            )
        if self.grouping.kind == "lattice" and self.grouping.enable_oversampling:
            raise ValueError(
                "grouping.enable_oversampling is on, but a lattice has its groups and no others: "
                "switch it off or set grouping.kind to nearest"
            )
        return self

    @property
    def measured(self) -> bool:
        """True where the data come from a file and nothing is simulated."""
        return self.scan.kind == "measured"

    @property
    def members(self) -> int:
        """C, members of a group."""
        return int(self.model.gridsize**2)

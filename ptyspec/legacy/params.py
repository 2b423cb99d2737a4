"""The two default systems of upstream: the dictionary that legacy code reads at call time, and its configs' dataclasses.

Importing this module creates no dictionary. `Parameters()` is a fresh one, and `shared()` the one of this process,
which exists from its first use on. A seal refuses writes (upstream's only warns, PARAM-003).
The configs hold every field and default of upstream's own (facts 2.1). Our runs are described by a Scenario; the bridge
takes both.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from ptyspec.contracts.base import Settings
from ptyspec.contracts.scenario import Positive, PowerOfTwo
from ptyspec.errors import ConfigError

Branch = Literal["main", "dose"]
RUN_TIME = frozenset({"intensity_scale", "probe", "timestamp"})
"""Keys that stages write while they run, sealed or not."""


class SealedError(ConfigError):
    """A sealed dictionary was written to."""


def legacy_defaults(branch: Branch = "main") -> dict[str, Any]:
    """Return a fresh dictionary of every key with its default, as recorded upstream (facts 2.2)."""
    values: dict[str, Any] = {
        # geometry of patches and groups
        "N": 128,
        "offset": 4,
        "gridsize": 2,
        "outer_offset_train": None,
        "outer_offset_test": None,
        "big_gridsize": 10,
        "max_position_jitter": 10,
        "sim_jitter_scale": 0.0,
        "size": 392,
        "positions.provided": False,
        # data
        "data_source": "generic",
        "nimgs_train": 9,
        "nimgs_test": 3,
        "nphotons": 1e9,
        "set_phi": False,
        "npseed": 42,
        # probe and object
        "default_probe_scale": 0.7,
        "probe_scale": 10.0,
        "probe.trainable": False,
        "probe.big": False,
        "probe.mask": True,
        "object.big": True,
        "pad_object": True,
        "gaussian_smoothing_sigma": 0.0,
        # network and training
        "model_type": "pinn",
        "n_filters_scale": 2,
        "amp_activation": "sigmoid",
        "batch_size": 16,
        "nepochs": 60,
        "intensity_scale.trainable": False,
        "mae_weight": 0,
        "nll_weight": 1,
        "tv_weight": 0,
        "realspace_mae_weight": 0,
        "realspace_weight": 0,
        "use_xla_translate": True,
        # output
        "output_prefix": "outputs",
        "label": "",
        "h5_path": "wts.h5",
        "debug": True,
    }
    return values | ({"N": 64, "data_source": "lines"} if branch == "dose" else {})


class Parameters(MutableMapping[str, Any]):
    """A legacy dictionary. Once sealed, only RUN_TIME keys may change; writing what is there already is no change.

    A built-in dictionary has ways in that pass `__setitem__` by (`|=`), and so has UserDict: it has none.
    """

    def __init__(self, branch: Branch = "main") -> None:
        self._values = legacy_defaults(branch)
        self._sealed = False

    @property
    def sealed(self) -> bool:
        """True once `seal` was called."""
        return self._sealed

    def seal(self) -> None:
        """Refuse every later change; raises SealedError from there on."""
        self._sealed = True

    def __getitem__(self, key: str) -> Any:
        return self._values[key]

    def __setitem__(self, key: str, value: Any) -> None:
        if self._sealed and key not in RUN_TIME and not (key in self and self[key] == value):
            raise _sealed(key, value)
        self._values[key] = value

    def __delitem__(self, key: str) -> None:
        if self._sealed and key not in RUN_TIME:
            raise _sealed(key, None)
        del self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@cache
def shared() -> Parameters:
    """Return this process's dictionary, made at the first call: what legacy code calls `cfg`."""
    return Parameters()


@dataclass(frozen=True)
class Sizes:
    """Sides of the arrays inside the legacy model, pixels."""

    bigN: int  # noqa: N815  # the dictionary's own name
    """Area that a group's members cover on their lattice."""
    padding: int
    """What the canvas holds beyond one patch."""
    padded: int
    """Side of the canvas: bigN and room for jitter."""


def derived_sizes(values: Mapping[str, Any]) -> Sizes:
    """Return the sizes that follow from N, gridsize, offset and max_position_jitter (facts 2.2)."""
    spread, jitter = (values["gridsize"] - 1) * values["offset"], values["max_position_jitter"]
    return Sizes(values["N"] + spread, spread + jitter, values["N"] + spread + jitter)


def validate(values: Mapping[str, Any]) -> None:
    """Raise ConfigError for values that no stage can use, or that would be without effect."""
    sources = "V, diagonals, experimental, generic, grf, lines, points, testimg, xpp"
    source, size, whole = (values[key] for key in ("data_source", "N", "realspace_weight"))
    parts = ("realspace_mae_weight", "tv_weight")
    active = [name for name in parts if values[name] > 0]
    part, both = active[0] if active else "", f"set {' or '.join(parts)}"
    bins = "crop or bin the frames (PARAMS-N-DIV4-001)"
    multiply = "set realspace_weight, which multiplies it"
    rows = (
        ("data_source", source in sources.split(", "), sources, "name one of these"),
        ("N", size >= 4 and size % 4 == 0, "a positive multiple of 4", bins),
        ("gridsize", values["gridsize"] >= 1, ">= 1", "1 for single frames"),
        (part, not active or whole > 0, "0 where realspace_weight is 0", multiply),
        ("realspace_weight", not whole > 0 or active, "0 where all its parts are 0", both),
    )
    for key, fine, limit, step in rows:
        if not fine:
            what, held = f"the legacy dictionary's {key} cannot be used", "legacy dictionary"
            raise ConfigError(what, value=values[key], limit=limit, source=held, next_step=step)


def _sealed(key: str, value: object) -> SealedError:
    what = f"the legacy dictionary is sealed; {key} cannot change"
    step = "bridge the config before sealing"
    limit = f"only {', '.join(sorted(RUN_TIME))} may"
    return SealedError(what, value=value, limit=limit, source="legacy dictionary", next_step=step)


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

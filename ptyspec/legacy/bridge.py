"""The bridge: a config becomes entries of the legacy dictionary, and a dictionary that differs from it is refused.

Guarantees (specs/spec-config-bridge.md): every setting arrives under one name (BRIDGE-001); None takes the entry back
to its default, so that no stale value survives (BRIDGE-002); a stage whose dictionary differs from its config refuses
to start (CONFIG-001).
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from ptyspec.contracts.resolve import flatten
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import ConfigError
from ptyspec.legacy.configs import UpstreamInference, UpstreamTraining
from ptyspec.legacy.params import Parameters, SealedError, legacy_defaults

Config = Scenario | UpstreamTraining | UpstreamInference
SYNC = "ptyspec.legacy.bridge.update_legacy_dict(cfg, config)"
WRITE = "run the stage normalize on these data, which writes the entries that go with them"

UPSTREAM_NAMES = {
    "object_big": "object.big",
    "probe_big": "probe.big",
    "probe_mask": "probe.mask",
    "probe_trainable": "probe.trainable",
    "intensity_scale_trainable": "intensity_scale.trainable",
    "positions_provided": "positions.provided",
    "output_dir": "output_prefix",
    "train_data_file": "train_data_file_path",
    "test_data_file": "test_data_file_path",
}
"""Fields that legacy code knows under another name; every other field keeps its own (facts 2.3)."""

SCENARIO_NAMES = {
    **{
        f"model.{name}": UPSTREAM_NAMES.get(name, name)
        for name in (
            "N",
            "gridsize",
            "architecture",
            "n_filters_scale",
            "amp_activation",
            "object_big",
            "probe_big",
            "probe_mask",
            "probe_mask_diameter",
            "probe_scale",
        )
    },
    **{
        f"training.{name}": UPSTREAM_NAMES.get(name, name)
        for name in ("batch_size", "nepochs", "intensity_scale_trainable")
    },
    **{f"grouping.{name}": name for name in ("n_groups", "neighbor_count", "enable_oversampling")},
    "name": "label",
    "dose.nphotons": "nphotons",
    "object.size": "size",
    "probe.default_probe_scale": "default_probe_scale",
    "seeds.object": "npseed",
    "scan.path": "train_data_file_path",
    "scan.offset": "offset",
    "scan.outer_offset_train": "outer_offset_train",
    "scan.outer_offset_test": "outer_offset_test",
    "object.images_train": "nimgs_train",
    "object.images_test": "nimgs_test",
}
"""Settings of a scenario that legacy code knows; every other one keeps its dotted key, so that nothing is lost."""
SOURCES = {"measured": "experimental", "siemens": "generic"}
"""Kinds of object that legacy code calls otherwise."""
LOSS_WEIGHTS = {
    "poisson": {"mae_weight": 0, "nll_weight": 1},
    "mae": {"mae_weight": 1, "nll_weight": 0},
}
"""A loss, as legacy code is told of it."""


class _Absent:
    """What an entry is that the dictionary does not hold."""

    def __repr__(self) -> str:
        return "nothing"


ABSENT = _Absent()


@dataclass(frozen=True)
class StaleKey:
    """One entry of the dictionary that is not what the config says."""

    key: str
    held: object
    wanted: object
    place: str = "config"
    """Where the other value stands: in the config, or in the data that a stage was handed."""

    def __str__(self) -> str:
        return f"{self.key}: {self.held!r} in the dictionary, {self.wanted!r} in the {self.place}"


class ConfigSyncError(ConfigError):
    """A stage was to run on a dictionary that differs from its config; `stale` lists the entries, `stage` refused."""

    def __init__(self, stale: tuple[StaleKey, ...], stage: str) -> None:
        where = f"stage {stage} refuses: " if stage else ""
        places = sorted({entry.place for entry in stale})
        calls = {"config": f"call {SYNC} before the stage"}
        super().__init__(
            f"{where}the legacy dictionary differs from the {' and the '.join(places)} in {len(stale)} of its keys (CONFIG-001)",
            value="; ".join(map(str, stale)),
            limit=f"equal in every key of the {' and the '.join(places)}",
            source="legacy dictionary",
            next_step=", and ".join(calls.get(place, WRITE) for place in places),
        )
        self.stale, self.stage = stale, stage


def entries(config: Config) -> dict[str, Any]:
    """Return what the dictionary holds for this config, by legacy name; None means "the default, else no entry".

    Paths are text. Raises nothing: every field of every config has a place.
    """
    if isinstance(config, Scenario):
        values = {
            SCENARIO_NAMES.get(key, key): value for key, value in flatten(config.model_dump())
        }
        kind = config.object.kind
        values |= {
            "data_source": SOURCES.get(kind, kind),
            "set_phi": config.object.phase == "set_phi",
        }
        values |= LOSS_WEIGHTS[config.training.loss]
        return values | {"train_data_file_path": config.scan.path or None}
    fields = config.model_dump()
    flat = {**fields.pop("model"), **fields}
    return {UPSTREAM_NAMES.get(key, key): _plain(value) for key, value in flat.items()}


def update_legacy_dict(cfg: MutableMapping[str, Any], config: Config) -> None:
    """Make every entry of `cfg` that the config knows say what the config says; leave all others alone.

    A field that is None takes its entry back to the default, or out of the dictionary where it has none. All or
    nothing: raises SealedError before the first write where a sealed dictionary would change.
    """
    wanted = entries(config)
    changes = stale_keys(cfg, config)
    if isinstance(cfg, Parameters) and cfg.sealed and changes:
        raise SealedError(
            "the legacy dictionary is sealed and differs from the config",
            value="; ".join(map(str, changes)),
            source="legacy dictionary",
            next_step=f"call {SYNC} before sealing",
        )
    for key in (change.key for change in changes):
        value = effective(key, wanted[key])
        if value is ABSENT:
            del cfg[key]
        else:
            cfg[key] = value


def stale_keys(cfg: Mapping[str, Any], config: Config) -> tuple[StaleKey, ...]:
    """Return every entry in which the dictionary differs from the config: first those that it holds, then the others."""
    pairs = (
        (key, cfg.get(key, ABSENT), effective(key, value)) for key, value in entries(config).items()
    )
    found = [StaleKey(key, held, wanted) for key, held, wanted in pairs if not _same(held, wanted)]
    return tuple(sorted(found, key=lambda entry: entry.held is ABSENT))


def check_synchronised(cfg: Mapping[str, Any], config: Config, stage: str = "") -> None:
    """Raise ConfigSyncError, which lists every stale key, unless the dictionary says what the config says.

    What a stage that is fed from the dictionary calls first (CONFIG-001); `stage` is its name.
    """
    stale = stale_keys(cfg, config)
    if stale:
        raise ConfigSyncError(stale, stage)


def effective(key: str, value: object) -> object:
    """Return what an entry holds for this value: for None the legacy default, ABSENT where there is none."""
    return legacy_defaults().get(key, ABSENT) if value is None else value


def _same(first: object, second: object) -> bool:
    """Equal in value, and neither a truth value where the other is a number (True == 1 in Python)."""
    return isinstance(first, bool) == isinstance(second, bool) and first == second


def _plain(value: object) -> object:
    return str(value) if isinstance(value, PurePath) else value

"""The bridge and its inverse: a config becomes entries of the legacy dictionary, a dictionary a scenario.

Guarantees (specs/spec-config-bridge.md): every setting arrives under one name (BRIDGE-001); None takes the entry back
to its default, so that no stale value survives (BRIDGE-002); a stage whose dictionary differs from its config refuses
to start (CONFIG-001); a bridged scenario comes back as it was (BRIDGE-008); a dictionary from which no scenario follows
is refused by key, value and limit, never corrected (BRIDGE-009).
"""

import difflib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, get_args

from pydantic import ValidationError

from ptyspec.contracts.resolve import Resolved, flatten, known_keys, nest
from ptyspec.contracts.scenario import ObjectSpec, Scenario
from ptyspec.errors import ConfigError
from ptyspec.legacy.params import (
    Parameters,
    SealedError,
    UpstreamInference,
    UpstreamTraining,
    legacy_defaults,
)

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
        f"{section}.{name}": UPSTREAM_NAMES.get(name, name)
        for section, names in {
            "model": "N gridsize architecture n_filters_scale amp_activation object_big probe_big "
            "probe_mask probe_mask_diameter probe_scale",
            "training": "batch_size nepochs intensity_scale_trainable",
            "grouping": "n_groups neighbor_count enable_oversampling",
        }.items()
        for name in names.split()
    },
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
        values = {name_of(key): value for key, value in flatten(config.model_dump())}
        kind = config.object.kind
        values["data_source"] = SOURCES.get(kind, kind)
        values["set_phi"] = config.object.phase == "set_phi"
        values["train_data_file_path"] = config.scan.path or None
        return values | LOSS_WEIGHTS[config.training.loss]
    fields = config.model_dump()
    flat = {**fields.pop("model"), **fields}
    return {UPSTREAM_NAMES.get(key, key): _plain(value) for key, value in flat.items()}


def update_legacy_dict(cfg: MutableMapping[str, Any], config: Config) -> None:
    """Make every entry of `cfg` that the config knows say what the config says; leave all others alone.

    A field that is None takes its entry back to the default, or out of the dictionary where it has none. All or
    nothing: raises SealedError before the first write where a sealed dictionary would change.
    """
    changes = stale_keys(cfg, config)
    if isinstance(cfg, Parameters) and cfg.sealed and changes:
        what = "the legacy dictionary is sealed and differs from the config"
        step = f"call {SYNC} before sealing"
        value = "; ".join(map(str, changes))
        raise SealedError(what, value=value, source="legacy dictionary", next_step=step)
    for change in changes:
        if change.wanted is ABSENT:
            del cfg[change.key]
        else:
            cfg[change.key] = change.wanted


def stale_keys(cfg: Mapping[str, Any], config: Config) -> tuple[StaleKey, ...]:
    """Return every entry in which the dictionary differs from the config: first those that it holds, then the others."""
    found = []
    for key, value in entries(config).items():
        held, wanted = cfg.get(key, ABSENT), effective(key, value)
        # A truth value is not the number that equals it (True == 1 in Python).
        if isinstance(held, bool) != isinstance(wanted, bool) or held != wanted:
            found.append(StaleKey(key, held, wanted))
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


def _plain(value: object) -> object:
    return str(value) if isinstance(value, PurePath) else value


SOURCE = "legacy dictionary"
UNSERVED = (
    "model_type",
    "probe.trainable",
    "gaussian_smoothing_sigma",
    "realspace_weight",
    "realspace_mae_weight",
    "tv_weight",
)
"""Entries that change what legacy code computes and that no stage of this project acts on: the default or nothing."""


def scenario_of(cfg: Mapping[str, Any]) -> Scenario:
    """Return the scenario that the dictionary means; raises ConfigError where it means none."""
    return resolved_of(cfg).scenario


def resolved_of(cfg: Mapping[str, Any]) -> Resolved:
    """Return the scenario that the dictionary means, each value with its source: the dictionary, or a default.

    Where an entry of legacy code and one under this project's own key disagree (data_source and object.kind, set_phi
    and object.phase, the loss weights and training.loss), legacy code's is meant, because legacy code reads no other.
    An entry that is absent or None means the legacy default, else this project's. Raises ConfigError naming key,
    value and limit.
    """
    _check_keys(cfg)
    _check_served(cfg)
    said = {key: value for key in known_keys() if (value := _said(cfg, name_of(key))) is not ABSENT}
    said |= _object(cfg, said) | {"training.loss": _loss(cfg), "name": said["name"] or "legacy"}
    try:
        scenario = Scenario.model_validate(nest(said))
    except ValidationError as error:
        first = error.errors()[0]
        setting = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
        key = name_of(setting)
        if setting:
            raise _refused(key, _said(cfg, key), first["msg"]) from None
        what = "the legacy dictionary means no scenario"
        step = "correct the entries that the limit names, or bridge a scenario"
        raise ConfigError(what, limit=first["msg"], source=SOURCE, next_step=step) from None
    sources = {
        key: "legacy default" if key in said else "default"
        for key, _ in flatten(scenario.model_dump())
    }
    sources |= {key: SOURCE for key in sources if cfg.get(name_of(key)) is not None}
    return Resolved(scenario, sources)


def name_of(setting: str) -> str:
    """Return the dictionary's key for a setting of a scenario: the name that legacy code reads, else its own."""
    return SCENARIO_NAMES.get(setting, setting)


def _said(cfg: Mapping[str, Any], key: str) -> Any:
    value = effective(key, cfg.get(key))
    # Some of legacy code's own defaults are None: nothing was said.
    return ABSENT if value is None else value


def _object(cfg: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Kind and phase of the object, from the entries that legacy code reads."""
    source, set_phi = _said(cfg, "data_source"), _said(cfg, "set_phi")
    kinds = get_args(ObjectSpec.model_fields["kind"].annotation)
    sources = {kind: SOURCES.get(kind, kind) for kind in kinds}
    if source not in sources.values():
        raise _refused("data_source", source, ", ".join(sorted(sources.values())))
    if not isinstance(set_phi, bool):
        raise _refused("set_phi", set_phi, "True or False")
    kind, phase = said.get("object.kind"), said.get("object.phase", "none")
    if kind is None or sources.get(kind, source) != source:
        kind = next(kind for kind in kinds if sources[kind] == source)
    if set_phi != (phase == "set_phi"):
        phase = "set_phi" if set_phi else "none"
    return {"object.kind": kind, "object.phase": phase}


def _loss(cfg: Mapping[str, Any]) -> str:
    """The loss of which legacy code's two weights speak; a mixture is none of ours."""
    weights = {name: _said(cfg, name) for name in ("mae_weight", "nll_weight")}
    for loss, wanted in LOSS_WEIGHTS.items():
        if weights == wanted:
            return loss
    said = ", ".join(f"{name} {value!r}" for name, value in weights.items())
    raise _refused("mae_weight, nll_weight", said, "1 for one of them and 0 for the other")


def _check_served(cfg: Mapping[str, Any]) -> None:
    for key in UNSERVED:
        value, limit = _said(cfg, key), legacy_defaults()[key]
        if value != limit:
            raise _refused(key, value, f"{limit!r}: no stage acts on another value")


def _check_keys(cfg: Mapping[str, Any]) -> None:
    """Refuse an entry that looks like a setting and that nobody reads; entries of other kinds are not ours to judge."""
    known = known_keys()
    sections = {key.partition(".")[0] for key in known if "." in key}
    read = {name_of(key) for key in known} | set(legacy_defaults()) | set(UPSTREAM_NAMES.values())
    for key in cfg:
        if "." not in key or key.partition(".")[0] not in sections or key in read:
            continue
        near = [name_of(key)]
        if key not in SCENARIO_NAMES:
            near = difflib.get_close_matches(key, sorted(read), n=1)
        advice = f"did you mean {near[0]}?" if near else "remove it"
        raise _refused(key, cfg[key], "a key that a stage reads", advice)


def _refused(key: str, value: object, limit: str, next_step: str = "") -> ConfigError:
    what = f"the legacy dictionary's {key} cannot be used"
    step = next_step or "correct the entry, or bridge a scenario"
    return ConfigError(what, value=repr(value), limit=limit, source=SOURCE, next_step=step)

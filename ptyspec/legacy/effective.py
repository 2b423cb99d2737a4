"""What a dictionary means: the scenario that the stages run when they are fed from it, the inverse of `bridge.entries`.

Guarantees (specs/spec-config-bridge.md): a bridged scenario comes back as it was (BRIDGE-008); a dictionary from which
no scenario follows is refused by key, value and limit, never corrected (BRIDGE-009).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, get_args

from pydantic import ValidationError

from ptyspec.contracts.resolve import Resolved, flatten, known_keys, nest
from ptyspec.contracts.scenario import ObjectSpec, Scenario
from ptyspec.errors import ConfigError
from ptyspec.legacy.bridge import (
    ABSENT,
    LOSS_WEIGHTS,
    SCENARIO_NAMES,
    SOURCES,
    UPSTREAM_NAMES,
    effective,
)
from ptyspec.legacy.params import legacy_defaults

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
UNNAMED = "legacy"
"""Name of a scenario whose dictionary has an empty label."""


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
    said |= _object(cfg, said) | {"training.loss": _loss(cfg), "name": said["name"] or UNNAMED}
    try:
        scenario = Scenario.model_validate(nest(said))
    except ValidationError as error:
        raise _readable(error, cfg) from None
    sources = {key: _source(cfg, key, said) for key, _ in flatten(scenario.model_dump())}
    return Resolved(scenario, sources)


def name_of(setting: str) -> str:
    """Return the dictionary's key for a setting of a scenario: the name that legacy code reads, else its own."""
    return SCENARIO_NAMES.get(setting, setting)


def _said(cfg: Mapping[str, Any], key: str) -> Any:
    value = effective(key, cfg.get(key))
    return (
        ABSENT if value is None else value
    )  # some of legacy code's own defaults are None: nothing was said


def _source(cfg: Mapping[str, Any], setting: str, said: Mapping[str, Any]) -> str:
    if cfg.get(name_of(setting)) is not None:
        return SOURCE
    return "legacy default" if setting in said else "default"


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
        near = (
            [SCENARIO_NAMES[key]]
            if key in SCENARIO_NAMES
            else difflib.get_close_matches(key, sorted(read), n=1)
        )
        raise _refused(
            key,
            cfg[key],
            "a key that a stage reads",
            f"did you mean {near[0]}?" if near else "remove it",
        )


def _readable(error: ValidationError, cfg: Mapping[str, Any]) -> ConfigError:
    first = error.errors()[0]
    setting = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
    if not setting:
        return ConfigError(
            "the legacy dictionary means no scenario",
            limit=first["msg"],
            source=SOURCE,
            next_step="correct the entries that the limit names, or bridge a scenario",
        )
    key = name_of(setting)
    return _refused(key, _said(cfg, key), first["msg"])


def _refused(key: str, value: object, limit: str, next_step: str = "") -> ConfigError:
    return ConfigError(
        f"the legacy dictionary's {key} cannot be used",
        value=repr(value),
        limit=limit,
        source=SOURCE,
        next_step=next_step or "correct the entry, or bridge a scenario",
    )

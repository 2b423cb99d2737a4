"""From layers of settings to one Scenario in which every value knows where it came from (CONFIG-001).

A later layer overrides an earlier one key by key; a null means "not set here" and never overrides, so that no
stale or default value is displaced by nothing.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from ptyspec.contracts.records import ScenarioFile, Setting
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import ConfigError


@dataclass(frozen=True)
class Layer:
    """Settings from one source, nested as in a scenario file."""

    source: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Resolved:
    """A scenario and, for every dotted key, the source of its effective value."""

    scenario: Scenario
    provenance: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """Return the content of scenario.json: each value beside its provenance."""
        values = flatten(self.scenario.model_dump(mode="json"))
        said = self.provenance
        rows = {key: Setting(value=v, source=said.get(key, "default")) for key, v in values}
        return ScenarioFile(name=self.scenario.name, values=rows).model_dump(mode="json")


def flatten(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted key, value) for every leaf."""
    for key, value in values.items():
        dotted = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from flatten(value, f"{dotted}.")
        else:
            yield dotted, value


def nest(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return the nested form of dotted keys."""
    out: dict[str, Any] = {}
    for dotted, value in flat.items():
        node = out
        *parents, last = dotted.split(".")
        for name in parents:
            node = node.setdefault(name, {})
            if not isinstance(node, dict):
                message, step = f"{dotted} reaches into a plain value", "see `ptyspec scenarios`"
                raise ConfigError(message, value=dotted, next_step=step)
        node[last] = value
    return out


def known_keys(model: type[BaseModel] = Scenario, prefix: str = "") -> list[str]:
    """Return every dotted key a scenario can set."""
    keys: list[str] = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            keys += known_keys(kind, f"{prefix}{name}.")
        else:
            keys.append(f"{prefix}{name}")
    return keys


def resolve(layers: Sequence[Layer]) -> Resolved:
    """Return the scenario that the layers make together, later ones first in rank.

    Raises ConfigError naming the key, its value, its source and the nearest known key.
    """
    allowed = known_keys()
    flat: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for layer in layers:
        for key, value in flatten(layer.values):
            if value is None and any(known.startswith(f"{key}.") for known in allowed):
                continue  # a section with nothing in it
            if key not in allowed:
                near = difflib.get_close_matches(key, allowed, n=1)
                listed = "keys are listed by `ptyspec scenarios --keys`"
                step, what = f"did you mean {near[0]}?" if near else listed, f"unknown key {key}"
                raise ConfigError(what, value=value, source=layer.source, next_step=step)
            if value is not None:
                flat[key], sources[key] = value, layer.source
    try:
        scenario = Scenario.model_validate(nest(flat))
    except ValidationError as error:
        raise _readable(error, sources) from None
    values = dict(flatten(scenario.model_dump()))
    if empty := ", ".join(key for key, value in values.items() if value is None):
        message = "settings without a value after resolution"
        raise ConfigError(message, value=empty, next_step="set them")
    return Resolved(scenario, {key: sources.get(key, "default") for key in values})


def _readable(error: ValidationError, sources: Mapping[str, str]) -> ConfigError:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    more = error.error_count() - 1
    return ConfigError(
        f"{key or 'scenario'}: {first['msg']}" + (f" (and {more} more)" if more else ""),
        value=first.get("input") if key else None,
        source=sources.get(key, "default" if key else None),
        next_step="correct the value; `ptyspec scenarios --keys` lists every key with its default",
    )

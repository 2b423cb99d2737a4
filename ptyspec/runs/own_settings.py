"""A pipeline's own settings: its dictionary, from a file or from Python, and the environment variables it asks for."""

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ptyspec.contracts.resolve import nest
from ptyspec.errors import ConfigError, InputFileError
from ptyspec.runs.pipelines import is_box
from ptyspec.runs.remote import Remote

ENVIRONMENT = "environment"
"""The section of a settings file that holds environment variables: a mapping of names."""
FORMS = {".json": "JSON", ".yaml": "YAML", ".yml": "YAML"}


class _Loader(yaml.SafeLoader):
    """YAML 1.1 reads 1e-3 as text, and its writer meant a number; a quoted one stays text."""


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
    list("-+.0123456789"),
)


@dataclass(frozen=True)
class OwnSettings:
    """What a pipeline is asked with: its own settings, and the environment variables around the call."""

    settings: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str | None] = field(default_factory=dict)


def read_own(source: Path | str | Mapping[str, Any]) -> dict[str, Any]:
    """Return the dictionary of a YAML or JSON file, or a copy of a dictionary.

    Raises InputFileError for a file that cannot be read, ConfigError for one that holds no mapping.
    """
    if isinstance(source, Mapping):
        return copy.deepcopy(dict(source))
    path = Path(str(source))
    form = FORMS.get(path.suffix.lower())
    step = "a settings file is a YAML or JSON file that holds a mapping, such as `beta: 0.9`"
    if form is None:
        what, limit = "this is no settings file", ", ".join(FORMS)
        raise InputFileError(what, value=source, limit=limit, source="--pipeline", next_step=step)
    try:
        text = path.read_text(encoding="utf-8")
        # A subclass of SafeLoader: it makes plain values alone.
        values = json.loads(text) if form == "JSON" else yaml.load(text, _Loader)
    except (OSError, ValueError, yaml.YAMLError) as error:
        what = "the settings file cannot be read"
        raise InputFileError(what, value=error, source=path, next_step=step) from error
    if not isinstance(values, dict):
        what, kind = "a settings file holds a mapping", type(values).__name__
        raise ConfigError(what, value=kind, limit="a mapping", source=path, next_step=step)
    return values


def read_word(word: str) -> dict[str, Any]:
    """Return the dictionary that `=FILE` or `.KEY=VALUE` means, KEY a dotted path; raises ConfigError for anything else."""
    key, _, value = word.partition("=")
    if not key:
        return read_own(value)
    try:
        return nest({key.removeprefix("."): yaml.load(value, _Loader)})
    except yaml.YAMLError as error:
        what = "the value of a pipeline's own setting cannot be read"
        raise ConfigError(what, value=word, source="own", next_step="quote it") from error


def declared(pipeline: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a pipeline is asked with: what it declares in `settings`, with these values on top."""
    own: Any = getattr(pipeline, "settings", None)
    return over(own or {}, values)


def own_settings(values: Mapping[str, Any]) -> OwnSettings:
    """Return settings and environment variables: the section `environment`, where it is a mapping, is taken out.

    Raises ConfigError for a variable that is neither text, number nor null.
    """
    asked = values.get(ENVIRONMENT)
    if not isinstance(asked, Mapping):
        return OwnSettings(dict(values))
    for name, value in asked.items():
        if not isinstance(name, str) or not isinstance(value, str | int | float | None):
            what, step = "an environment variable is text", "write NAME: 'text', or null to unset"
            told, limit = f"{name}: {value}", "text, a number, or null"
            raise ConfigError(what, value=told, limit=limit, source=ENVIRONMENT, next_step=step)
    rest = {key: value for key, value in values.items() if key != ENVIRONMENT}
    return OwnSettings(rest, {name: None if it is None else str(it) for name, it in asked.items()})


def over(below: Mapping[Any, Any], above: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return one dictionary on top of another, section by section; a null is a value."""
    merged = copy.deepcopy(dict(below))
    for key, value in above.items():
        inner = merged.get(key)
        if isinstance(inner, Mapping) and isinstance(value, Mapping):
            merged[key] = over(inner, value)
        else:
            merged[key] = copy.deepcopy(value)
    return merged


class Asked:
    """A black box that is asked with other settings; everything else is its own."""

    def __init__(self, pipeline: Any, settings: Mapping[str, Any]) -> None:
        self.pipeline, self.settings = pipeline, settings
        self.reconstruct = getattr(pipeline, "reconstruct", pipeline)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.pipeline, name)


def with_own(pipeline: Any, settings: Mapping[str, Any]) -> Any:
    """Return a pipeline with these settings; the given one stays as it is.

    Stages find them in the attribute `settings` of their pipeline. Raises ConfigError for stages that declare none:
    they would not read them.
    """
    if is_box(pipeline):
        return Asked(pipeline, settings)
    if not settings:
        return pipeline
    if isinstance(pipeline, Remote) or not hasattr(pipeline, "settings"):
        what = "this pipeline of stages declares no settings of its own"
        if isinstance(pipeline, Remote):
            what = "stages in a process of their own cannot be given settings"
        step = "name MODULE:ATTR with an attribute `settings` that its stages read, or vary `environment`"
        raise ConfigError(what, value=type(pipeline).__name__, source="--pipeline", next_step=step)
    made = copy.copy(pipeline)
    made.settings = dict(settings)
    return made

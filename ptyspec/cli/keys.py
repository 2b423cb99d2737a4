"""Every setting a scenario can have: key, type, default."""

from __future__ import annotations

import json
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from ptyspec.contracts.resolve import known_keys
from ptyspec.contracts.scenario import Scenario

LIMITS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}


def keys() -> list[dict[str, Any]]:
    """Return key, type, and default of every dotted key that `--set` takes, in the scenario's order."""
    return [_row(key) for key in known_keys()]


def _row(key: str) -> dict[str, Any]:
    *parents, last = key.split(".")
    model: type[BaseModel] = Scenario
    for name in parents:
        model = model.model_fields[name].annotation  # type: ignore[assignment]  # known_keys went the same way
    field = model.model_fields[last]
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    return {"key": key, "type": _type(field), "default": default, "required": field.is_required()}


def _type(field: FieldInfo) -> str:
    return " ".join([_words(field.annotation), *_limits(field)])


def _words(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " | ".join(
            value if isinstance(value, str) else json.dumps(value) for value in get_args(kind)
        )
    if get_origin(kind) is Annotated:
        plain, *notes = get_args(kind)
        return " ".join([_words(plain), *(text for note in notes for text in _limits(note))])
    if isinstance(kind, type) and not get_args(kind):
        return {"int": "integer", "float": "number", "str": "text", "bool": "true | false"}.get(
            kind.__name__, kind.__name__
        )
    # What is left is a list of one kind, or a kind that may be absent.
    inner = next(part for part in get_args(kind) if part not in (NoneType, Ellipsis))
    return f"list of {_words(inner)}" if get_origin(kind) is tuple else _words(inner)


def _limits(field: FieldInfo) -> list[str]:
    found = []
    for rule in field.metadata:
        found += [
            f"{sign} {getattr(rule, name)}" for name, sign in LIMITS.items() if hasattr(rule, name)
        ]
    return found

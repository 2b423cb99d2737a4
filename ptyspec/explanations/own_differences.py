"""In what two dictionaries of own settings differ, and the dictionary between them that takes over a part."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from ptyspec.contracts.stages import STAGES
from ptyspec.errors import ConfigError
from ptyspec.explanations.explanation import Difference
from ptyspec.explanations.search import Subset
from ptyspec.runs.run_spec import FAULT

ABSENT = "(absent)"
"""Stands for a key that a side does not have."""
MISSING = object()
Own = Mapping[Any, Any]


def own_differences(good: Own, bad: Own) -> tuple[Difference, ...]:
    """Return one difference a key, by dotted path; a list is one value, and so is a mapping beside a plain value.

    Raises ConfigError where two keys have the same dotted path.
    """
    told = [
        Difference(name=name, good=_shown(one), bad=_shown(other), stages=STAGES)
        for name, one, other in _leaves(good, bad, "")
        if not _same(one, other)
    ]
    names = [one.name for one in told]
    if twice := [name for name in names if names.count(name) > 1]:
        what = "two settings have the same dotted path"
        raise ConfigError(what, value=twice[0], next_step="rename one of them")
    return tuple(told)


def mixed(good: Own, bad: Own, taken: Subset) -> dict[Any, Any]:
    """Return GOOD with the differences of these names taken over from BAD; none gives GOOD, all of them BAD."""
    return copy.deepcopy(_mixed(good, bad, taken, ""))


def _mixed(good: Own, bad: Own, taken: Subset, prefix: str) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    for key in {**good, **bad}:
        one, other = good.get(key, MISSING), bad.get(key, MISSING)
        name = _path(prefix, key)
        if _divides(one, other):
            inner = _mixed(_inner(one), _inner(other), taken, f"{name}.")
            # A section that a side lacks is there where something of it was taken over.
            value = inner if inner or MISSING not in (one, other) else MISSING
        else:
            value = other if name in taken else one
        if value is not MISSING:
            made[key] = value
    return made


def _leaves(good: Own, bad: Own, prefix: str) -> Iterator[tuple[str, Any, Any]]:
    for key in {**good, **bad}:
        one, other = good.get(key, MISSING), bad.get(key, MISSING)
        name = _path(prefix, key)
        if _divides(one, other):
            yield from _leaves(_inner(one), _inner(other), f"{name}.")
        else:
            yield name, one, other


def _divides(one: Any, other: Any) -> bool:
    """Sections on both sides, or a section that one side lacks: its keys are told apart."""
    sides = [side for side in (one, other) if side is not MISSING]
    return all(isinstance(side, Mapping) for side in sides) and any(sides)


def _inner(side: Any) -> Own:
    return {} if side is MISSING else dict(side)


def _path(prefix: str, key: Any) -> str:
    name = f"{prefix}{key}"
    # `fault.NAME` is a fault of the catalogue, everywhere in a search.
    return f"settings.{name}" if not prefix and f"{name}.".startswith(FAULT) else name


def _same(one: Any, other: Any) -> bool:
    """Equal and of one type: True is no 1 for a pipeline that asks; 1 and 1.0 are one number."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    numbers = all(
        isinstance(side, int | float) and not isinstance(side, bool) for side in (one, other)
    )
    alike = numbers or type(one) is type(other)
    return alike and bool(one == other or (one != one and other != other))


def _shown(side: Any) -> Any:
    if side is MISSING:
        return ABSENT
    plain = side is None or isinstance(side, bool | int | float | str)
    finite = not isinstance(side, float) or side - side == 0
    return side if plain and finite else str(side)

"""Values of several subjects beside each other: who says what, from where, and by how much they differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ptyspec.checks.legacy_subject import LOSS_KEYS, OF_OBJECT, departures, entry_sources
from ptyspec.contracts.resolve import flatten, known_keys
from ptyspec.contracts.scenario import Scenario
from ptyspec.legacy.bridge import ABSENT, SCENARIO_NAMES, UPSTREAM_NAMES, entries, stale_keys
from ptyspec.legacy.effective import name_of
from ptyspec.legacy.params import RUN_TIME, legacy_defaults
from ptyspec.runs.run_spec import RunSpec

MATCH = "match"
DEFAULT = "default"
"""The reference of a single subject: the value that a setting has where nobody sets it."""
MEANING = {
    **{name: setting for setting, name in (SCENARIO_NAMES | OF_OBJECT).items()},
    **dict.fromkeys(LOSS_KEYS, "training.loss"),
}
"""Entries of the dictionary, as settings of a scenario."""
Said = tuple[Mapping[str, Any], Mapping[str, str]]
"""Values by key, and their sources."""


def delta(first: Any, second: Any, names: tuple[str, str]) -> float | str:
    """Return `match`, the signed number second - first, `differs`, or `not set in NAME`."""
    if first is None or second is None:
        return MATCH if first is second else f"not set in {names[first is not None]}"
    if isinstance(first, bool) == isinstance(second, bool) and first == second:
        return MATCH
    numbers = not any(
        isinstance(value, bool) or not isinstance(value, int | float) for value in (first, second)
    )
    return float(second - first) if numbers else "differs"


def side_by_side(said: Mapping[str, Said], keys: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return for each key the values and sources of all, and each one's delta from the first."""
    first, *others = said
    rows = {}
    for key in keys:
        values = {name: _plain(held.get(key)) for name, (held, _) in said.items()}
        rows[key] = {
            "values": values,
            "sources": {name: sources.get(key, "–") for name, (_, sources) in said.items()},
            "delta": {name: delta(values[first], values[name], (first, name)) for name in others},
        }
    return rows


def settings(
    subjects: Sequence[RunSpec], keys: Sequence[str] = known_keys()
) -> dict[str, dict[str, Any]]:
    """Return settings side by side; a single subject stands beside the defaults."""
    said: dict[str, Said] = {}
    if len(subjects) == 1:
        defaults = dict(flatten(Scenario(name="default").model_dump(mode="json")))
        said[DEFAULT] = (defaults, dict.fromkeys(defaults, DEFAULT))
    said |= {one.name: (_values(one), one.resolved.provenance) for one in subjects}
    return side_by_side(said, keys)


def dictionary(subjects: Sequence[RunSpec]) -> dict[str, dict[str, Any]]:
    """Return every entry that legacy code knows, side by side, and the setting that it means (None: there is none).

    A legacy subject says what its dictionary holds; any other what the bridge would write, and nothing elsewhere.
    """
    said: dict[str, Said] = {DEFAULT: (legacy_defaults(), {})} if len(subjects) == 1 else {}
    for one in subjects:
        held = one.dictionary
        if held is None:
            bridged, known = entries(one.resolved.scenario), one.resolved.provenance
            sources = {key: known.get(MEANING.get(key, key), DEFAULT) for key in bridged}
            said[one.name] = (bridged, sources)
        else:
            said[one.name] = (held, entry_sources(one))
    own = {key for one in subjects for key in one.dictionary or {}}
    own -= {*legacy_defaults(), *RUN_TIME, *map(name_of, known_keys())}
    rows = side_by_side(said, [*legacy_defaults(), *sorted(own)])
    return {key: {**row, "setting": MEANING.get(key)} for key, row in rows.items()}


def missing(subject: RunSpec) -> list[str]:
    """Return the settings without a value."""
    return [key for key, value in _values(subject).items() if value is None]


def unsourced(subject: RunSpec) -> list[str]:
    """Return the settings whose source is not known, and sources of what is no setting."""
    sources, known = subject.resolved.provenance, set(known_keys())
    return sorted({key for key in known if not sources.get(key)} | (set(sources) - known))


def stale(subject: RunSpec) -> list[str]:
    """Return the entries of a legacy subject's dictionary that are not what its settings say, departures left out."""
    declared, defaults = departures(subject), legacy_defaults()

    def excused(key: str, held: Any) -> bool:
        unset = held is None and defaults.get(key) is None
        return key in declared or unset or (key == "label" and held == "")

    found = stale_keys(subject.dictionary or {}, subject.resolved.scenario)
    return [str(row) for row in found if row.held is not ABSENT and not excused(row.key, row.held)]


def nothing(subject: RunSpec) -> list[str]:
    """Return the entries that hold None although legacy code has a default for them: what an unset field left behind."""
    held, defaults = subject.dictionary or {}, legacy_defaults()
    return [key for key, value in held.items() if value is None and defaults.get(key) is not None]


def unknown(subject: RunSpec) -> list[str]:
    """Return the entries that neither legacy code nor any setting knows."""
    known = {*legacy_defaults(), *RUN_TIME, *UPSTREAM_NAMES.values(), "bigN"}
    known |= entries(Scenario(name="default")).keys()
    return [key for key in subject.dictionary or {} if key not in known]


def departed(subject: RunSpec) -> dict[str, dict[str, Any]]:
    """Return the declared departures of a legacy subject: what its dictionary says, what its settings say, why."""
    wanted, held = entries(subject.resolved.scenario), subject.dictionary or {}
    return {
        key: {"dictionary": _plain(held.get(key)), "here": _plain(wanted.get(key)), "why": why}
        for key, (_, why) in departures(subject).items()
    }


def _values(subject: RunSpec) -> dict[str, Any]:
    return dict(flatten(subject.resolved.scenario.model_dump(mode="json", warnings=False)))


def _plain(value: Any) -> Any:
    """A JSON value: arrays and other things by their type alone."""
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    known = value is None or isinstance(value, bool | int | float | str)
    return value if known else f"<{type(value).__name__}>"

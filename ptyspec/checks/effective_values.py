"""Values of several subjects beside each other: who says what, and from where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ptyspec.checks.legacy_subject import LOSS_KEYS, OF_OBJECT, entry_sources
from ptyspec.checks.report import Audit
from ptyspec.checks.shown import plain
from ptyspec.contracts.resolve import flatten, known_keys
from ptyspec.contracts.scenario import Scenario
from ptyspec.legacy.bridge import SCENARIO_NAMES, entries
from ptyspec.legacy.effective import name_of
from ptyspec.legacy.params import RUN_TIME, legacy_defaults
from ptyspec.runs.run_spec import RunSpec

DEFAULT = "default"
"""The reference of a single subject: the value that a setting has where nobody sets it."""
LABELS = ("name", "description", "label")
"""What names a subject and sets nothing; in the data, not in the tables."""
EXACT = ".10g"
MEANING = {
    **{name: setting for setting, name in (SCENARIO_NAMES | OF_OBJECT).items()},
    **dict.fromkeys(LOSS_KEYS, "training.loss"),
}
"""Entries of the dictionary, as settings of a scenario."""
Said = tuple[Mapping[str, Any], Mapping[str, str]]
"""Values by key, and their sources."""


def settings(
    subjects: Sequence[RunSpec], keys: Sequence[str] = known_keys()
) -> dict[str, dict[str, Any]]:
    """Return settings side by side; a single subject stands beside the defaults."""
    defaults = values(Scenario(name="default"))
    said = {one.name: (values(one.resolved.scenario), one.resolved.provenance) for one in subjects}
    return _side_by_side(said, keys, (defaults, dict.fromkeys(defaults, DEFAULT)))


def dictionary(subjects: Sequence[RunSpec]) -> dict[str, dict[str, Any]]:
    """Return every entry that legacy code knows, side by side, and the setting that it means (None: there is none).

    A legacy subject says what its dictionary holds; any other what the bridge would write, and nothing elsewhere.
    """
    said: dict[str, Said] = {}
    for one in subjects:
        if one.dictionary is not None:
            said[one.name] = (one.dictionary, entry_sources(one))
        else:
            bridged, known = entries(one.resolved.scenario), one.resolved.provenance
            sources = {key: known.get(MEANING.get(key, key), DEFAULT) for key in bridged}
            said[one.name] = (bridged, sources)
    own = {key for one in subjects for key in one.dictionary or {}}
    own -= {*legacy_defaults(), *RUN_TIME, *map(name_of, known_keys())}
    rows = _side_by_side(said, [*legacy_defaults(), *sorted(own)], (legacy_defaults(), {}))
    return {key: {**row, "setting": MEANING.get(key)} for key, row in rows.items()}


def _side_by_side(
    said: Mapping[str, Said], keys: Sequence[str], defaults: Said
) -> dict[str, dict[str, Any]]:
    """For each key the values and sources of all, and whether the values are equal."""
    said = {DEFAULT: defaults, **said} if len(said) == 1 else said
    rows = {}
    for key in keys:
        here = {name: _plain(held.get(key)) for name, (held, _) in said.items()}
        first, *others = here.values()
        rows[key] = {
            "values": here,
            "sources": {name: sources.get(key, "–") for name, (_, sources) in said.items()},
            # True is not 1, and 0 is 0.0.
            "equal": all(
                one == first and isinstance(one, bool) == isinstance(first, bool) for one in others
            ),
        }
    return rows


def compare(report: Audit, title: str, place: str, rows: Mapping[str, dict[str, Any]]) -> None:
    """Add what stands side by side as data and as a table, different ones first, each value with its source."""
    report.data[place] = plain(rows)
    keys = sorted((key for key in rows if key not in LABELS), key=lambda key: rows[key]["equal"])
    parts = [(part, name) for name in rows[keys[0]]["values"] for part in ("values", "sources")]
    head = [place, *("source" if part == "sources" else name for part, name in parts)]
    cells = [[key, *(report.ref(place, key, *part, form=EXACT) for part in parts)] for key in keys]
    report.table(title, head, cells)


def values(scenario: Scenario) -> dict[str, Any]:
    """Return the settings of a scenario, whatever they hold."""
    return dict(flatten(scenario.model_dump(mode="json", warnings=False)))


def _plain(value: Any) -> Any:
    """A JSON value: arrays and other things by their type alone."""
    if isinstance(value, tuple | list):
        return [_plain(part) for part in value]
    known = value is None or isinstance(value, bool | int | float | str)
    return value if known else f"<{type(value).__name__}>"

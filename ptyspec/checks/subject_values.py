"""Values of several subjects beside each other: who says what, and from where.

A profile of the legacy dictionary is a subject. `legacy:main` is the dictionary's defaults;
`legacy:dose` and `legacy:dose:mae` are what the script of dose_experiments makes of those of its
branch, by running its `init` and `execute` on copies, never by reading its source. So a value is
known by who wrote it, and one inside a branch that was not taken cannot look effective (EVID-003).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ptyspec.checks.references import plain
from ptyspec.checks.report import Audit
from ptyspec.contracts.resolve import Resolved, flatten, known_keys
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import UnknownNameError
from ptyspec.legacy.bridge import SCENARIO_NAMES, SOURCE, entries, name_of, resolved_of
from ptyspec.legacy.dose_experiments import DEPARTURES, conditional, execute, loss_modes, meant
from ptyspec.legacy.params import RUN_TIME, legacy_defaults
from ptyspec.runs.run_spec import RunSpec

PROFILES: dict[str, str | None] = {
    "legacy:main": None,
    "legacy:dose": "nll",
    "legacy:dose:mae": "mae",
}
"""The mode of `init` that is executed; None: the defaults alone."""
REFUSED_DEFAULT = "probe.big"
"""Among the defaults of the dictionary this one means no run here (BRIDGE-009)."""
LOSS_KEYS = ("mae_weight", "nll_weight")
OF_OBJECT = {"object.kind": "data_source", "object.phase": "set_phi"}


@dataclass(frozen=True)
class Captured:
    """A dictionary as it was after the code that fills it had run, and who wrote each entry."""

    values: Mapping[str, Any]
    sources: Mapping[str, str]


def captured(target: str) -> Captured:
    """Return a profile's dictionary, filled by execution on a copy; raises UnknownNameError."""
    if target not in PROFILES:
        what, known = "there is no such profile of the legacy dictionary", ", ".join(PROFILES)
        told = {"limit": known, "source": "command line", "next_step": "name one of these"}
        raise UnknownNameError(what, value=target, **told)
    mode, modes = PROFILES[target], loss_modes()
    if mode is None:
        values = legacy_defaults("main")
        return Captured(values, dict.fromkeys(values, "legacy default"))
    values, executed = dict(modes[mode].effective), dict[str, Any]()
    sources = dict.fromkeys(values, "legacy default")
    sources |= dict.fromkeys(modes[mode].assigned, f"{SOURCE}: init")
    execute(values)
    execute(executed)
    sources |= dict.fromkeys(executed, f"{SOURCE}: execute")
    for key in conditional(modes):
        takers = [name for name in modes if key in modes[name].assigned]
        branches = ", ".join(f"conditional branch loss_fn={name}" for name in takers)
        sources[key] = branches if mode in takers else f"{sources[key]}; {branches} not taken"
    return Captured(values, sources)


def legacy_subject(target: str) -> RunSpec:
    """Return what `legacy:main`, `legacy:dose` or `legacy:dose:mae` means; raises UnknownNameError.

    No dictionary that anybody else sees is read or written.
    """
    found = captured(target)
    applied, mode = departures(target), PROFILES[target]
    if mode is None:
        # Its code makes the disk that probe_scale describes.
        added = {"label": "legacy_defaults", "probe.kind": "ideal"}
        said = {key: value for key, (value, _) in applied.items()} | added
        resolved = resolved_of({**found.values, **said})
    else:
        name = "dose_experiments" if mode == "nll" else f"dose_experiments_{mode}"
        resolved = meant(found.values, name)

    def source(setting: str, told: str) -> str:
        key = OF_OBJECT.get(setting, SCENARIO_NAMES.get(setting, setting))
        key = LOSS_KEYS[0] if setting == "training.loss" else key
        if key in applied:
            return f"departure from the dictionary: {applied[key][1]}"
        if found.values.get(key) is not None and setting != "name":
            return found.sources[key]
        return "legacy code, without an entry" if told == SOURCE else told

    sources = {key: source(key, told) for key, told in resolved.provenance.items()}
    return RunSpec(
        Resolved(resolved.scenario, sources),
        name=target,
        kind="legacy",
        source=target,
        dictionary=found.values,
    )


READERS = {"legacy": legacy_subject}
"""How `run_spec` reads what names a profile."""


def departures(target: str) -> dict[str, tuple[Any, str]]:
    """Return the entries in which a profile's settings are declared to differ from its dictionary: our value, and why."""
    refused = {REFUSED_DEFAULT: DEPARTURES[REFUSED_DEFAULT]} if target in PROFILES else {}
    return DEPARTURES if PROFILES.get(target) else refused


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
            wrote = captured(one.source).sources if one.source in PROFILES else {}
            sources = {key: wrote.get(key, SOURCE) for key in one.dictionary}
            said[one.name] = (one.dictionary, sources)
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

"""Audit `params`: every effective value of every subject, with who set it.

Compared: the settings that the stages receive (after all layers, nulls set nothing), and the same under the names of
the legacy dictionary, where entries stand that no setting knows. A legacy profile is captured by executing the code
that fills the dictionary, on a copy, in every mode of its `init`; reading that code found a loss inversion that was
none (an assignment inside a branch that nobody took). Of the investigation's snapshots both readings are shown: what
they meant, and what their runner made of a null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from ptyspec.checks import effective_values as found
from ptyspec.checks import snapshot
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.legacy_subject import LOSS_KEYS, PROFILES, captured
from ptyspec.checks.params_controls import CONTROLS as CONTROLS
from ptyspec.checks.report import Audit
from ptyspec.checks.shown import Cell, ref
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.runs.run_spec import RunSpec
from ptyspec.spec.checks import Check

WEIGHTS = (*LOSS_KEYS, "realspace_weight", "realspace_mae_weight", "tv_weight")
"""Entries that weigh the terms of legacy code's loss."""
LABELS = ("name", "description", "label")
"""What names a subject and sets nothing; in the data, not in the tables."""
EXACT = ".10g"


def loss_modes() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the loss weights of each mode of dose_experiments, executed, and of the defaults, each with who wrote it."""
    modes = {"default": "legacy:main", "nll": "legacy:dose", "mae": "legacy:dose:mae"}
    profiles = {mode: captured(target) for mode, target in modes.items()}
    return {
        key: {
            mode: {"value": one.values[key], "source": one.sources[key]}
            for mode, one in profiles.items()
        }
        for key in WEIGHTS
    }


def weights(outputs: StageOutputs) -> dict[str, dict[str, Any]]:
    """Return the loss weights of a legacy profile's dictionary beside those that its mode leaves when executed."""
    subject = outputs.subject
    mode = PROFILES.get(subject.source, ("main", None))[1]
    if mode is None or subject.dictionary is None:
        return {}
    modes = loss_modes()
    return {
        key: {"here": subject.dictionary.get(key), "executed": modes[key][mode]["value"]}
        for key in WEIGHTS
    }


def null_leak(outputs: StageOutputs) -> dict[str, dict[str, Any]]:
    """Return what a snapshot says of each probe flag by both readings, and what is effective here."""
    document, model = outputs.subject.document, outputs.scenario.model
    rows = snapshot.flags(document) if document else {}
    return {key: {**row, "ours": getattr(model, key)} for key, row in rows.items()}


def aside(outputs: StageOutputs) -> dict[str, dict[str, Any]]:
    """Return the entries of a snapshot that have no counterpart here."""
    return snapshot.aside(outputs.subject.document) if outputs.subject.document else {}


# Checks


@checks("CONFIG-005")
def every_setting_has_a_value(check: Check, outputs: StageOutputs) -> None:
    _none(check, found.missing(outputs.subject), "settings without a value")


@checks("CONFIG-006")
def every_setting_has_a_source(check: Check, outputs: StageOutputs) -> None:
    _none(check, found.unsourced(outputs.subject), "settings of unknown source")


@checks("CONFIG-001")
def no_entry_of_the_dictionary_is_stale(check: Check, outputs: StageOutputs) -> None:
    if outputs.subject.dictionary is not None:
        _none(check, found.stale(outputs.subject), "stale entries of the dictionary")


@checks("BRIDGE-002")
def no_unset_field_left_a_none(check: Check, outputs: StageOutputs) -> None:
    if outputs.subject.dictionary is not None:
        _none(check, found.nothing(outputs.subject), "entries left at None")


@checks("CONFIG-007")
def somebody_reads_every_entry(check: Check, outputs: StageOutputs) -> None:
    if outputs.subject.dictionary is not None:
        _none(check, found.unknown(outputs.subject), "entries that nobody reads")


def _none(check: Check, listed: Sequence[str], what: str) -> None:
    keys = ", ".join(listed)
    check.equal(len(listed), 0, f"{what}: {keys}" if keys else what)


@checks("EVID-003", stage="settings")
def losses_are_weighed_as_the_executed_mode_weighs_them(
    check: Check, outputs: StageOutputs
) -> None:
    for key, row in outputs.facts(weights).items():
        check.equal(row["here"], row["executed"], f"{key}, of what the mode leaves when executed")


@checks("CONFIG-004")
def a_null_displaces_nothing(check: Check, outputs: StageOutputs) -> None:
    others = outputs.facts(aside)
    for key, row in outputs.facts(null_leak).items():
        what = f"{key} is as intended, null or not"
        if key in others:
            why = f"intended {row['intended']}, not available here: {others[key]['why']}"
            check.missing(what, why)
        else:
            check.equal(row["ours"], row["intended"], what)


@checks("CONFIG-010")
def reading_changes_nothing(check: Check, outputs: StageOutputs) -> None:
    subject = outputs.subject
    before = _content(subject)
    for read in (found.settings, found.dictionary):
        read([subject])
    check.holds(
        _content(subject) == before, "reading it changes nothing", "it is another", "as before"
    )


def _content(subject: RunSpec) -> Any:
    """What it says now, apart from it."""
    return deepcopy(
        (dict(subject.dictionary or {}), dict(subject.document or {}), subject.resolved)
    )


# What is shown


def _together(subjects: Sequence[StageOutputs], _: Mapping[str, Any]) -> dict[str, Any]:
    named = [one.subject for one in subjects]
    return {
        "settings": found.settings(named),
        "dictionary": found.dictionary(named),
        "loss_modes": loss_modes(),
        "defaults": found.diverging_defaults(),
    }


def _compared(subjects: Sequence[StageOutputs], report: Audit) -> None:
    rows = report.data["settings"]
    keys = [key for key in rows if key not in LABELS]
    equal = [key for key in keys if set(rows[key]["delta"].values()) <= {found.MATCH}]
    several = len(subjects) > 1
    titles = (
        ("Settings that differ", "Settings that are equal")
        if several
        else ("Settings that are not the default", "Settings at their default")
    )
    compare(report, titles[0], [key for key in keys if key not in equal])
    compare(report, titles[1], equal, deltas=False)
    if not {one.subject.kind for one in subjects} & {"legacy", "snapshot"}:
        return
    entries = report.data["dictionary"]
    without = [key for key, row in entries.items() if row["setting"] is None]
    meant = [key for key in entries if key not in {*without, *LABELS}]
    compare(report, "Entries of the dictionary that a setting means", meant, "dictionary")
    compare(report, "Entries of the dictionary that no setting knows", without, "dictionary")
    for table in LEGACY:
        table.add_to(report)


def compare(
    report: Audit,
    title: str,
    keys: Sequence[str],
    place: str = "settings",
    *,
    deltas: bool = True,
    form: str = EXACT,
) -> None:
    """Add values that stand side by side in `data`, with their sources and each one's difference from the first."""
    if not keys:
        return
    first, *others = report.data[place][keys[0]]["values"]
    head = [place.removesuffix("s") if place == "settings" else "entry", first]
    head += [] if first == found.DEFAULT else ["source"]
    for name in others:
        head += [name, "source", *([f"{name} – {first}"] if deltas else [])]

    def row(key: str) -> list[Cell]:
        cells: list[Cell] = [key, ref(place, key, "values", first, form=form)]
        if first != found.DEFAULT:
            cells.append(ref(place, key, "sources", first))
        for name in others:
            cells += [ref(place, key, "values", name, form=form), ref(place, key, "sources", name)]
            if deltas:
                cells.append(ref(place, key, "delta", name, form="+.6g"))
        return cells

    report.table(title, head, (row(key) for key in keys))


LEGACY = (
    Grid(
        "Loss weights of dose_experiments, each mode executed",
        "loss_modes/*",
        "default=default/value, default: source=default/source, nll=nll/value, "
        "nll: source=nll/source, mae=mae/value, mae: source=mae/source",
        "entry",
        EXACT,
    ),
    Grid(
        "Defaults of the two systems that differ, and ours",
        "defaults/*",
        "dictionary, configs, here",
        "entry",
    ),
)
LAYOUT = Layout(
    facts={
        "departures": lambda outputs: found.departed(outputs.subject),
        "weights": weights,
        "null_leak": null_leak,
        "aside": aside,
    },
    together=_together,
    more=_compared,
    tables=(
        Grid(
            "Where settings depart from their dictionary",
            "departures/*/*",
            "dictionary, here, why",
            "subject, entry",
            EXACT,
        ),
        Grid(
            "Probe flags, by two readings of the snapshot",
            "null_leak/*/*",
            "intended, runner, null, leaks, ours",
            "subject, flag",
        ),
        Grid("Entries without a counterpart", "aside/*/*", "value, why", "subject, entry", EXACT),
    ),
)

"""Audit `params`: every effective value of every subject, with who set it.

Compared: the settings that the stages receive (after all layers, nulls set nothing), and the same under the names of
the legacy dictionary, where entries stand that no setting knows. A legacy profile is captured by executing the code
that fills the dictionary, on a copy, in every mode of its `init`; reading that code found a loss inversion that was
none (an assignment inside a branch that nobody took). Of the investigation's snapshots both readings are shown: what
they meant, and what their runner made of a null.

Red: a value is missing (CONFIG-005) or nobody knows who set it (CONFIG-006); a dictionary is stale (CONFIG-001), holds
a None where legacy code has a default (BRIDGE-002) or a key that nobody reads (CONFIG-007), or weighs losses otherwise
than the executed mode does (EVID-003); a null in a snapshot displaced what was intended (CONFIG-004); reading changed
what was read (CONFIG-010).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from ptyspec.checks import effective_values as found
from ptyspec.checks import snapshot
from ptyspec.checks.legacy_subject import LOSS_KEYS, PROFILES, captured
from ptyspec.checks.material import Material
from ptyspec.checks.params_controls import CONTROLS as CONTROLS
from ptyspec.checks.report import Audit
from ptyspec.checks.shown import Cell, ref
from ptyspec.checks.subject import Subject

WEIGHTS = (*LOSS_KEYS, "realspace_weight", "realspace_mae_weight", "tv_weight")
"""Entries that weigh the terms of legacy code's loss."""
LABELS = ("name", "description", "label")
"""What names a subject and sets nothing; in the data, not in the tables."""


def audit(materials: Sequence[Material], report: Audit) -> None:
    """Fill the report."""
    subjects = [material.subject for material in materials]
    before = [_content(subject) for subject in subjects]
    report.data["settings"] = found.settings(subjects)
    report.data["dictionary"] = found.dictionary(subjects)
    report.data["loss_modes"] = loss_modes()
    report.data["defaults"] = found.diverging_defaults()
    for subject in subjects:
        _settings(subject, report)
        if subject.dictionary is not None:
            _dictionary(subject, report)
        if subject.document is not None:
            _snapshot(subject, report)
    for subject, content in zip(subjects, before, strict=True):
        same = _content(subject) == content
        report.data.setdefault("unchanged", {})[subject.name] = same
        report.check(
            "CONFIG-010",
            f"{subject.name}: reading it changed nothing",
            same,
            "as before",
            "unchanged",
            subject.name,
        )
    _tables(subjects, report)


def loss_modes() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the loss weights of each mode of dose_experiments, executed, and of the defaults, each with who wrote it."""
    modes = {"default": "legacy:main", "nll": "legacy:dose", "mae": "legacy:dose:mae"}
    made = {mode: captured(target) for mode, target in modes.items()}
    return {
        key: {
            mode: {"value": one.values[key], "source": one.sources[key]}
            for mode, one in made.items()
        }
        for key in WEIGHTS
    }


def _settings(subject: Subject, report: Audit) -> None:
    empty, nobody = found.missing(subject), found.unsourced(subject)
    _count(
        report, "CONFIG-005", f"{subject.name}: settings without a value", empty, "missing", subject
    )
    _count(
        report,
        "CONFIG-006",
        f"{subject.name}: settings of unknown source",
        nobody,
        "unsourced",
        subject,
    )


def _dictionary(subject: Subject, report: Audit) -> None:
    for clause, what, name, keys in (
        ("CONFIG-001", "stale entries of the dictionary", "stale", found.stale(subject)),
        ("BRIDGE-002", "entries left at None", "nothing", found.nothing(subject)),
        ("CONFIG-007", "entries that nobody reads", "unknown", found.unknown(subject)),
    ):
        _count(report, clause, f"{subject.name}: {what}", keys, name, subject)
    report.data.setdefault("departures", {})[subject.name] = found.departed(subject)
    mode = PROFILES.get(subject.source, ("main", None))[1]
    if mode is None:
        return
    weights = {key: (subject.dictionary or {}).get(key) for key in WEIGHTS}
    report.data.setdefault("weights", {})[subject.name] = weights
    for key in WEIGHTS:
        executed = report.data["loss_modes"][key][mode]["value"]
        what = f"{subject.name}: {key} is what loss_fn={mode} leaves when it is executed"
        report.equal("EVID-003", what, executed, "weights", subject.name, key)


def _snapshot(subject: Subject, report: Audit) -> None:
    document = subject.document or {}
    rows = snapshot.flags(document)
    aside = report.data.setdefault("aside", {})[subject.name] = snapshot.aside(document)
    for key, row in rows.items():
        row["ours"] = getattr(subject.resolved.scenario.model, key)
    report.data.setdefault("null_leak", {})[subject.name] = rows
    for key, row in rows.items():
        what = f"{subject.name}: {key} is as intended, null or not"
        if key in aside:
            report.skipped(
                "CONFIG-004",
                what,
                f"intended {row['intended']}, not available here: {aside[key]['why']}",
            )
        else:
            report.equal(
                "CONFIG-004", what, row["intended"], "null_leak", subject.name, key, "ours"
            )


def _count(
    report: Audit, clause: str, what: str, keys: Sequence[str], name: str, subject: Subject
) -> None:
    """None of `keys` may be there."""
    report.data.setdefault(name, {})[subject.name] = {"count": len(keys), "keys": list(keys)}
    told = f"{what}: {', '.join(keys)}" if keys else what
    report.equal(clause, told, 0, name, subject.name, "count")


def _content(subject: Subject) -> Any:
    """What it says now, apart from it."""
    return deepcopy(
        (dict(subject.dictionary or {}), dict(subject.document or {}), subject.resolved)
    )


# Tables


def _tables(subjects: Sequence[Subject], report: Audit) -> None:
    names = [subject.name for subject in subjects]
    rows = report.data["settings"]
    columns = list(next(iter(rows.values()))["values"])
    shown = {key: row for key, row in rows.items() if key not in LABELS}
    differing = [
        key
        for key, row in shown.items()
        if any(part != found.MATCH for part in row["delta"].values())
    ]
    equal = [key for key in shown if key not in differing]
    _compared(
        report,
        "Settings that differ" if len(names) > 1 else "Settings that are not the default",
        differing,
        columns,
    )
    _compared(
        report,
        "Settings that are equal" if len(names) > 1 else "Settings at their default",
        equal,
        columns,
        False,
    )
    legacy = [subject for subject in subjects if subject.kind in {"legacy", "snapshot"}]
    if legacy:
        _in_legacy_words(report, columns)
        _weights(report)
        _defaults(report)
    for name, held in report.data.get("departures", {}).items():
        if held:
            report.table(
                f"Where the settings of {name} depart from its dictionary",
                ("entry", "dictionary", "here", "why"),
                (
                    (
                        key,
                        _cell("departures", name, key, "dictionary"),
                        _cell("departures", name, key, "here"),
                        row["why"],
                    )
                    for key, row in held.items()
                ),
            )
    for name in report.data.get("null_leak", {}):
        report.grid(
            f"Probe flags of {name}, by two readings of the snapshot",
            "null_leak",
            name,
            columns=("intended", "runner", "null", "leaks", "ours"),
            corner="flag",
        )
    for name, held in report.data.get("aside", {}).items():
        if held:
            report.table(
                f"Entries of {name} without a counterpart",
                ("entry", "value", "why"),
                (
                    (key, _cell("aside", name, key, "value"), row["why"])
                    for key, row in held.items()
                ),
            )


def _compared(
    report: Audit,
    title: str,
    keys: Sequence[str],
    columns: Sequence[str],
    deltas: bool = True,
    place: str = "settings",
) -> None:
    if not keys:
        return
    first, others = columns[0], columns[1:]
    head = [
        "setting" if place == "settings" else "entry",
        first,
        *([] if first == found.DEFAULT else ["source"]),
    ]
    for name in others:
        head += [name, "source", *([f"{name} – {first}"] if deltas else [])]

    def row(key: str) -> list[Cell]:
        cells: list[Cell] = [key, _cell(place, key, "values", first)]
        if first != found.DEFAULT:
            cells.append(_cell(place, key, "sources", first))
        for name in others:
            cells += [_cell(place, key, "values", name), _cell(place, key, "sources", name)]
            if deltas:
                cells.append(ref(place, key, "delta", name, form="+.6g"))
        return cells

    report.table(title, head, (row(key) for key in keys))


def _in_legacy_words(report: Audit, columns: Sequence[str]) -> None:
    rows: Mapping[str, Mapping[str, Any]] = report.data["dictionary"]
    without = [key for key, row in rows.items() if row["setting"] is None]
    meant = [key for key in rows if key not in {*without, *LABELS}]
    _compared(
        report, "Entries of the dictionary that a setting means", meant, columns, place="dictionary"
    )
    _compared(
        report,
        "Entries of the dictionary that no setting knows",
        without,
        columns,
        place="dictionary",
    )


def _weights(report: Audit) -> None:
    modes = ("default", "nll", "mae")
    report.table(
        "Loss weights of dose_experiments, each mode executed",
        ("entry", *(f"{mode}{part}" for mode in modes for part in ("", ": source"))),
        (
            (
                key,
                *(
                    _cell("loss_modes", key, mode, part)
                    for mode in modes
                    for part in ("value", "source")
                ),
            )
            for key in report.data["loss_modes"]
        ),
    )


def _defaults(report: Audit) -> None:
    report.grid(
        "Defaults of the two systems that differ, and ours",
        "defaults",
        columns=("dictionary", "configs", "here"),
        corner="entry",
    )


def _cell(*parts: object) -> Cell:
    return ref(*parts, form=".10g")

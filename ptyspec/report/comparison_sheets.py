"""The tables of a comparison, once: the terminal, compare.md and compare.html show the same cells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ptyspec.render.text import number
from ptyspec.scores import headline as scores

DIGITS = 6


@dataclass(frozen=True)
class Sheet:
    """A table of plain text, not escaped yet; `note` stands below it."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    numbers: bool = True


def sheets(document: Mapping[str, Any]) -> list[Sheet]:
    """Return the tables of a comparison that have rows, the scores first."""
    made = [
        _results(document),
        _controls(document),
        _agreement(document),
        _settings(document),
        _environment(document),
        _stages(document),
        _training(document),
    ]
    return [sheet for sheet in made if sheet.rows or sheet.note]


def _columns(document: Mapping[str, Any]) -> list[scores.Score]:
    """Scores that any run has, those against a truth first."""
    present = {key for found in document["scores"].values() for key in found["network"]}
    return [score for score in (*scores.WITH_TRUTH, *scores.WITHOUT_TRUTH) if score.key in present]


def _results(document: Mapping[str, Any]) -> Sheet:
    wanted = _columns(document)
    rows = [
        (
            row["name"],
            *_cells(document["scores"][row["name"]]["network"], wanted),
            "; ".join(row["violations"]) or "ok",
        )
        for row in document["runs"]
    ]
    return Sheet(
        "The network's result", ("run", *(score.label for score in wanted), "state"), tuple(rows)
    )


def _controls(document: Mapping[str, Any]) -> Sheet:
    wanted = _columns(document)
    names = [name for name in scores.NAMES if name != "network"]
    rows = [
        (f"{run}: {scores.NAMES[name]}", *_cells(found[name], wanted))
        for name in names
        for run, found in document["scores"].items()
        if name in found
    ]
    return Sheet(
        "The controls of each run",
        ("run: estimator", *(score.label for score in wanted)),
        tuple(rows),
    )


def _cells(found: Mapping[str, float | None], wanted: list[scores.Score]) -> list[str]:
    return [scores.shown(found.get(score.key), score.digits) for score in wanted]


def _agreement(document: Mapping[str, Any]) -> Sheet:
    head = (
        "run beside the first",
        "pixels",
        "amplitude ratio",
        "amplitude r",
        "phase r",
        "complex NRMSE",
    )
    rows = [
        (
            f"{name} | {row['with']}",
            f"{row['pixels']:,}",
            *(
                scores.shown(row[key], 4)
                for key in ("amplitude_ratio", "amplitude_pearson_r", "phase_pearson_r", "nrmse")
            ),
        )
        for name, row in document["agreement"].items()
    ]
    reasons = [
        f"{name}: {row['reason']}" for name, row in document["agreement"].items() if row["reason"]
    ]
    return Sheet("The reconstructions beside each other", head, tuple(rows), "; ".join(reasons))


def _settings(document: Mapping[str, Any]) -> Sheet:
    names = _names(document)
    rows = [
        (row["key"], *(_setting(row["values"][name]) for name in names))
        for row in document["settings"]
    ]
    note = "" if rows else "No setting differs."
    return Sheet("Settings that differ", ("setting", *names), tuple(rows), note, numbers=False)


def _setting(row: Mapping[str, Any] | None) -> str:
    return "–" if row is None else f"{_plain(row['value'])} ({row['source']})"


def _environment(document: Mapping[str, Any]) -> Sheet:
    names = _names(document)
    rows = [
        (row["key"], *(_plain(row["values"][name]) for name in names))
        for row in document["environment"]
    ]
    return Sheet("Environments that differ", ("fact", *names), tuple(rows), numbers=False)


def _stages(document: Mapping[str, Any]) -> Sheet:
    names, found = _names(document), document["stages"]
    rows = []
    for row in (row for row in found if row["differs"]):
        values = [row["values"][name] for name in names]
        shown = [number(value, DIGITS) for value in values]
        rows.append(
            (
                f"{row['stage']}: {row['quantity']}",
                *shown,
                *(_quotient(one, values[0]) for one in values[1:]),
            )
        )
    quotients = ["second / first"] if len(names) == 2 else [f"{name} / first" for name in names[1:]]
    head = ("stage: quantity", *names, *quotients)
    equal = len(found) - len(rows)
    note = f"{equal} of {len(found)} numbers of the stages are equal to the last bit and not shown."
    first = document["first_stage_that_differs"]
    return Sheet(
        "Stages",
        head,
        tuple(rows),
        f"The first stage that differs is {first}. {note}" if first else note,
    )


def _quotient(value: float | None, first: float | None) -> str:
    return "–" if value is None or not first else f"{value / first:.4f}"


def _training(document: Mapping[str, Any]) -> Sheet:
    head = (
        "run",
        "epochs",
        "kept epoch",
        "smallest monitored value",
        "seconds",
        "CPU seconds",
        "peak MB",
    )
    rows = []
    for name in _names(document):
        row, cost = document["training"][name], document["cost"][name]
        told = (
            ("–", "–", "–")
            if row is None
            else (str(row["epochs"]), str(row["best_epoch"]), number(row["best"]))
        )
        spent = (
            f"{cost['seconds']:.1f}",
            f"{cost['cpu_seconds']:.1f}",
            f"{cost['peak_rss_mb']:.0f}",
        )
        rows.append((name, *told, *spent))
    return Sheet("Training and cost", head, tuple(rows))


def _names(document: Mapping[str, Any]) -> list[str]:
    return [row["name"] for row in document["runs"]]


def _plain(value: object) -> str:
    return (
        value
        if isinstance(value, str)
        else "–"
        if value is None
        else json.dumps(value, ensure_ascii=False)
    )

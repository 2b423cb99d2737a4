"""Tables and figures of the audit `hyperparameters`."""

from __future__ import annotations

from collections.abc import Collection

from ptyspec.checks.effective_values import DEFAULT, MATCH
from ptyspec.checks.hyperparameters_figures import effects, trainings
from ptyspec.checks.paired import METRICS, NONE
from ptyspec.checks.report import Audit
from ptyspec.checks.shown import Cell, ref

UPSTREAM = {
    "optimiser": "Adam, 1e-3",
    "schedule": "halved when val_loss has not fallen for 2 epochs, down to 1e-4",
    "stops": "when the training loss has not fallen for 3 epochs",
    "validation": "the last 5 % of the groups",
    "kept weights": "the last epoch's",
}
"""What upstream's code fixes itself and no dictionary says (facts 3.8)."""


def tables(report: Audit, kinds: Collection[str]) -> None:
    """Add what was set and what was carried out; `kinds` of the subjects."""
    rows = report.data["settings"]
    first, *others = next(iter(rows.values()))["values"]
    head = ["setting", first, *([] if first == DEFAULT else ["source"])]
    for name in others:
        head += [name, "source", f"{name} – {first}"]

    def row(key: str) -> list[Cell]:
        cells: list[Cell] = [key, ref("settings", key, "values", first, form=".6g")]
        if first != DEFAULT:
            cells.append(ref("settings", key, "sources", first))
        for name in others:
            cells += [
                ref("settings", key, "values", name, form=".6g"),
                ref("settings", key, "sources", name),
            ]
            cells.append(ref("settings", key, "delta", name, form="+.6g"))
        return cells

    order = sorted(rows, key=lambda key: all(part == MATCH for part in rows[key]["delta"].values()))
    report.table("Settings of training, different ones first", head, (row(key) for key in order))
    if report.data["runs"]:
        columns = ("epochs", "kept", "monitor", "groups", "seconds")
        report.grid("What was carried out", "runs", corner="run", columns=columns)
        runs, rates = report.data["runs"], report.data["rates"]
        report.figure(
            "training", "Monitor and learning rate, epoch by epoch.", lambda: trainings(runs, rates)
        )
    if report.data["undershoot"]:
        columns = (*METRICS, "gain", "scalar_with_gain")
        report.grid("Amplitude of the run", "undershoot", corner="run", columns=columns)
        report.note(
            "scalar_with_gain is what the least-squares scalar would be had the loader's gain stayed in the object: "
            "the scalar over the gain."
        )
    if {"legacy", "snapshot"} & set(kinds):
        report.table("What upstream's code fixes itself", ("what", "value"), UPSTREAM.items())
    if len(report.subjects) == 1:
        report.note(
            "With one subject nothing is compared, so that no experiment runs. docs/audits-hyperparameters.md shows "
            "the usual suspects (`python -m benchmarks hyperparameters`)."
        )


def experiment_tables(report: Audit) -> None:
    """Add the tables and the figure of the experiments in `data`."""
    found = report.data["experiments"]
    for facts in found.values():
        facts["count"] = len(facts["pairs"])
    done = {name: facts for name, facts in found.items() if facts["verdict"] != NONE}
    if not done:
        return

    def sides(name: str, metric: str, form: str) -> list[Cell]:
        means = [
            ref("experiments", name, "means", metric, side, form=".4f")
            for side in ("first", "second")
        ]
        return [
            *means,
            *(
                ref("experiments", name, "effect", metric, part, form=form)
                for part in ("mean", "low", "high")
            ),
        ]

    head = (
        "setting, first or second",
        "pairs",
        "scalar, first",
        "second",
        "factor",
        "low",
        "high",
        "share",
        "verdict",
    )
    report.table(
        "What each difference does to the least-squares scalar",
        head,
        (
            (
                name,
                ref("experiments", name, "count"),
                *sides(name, METRICS[0], ".4f"),
                ref("experiments", name, "share", "mean", form="+.2%"),
                ref("experiments", name, "verdict"),
            )
            for name in done
        ),
    )
    for metric in METRICS[1:]:
        columns = (
            "setting, first or second",
            f"{metric}, first",
            "second",
            "difference",
            "low",
            "high",
        )
        title = f"What each difference does to {metric}"
        report.table(title, columns, ((name, *sides(name, metric, "+.4f")) for name in done))
    report.figure(
        "effects",
        "Effect of each difference on the least-squares scalar, beside what would explain the undershoot.",
        lambda: effects(done),
    )
    report.note(
        "Experiments run on the smallest scenario that still trains the reference generator (32-pixel frames, one "
        "stage); low and high bound the effect (Student, 95 %, paired). The share is the logarithm of the factor over "
        "that of the smallest undershoot on record; half of it is asked for."
    )

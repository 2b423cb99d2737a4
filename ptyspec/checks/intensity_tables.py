"""What the audit `intensity` shows of its numbers."""

from __future__ import annotations

from typing import Any

from ptyspec.checks.report import Audit
from ptyspec.checks.shown import Cell, ref
from ptyspec.checks.stage_chain import SPLITS, STAGES

FORM = ".5g"


def tables(report: Audit) -> None:
    """Add all tables, in the order in which a reader asks."""
    names = list(report.data["stages"])
    _breaks(names, report)
    _stages(names, report)
    _steps(names, report)
    _gains(names, report)
    _scales(names, report)
    _invariants(names, report)
    _products(names, report)


def _breaks(names: list[str], report: Audit) -> None:
    report.table(
        "First step that breaks the symmetry",
        ("subject", "step", "known factor that it is off by", "gauge of the object"),
        (
            (name, ref("first_break", name), ref("explained", name), ref("reading", name))
            for name in names
        ),
    )


def _stages(names: list[str], report: Audit) -> None:
    report.table(
        "Mean amplitude by stage",
        ("subject", *STAGES),
        (
            (f"{name}, {split}", *(_cell(report, "stages", name, split, stage) for stage in STAGES))
            for name in names
            for split in SPLITS
        ),
    )


def _steps(names: list[str], report: Audit) -> None:
    keys = ("ratio", "allowed", "quotient", "limit", "kept")
    rows = [
        (name, split, step)
        for name in names
        for step, parts in report.data["steps"][name].items()
        for split in parts
    ]
    report.table(
        "Steps: observed ratio, the one it may have, their quotient and how far from 1 it may lie",
        ("subject: step", *keys),
        (
            (
                f"{name}, {split}: {step}",
                *(_cell(report, "steps", name, step, split, key) for key in keys),
            )
            for name, split, step in rows
        ),
    )


def _gains(names: list[str], report: Audit) -> None:
    head = ("subject", "used (train)", "used (test)", "own, train", "own, test", "1 - train / test")
    ours: list[tuple[Cell, ...]] = [
        (
            name,
            *(
                ref("gains", name, which, split, form=FORM)
                for which in ("used", "own")
                for split in SPLITS
            ),
            ref("gains", name, "own_difference", form=".2%"),
        )
        for name in names
    ]
    recorded: list[tuple[Cell, ...]] = [
        (f"recorded: {name}", "–", "–", "–", "–", ref("recorded_difference", name, form=".2%"))
        for name in report.data["recorded_difference"]
    ]
    report.table(
        "Gain: what is used, what each split would have had of its own", head, [*ours, *recorded]
    )


def _scales(names: list[str], report: Audit) -> None:
    columns = (
        "stored",
        "closed_form",
        "grouped_by_mean",
        "grouped_by_sum",
        "mean_over_sum",
        "gridsize",
    )
    report.table(
        "Intensity scale s: stored, of the data by split, closed form; of groups by mean, and by a sum over channels",
        (
            "subject",
            "stored s",
            "all data",
            "train",
            "test",
            "closed form",
            "groups, mean",
            "groups, sum",
            "mean / sum",
            "gridsize",
        ),
        (
            (
                name,
                ref("scales", name, columns[0], form=FORM),
                *(ref("scales", name, "derived", part, form=FORM) for part in ("all", *SPLITS)),
                *(ref("scales", name, column, form=FORM) for column in columns[1:]),
            )
            for name in names
        ),
    )


def _invariants(names: list[str], report: Audit) -> None:
    rows: dict[str, tuple[Any, ...]] = {
        "mean |prediction| / mean |truth|": ("gauge", "mean_ratio"),
        "least-squares scalar": ("gauge", "least_squares"),
        "the same of g x prediction, times g": ("gauge_of_gained", "times_gain"),
        "least-squares scalar of g x prediction": ("gauge_of_gained", "least_squares"),
        "level on the data": ("on_the_data", "level"),
        "true object, energy / measured (train)": ("oracle", "train", "energy"),
        "true object, energy / measured (test)": ("oracle", "test", "energy"),
        "true object, mean / measured (test)": ("oracle", "test", "mean"),
        "positions that explain a frame worse than its own": ("on_the_data", "own"),
        "oracle patches, Pearson's r": ("oracle_patches", "placed"),
        "oracle patches at shuffled positions": ("oracle_patches", "shuffled"),
        "covered part of the object's frame": ("coverage", "fraction"),
        "largest amplitude that the head must reach": ("reach", "need"),
        "the same in the gauge of g O": ("reach", "gained"),
        "ceiling of the head": ("reach", "ceiling"),
    }
    report.table(
        "Invariants",
        ("what", *names),
        (
            (what, *(_cell(report, part, name, *rest) for name in names))
            for what, (part, *rest) in rows.items()
        ),
    )


def _products(names: list[str], report: Audit) -> None:
    """Our product and figures for the prediction and for twice the prediction; the recorded products."""
    report.table(
        "Does the figure depend on the prediction?",
        ("figure", "prediction", "twice the prediction", "factor"),
        (
            (
                f"{name}: {what}",
                *(
                    ref("doubled", name, "rows", what, key, form=FORM)
                    for key in ("once", "twice", "factor")
                ),
            )
            for name in names
            for what in report.data["doubled"][name]["rows"]
        ),
    )
    report.grid(
        "The recorded chain product",
        "recorded_chains",
        columns=("recorded", "product_of_ratios", "prediction_doubled", "truth_over_raw"),
        form=FORM,
        corner="recorded run",
    )


def notes(report: Audit) -> None:
    """Add what the figures mean."""
    report.note(
        "The recorded 'normalization-invariant chain' multiplies adjacent ratios. It is mean(truth) / mean(raw) whatever "
        "was predicted: a property of object and probe, never near one, and no finding rests on it. The recorded "
        "products agree with their own ratios to the recorded digits."
    )
    report.note(
        "Least-squares scalar times g near one, with the scalar itself far from it, is the signature of a gain that "
        "stayed in the object; the scalar itself near one is that of a gain that left."
    )
    report.note(
        "Own gains of the splits differ by what their halves of the object absorb. The difference does no harm as long "
        "as both splits use one gain."
    )
    report.note(
        "A sum over the channels of a group in place of the mean makes the scale too small by the gridsize, the square "
        "root of the number of members."
    )
    report.note(
        "In the gauge of g O a sigmoid ends at one: upstream's ideal scenarios needed more. The object's own gauge has "
        "no gain in it, and the heads here are in units of a0."
    )
    report.note(
        "That a group's prediction does not depend on its batch (REASSEMBLY-BATCH-001) is evaluated by the audit "
        "`architecture`, on a network."
    )


def _cell(report: Audit, part: str, name: str, *rest: str) -> Cell:
    """A reference, or a dash where the subject has no such block."""
    found: Any = report.data[part][name]
    for key in rest:
        if found is None or key not in found:
            return "–"
        found = found[key]
    return ref(part, name, *rest, form=FORM)

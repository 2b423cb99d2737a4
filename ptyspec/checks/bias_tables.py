"""What the audit `bias` shows of its numbers."""

from __future__ import annotations

from ptyspec.checks.report import Audit
from ptyspec.checks.shown import Cell, Ref, pointer, ref

SAMPLE = ("mean", "median", "p05", "p95", "min", "max", "std")
SCORES = ("scalar", "mae", "nrmse", "mean_ratio", "pearson_r")
WHOLE = ("mae", "rmse", "pearson_r", "undershoot", "non_zero")
PARTS = {
    "before": ("mean squared error", ".3e"),
    "after": ("after the best scalar", ".3e"),
    "removed": ("removed", ".1%"),
    "level": ("level", ".1%"),
    "contrast": ("contrast", ".1%"),
    "structure": ("structure", ".1%"),
    "rest_floor": ("left after scalar and offset", ".1%"),
}
"""Keys of a decomposition with their column and format; shares are of the error before."""


def tables(report: Audit) -> None:
    """Add all tables; those of the subjects only where a subject has ratios."""
    if report.data["error"]:
        _distributions(report)
        _scalars(report)
        _parts(report)
    _gains(report)
    if report.data["whole_frame"]:
        report.grid(
            "Scored as the investigation did, over the whole frame: NO INFORMATION",
            "whole_frame",
            columns=WHOLE,
            corner="object",
        )


def _distributions(report: Audit) -> None:
    report.table(
        "Covered pixels of the object's frame",
        ("amplitude", *SAMPLE),
        (
            (f"{name}: {what}", *(ref("distributions", name, what, column) for column in SAMPLE))
            for name, found in report.data["distributions"].items()
            for what in found
        ),
    )


def _scalars(report: Audit) -> None:
    report.table(
        "Candidate scalars, each scored after multiplication",
        ("subject: scalar", *SCORES),
        (
            (
                f"{name}: {what}",
                *(Ref(pointer("scalars", name, what, key), ".4f") for key in SCORES),
            )
            for name, found in report.data["scalars"].items()
            for what in found
        ),
    )


def _parts(report: Audit) -> None:
    rows: list[tuple[str, tuple[str, ...]]] = []
    for name in report.data["error"]:
        rows.append((name, ("error", name)))
        rows += [
            (f"{name}: {other}", ("others", name, other)) for other in report.data["others"][name]
        ]
    head = ("object", *(column for column, _ in PARTS.values()))
    report.table(
        "What the squared error consists of, and what the best scalar removes; the run's controls beside it",
        head,
        (
            (label, *(ref(*place, key, form=form) for key, (_, form) in PARTS.items()))
            for label, place in rows
        ),
    )


def _gains(report: Audit) -> None:
    keys = ("gain", "least_squares", "scalar_times_gain")
    rows: list[tuple[Cell, ...]] = [
        (name, *(ref("error", name, key) for key in keys)) for name in report.data["error"]
    ]
    for name, row in report.data["recorded"].items():
        for which in ("least", "most") if row["most"] != row["least"] else ("least",):
            label = f"recorded: {name}" + (", another report" if which == "most" else "")
            rows.append(
                (
                    label,
                    *(ref("recorded", name, key) for key in ("gain", which, f"{which}_times_gain")),
                )
            )
    report.table("Least-squares scalar and gain", ("run", "gain g", "scalar", "scalar x g"), rows)


def notes(report: Audit) -> None:
    """Add what the figures mean."""
    if not report.data["error"]:
        return
    report.note(
        "A positive scalar cannot change Pearson's r: the column is the same for all candidates of a subject. Level is "
        "what a scalar can set right; structure is what no scalar and no offset can."
    )
    report.note(
        "A least-squares scalar near 1/g (scalar x g near one) says that the loader's gain stayed in the object, as in the "
        "recorded runs; near one (scalar x g near g) it left."
    )
    report.note(
        "The whole-frame numbers of a network and of the truth itself are alike wherever both cover the same part of the "
        "frame: they measure coverage."
    )

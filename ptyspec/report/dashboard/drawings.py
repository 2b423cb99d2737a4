"""Which curves a card and the trend show, and where the marks of a stage table lie."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ptyspec.report.dashboard.svg import Line, chart, interval
from ptyspec.scores import headline as scores

Row = Mapping[str, Any]


def training(run: Row) -> Markup:
    """Return loss and validation loss an epoch, with the epoch whose weights were kept; empty without training."""
    found = run["training"]
    if not found:
        return Markup("")
    lines = [
        Line("training", "network", found["epochs"], found["loss"], marks=True),
        Line("validation", "untrained", found["epochs"], found["val_loss"], marks=True),
    ]
    return chart(
        f"loss of {run['name']} by epoch",
        lines,
        xlabel="epoch",
        log=True,
        at=found["best_epoch"],
        whole=True,
    )


def rings(run: Row) -> Markup:
    """Return the Fourier ring correlation of every estimator."""
    order = [name for name in (*scores.NAMES, *run["rings"]) if name in run["rings"]]
    lines = [
        Line(
            scores.NAMES.get(name, name),
            name if name in scores.NAMES else "other",
            run["rings"][name]["frequency"],
            run["rings"][name]["curve"],
        )
        for name in dict.fromkeys(order)
    ]
    title = f"Fourier ring correlation of {run['name']}"
    return chart(
        title, lines, xlabel="spatial frequency / Nyquist", y=(-0.05, 1.05), levels=[(0.5, "0.5")]
    )


def levels(run: Row) -> dict[tuple[str, str], float]:
    """Return where the mean of each array lies on one logarithmic axis, 0 to 100, by stage and array."""
    means = {
        (stage["name"], name): array["mean"]
        for stage in run["stages"]
        for name, array in stage["arrays"].items()
    }
    if not means:
        return {}
    low, high = math.log10(min(means.values())), math.log10(max(means.values()))
    room = high - low or 1.0
    return {place: round(100 * (math.log10(mean) - low) / room, 1) for place, mean in means.items()}


def effect(row: Row, brief: bool = False) -> Markup:
    """Return a hypothesis' effect with its interval, drawn against its margin; without words where it is brief."""
    found = row.get("effect") or {}
    value, low, high = (found.get(key) for key in ("value", "low", "high"))
    if value is None:
        return Markup("")
    between = f", interval {low:.3g} to {high:.3g}" if low is not None and high is not None else ""
    margin = row.get("margin")
    said = f"effect {value:.3g}{between}" + (f", margin {margin:.3g}" if margin is not None else "")
    return interval(value, low, high, margin, said, brief)


def trends(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the charts of the trend: clauses, kill rate, hypotheses, ratios of the scenarios; none for one report."""
    if len(rows) < 2:
        return []
    places = list(range(1, len(rows) + 1))

    def line(label: str, kind: str, key: str) -> Line:
        return Line(label, kind, places, [row["headline"].get(key) for row in rows], marks=True)

    found = [
        (
            "clauses",
            [
                line("passed", "good", "passed"),
                line("partly run", "iterative", "partly run"),
                line("failed", "bad", "failed"),
                line("not run", "untrained", "not run"),
            ],
            None,
        ),
        ("kill rate", [line("killed faults", "network", "kill_rate")], (0.0, 1.05)),
        (
            "hypotheses",
            [
                line("confirmed", "good", "CONFIRMED"),
                line("ruled out", "network", "RULED OUT"),
                line("open", "untrained", "OPEN"),
            ],
            None,
        ),
        ("mean ratio of the scenarios", _ratios(rows, places), None),
    ]
    return [
        {"name": name, "svg": drawn, "lines": lines}
        for name, lines, y in found
        if (drawn := chart(f"{name} by report", lines, xlabel="report", y=y, whole=True))
    ]


def _ratios(rows: Sequence[Row], places: Sequence[int]) -> list[Line]:
    kinds = ("network", "untrained", "iterative", "refined", "flat_start", "trivial")
    names = list(dict.fromkeys(name for row in rows for name in row.get("mean_ratio", {})))[
        : len(kinds)
    ]
    return [
        Line(name, kind, places, [row.get("mean_ratio", {}).get(name) for row in rows], marks=True)
        for name, kind in zip(names, kinds, strict=False)
    ]

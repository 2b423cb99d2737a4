"""The tables of docs/investigation.md, from committed evidence alone: `python -m benchmarks investigation [--write]`."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from functools import cache
from statistics import mean, stdev

from benchmarks.measure import ROOT
from ptyspec.experiments import registry
from ptyspec.experiments.hypothesis import Observable
from ptyspec.experiments.judge import Judgement, board, from_evidence
from ptyspec.experiments.records import BoardRow
from ptyspec.experiments.verdict import value_of
from ptyspec.render.table import markdown_table

PAGE = ROOT / "docs" / "investigation.md"
BELIEVED = {
    "H-CONFIG": "confirmed",
    "H-PROBE-IDEAL-REGRESSION": "ruled out",
    "H-GRIDSIZE-NUMERIC": "ruled out",
    "H-PROBE-SCALE-CUSTOM": "inspected",
    "H-INTENSITY-SCALE": "inspected",
    "H-OFFSET-OVERFLOW": "fixed",
    "H-GROUPING-KDTREE": "confirmed",
    "H-LOSS-WIRING": "open",
    "H-LEGACY-CODEPATH": "blocked",
    "H-SEED-DIVERGENCE": "controlled",
    "H-LOSS-WEIGHT": "primary suspect, then ruled out",
    "H-NORMALIZATION": "open",
    "H-TRAINING-PARAMS": "open",
    "H-ARCHITECTURE": "open",
    "H-NEPOCHS": "plausible, then ruled out",
    "AMPLITUDE-BIAS-001": "3 to 6 times too small, open",
}
"""The last word of the investigation's own reports; hypotheses that are not among them were not asked then."""
RECORDED = (
    ("gs1_ideal", "least-squares scalar", "1.71, 1.878", "scalar"),
    ("gs2_ideal", "least-squares scalar", "1.797 (30 epochs), 1.91, 2.017, 2.06", "scalar"),
    ("gs1_custom", "least-squares scalar", "3.746 (its summary: 1.85)", "scalar"),
    ("gs2_custom", "least-squares scalar", "never run (its summary: derived)", "scalar"),
    ("gs1_ideal", "gain", "0.560", "gain"),
    ("gs2_ideal", "gain", "0.577", "gain"),
    ("gs1_custom", "gain", "0.272", "gain"),
    ("gs1_ideal", "scalar x gain", "0.96, 1.05", "closure"),
    ("gs2_ideal", "scalar x gain", "1.04 (30 epochs), 1.10 to 1.19", "closure"),
    ("gs1_custom", "scalar x gain", "1.02", "closure"),
    ("gs2_custom", "scalar x gain", "never run", "closure"),
    ("gs1_ideal", "r of the recorded scorer", "0.102", "recorded_r"),
    ("gs2_ideal", "r of the recorded scorer", "0.138", "recorded_r"),
    ("gs1_custom", "r of the recorded scorer", "0.155", "recorded_r"),
    ("gs1_ideal", "r in the object frame", "not measured", "r"),
    ("gs2_ideal", "r in the object frame", "not measured", "r"),
    ("gs1_custom", "r in the object frame", "not measured", "r"),
)
"""Scenario, quantity, what the reports of January hold (facts 0.1, 5.2), our observable."""
BLOCK = re.compile(r"(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)", re.DOTALL)


def main(words: list[str]) -> int:
    """Print the tables, or write them into the page."""
    if words[:1] == ["--write"]:
        PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    else:
        sys.stdout.write("\n".join(f"## {name}\n\n{text}" for name, text in blocks().items()))
    return 0


def filled(page: str) -> str:
    """Return the page with every block made again."""
    made = blocks()
    return BLOCK.sub(lambda found: f"{found[1]}{made[found[2]]}{found[3]}", page)


@cache
def blocks() -> dict[str, str]:
    """Return each table by the name of its block."""
    asked = [name for name in registry.names() if name in BELIEVED]
    rest = [name for name in registry.names() if name not in BELIEVED]
    return {
        "asked": _verdicts(asked),
        "new": _verdicts(rest),
        "recorded": _recorded(),
        "ideal": _factorial("ideal"),
        "custom": _factorial("custom"),
    }


def _text(rows: Iterable[str]) -> str:
    return "\n".join(rows) + "\n"


def _verdicts(names: Iterable[str]) -> str:
    rows = {row.id: row for row in board().hypotheses}
    cells = [_verdict(rows[name]) for name in names]
    return _text(
        markdown_table(
            ["hypothesis", "claim", "believed in January", "verdict", "effect", "pairs"],
            cells,
            numbers=False,
        )
    )


def _verdict(row: BoardRow) -> list[str]:
    effect = row.effect
    span = (
        "–" if effect.value is None else f"{effect.value:.3g} [{effect.low:.3g}, {effect.high:.3g}]"
    )
    if effect.factor is not None:
        span += f", a factor of {effect.factor:.3g}"
    return [
        f"[{row.id}](../{row.file})",
        row.claim,
        BELIEVED.get(row.id, "not asked"),
        f"**{row.verdict}**",
        f"[{span}](../specs/hypotheses/evidence/{row.id}.json); margin {row.margin:g}",
        str(row.n),
    ]


@cache
def _judged(name: str) -> Judgement:
    return from_evidence(name, registry.folder())


def _numbers(name: str, arm: str, observable: str) -> list[float]:
    """An observable of an arm at every seed, on its own scale."""
    found = _judged(name)
    plain = {
        "scalar": found.hypothesis.observable,
        "": found.hypothesis.observable,
        **found.hypothesis.observables,
    }
    asked: Observable = plain[observable].model_copy(update={"transform": "identity"})
    values = [
        value_of(row, asked) for row in found.evidence.rows if row.arm == arm and row.repeat == 0
    ]
    return [value for value in values if isinstance(value, float)]


def _spread(name: str, arm: str, observable: str) -> str:
    """Mean and standard deviation over the seeds, linked to the evidence."""
    values = _numbers(name, arm, observable)
    told = f"{mean(values):.3f} ± {stdev(values):.3f}" if len(values) > 1 else "–"
    return f"[{told}](../specs/hypotheses/evidence/{name}.json)"


def _seeds(name: str) -> int:
    return len(registry.hypothesis(name).design.seeds)


def _recorded() -> str:
    name = "AMPLITUDE-BIAS-001"
    cells = [
        [scenario, what, said, _spread(name, scenario, ours)]
        for scenario, what, said, ours in RECORDED
    ]
    ours = f"recipe january, mean ± standard deviation of {_seeds(name)} seeds"
    return _text(
        markdown_table(["scenario", "quantity", "recorded in January", ours], cells, numbers=False)
    )


def _factorial(probe: str) -> str:
    cells = []
    for combiner in ("polar", "cartesian"):
        for head in ("free", "bounded"):
            for gain in ("undone", "kept"):
                arm = f"{probe}_{combiner}_{head}_{gain}"
                numbers = [
                    _spread("H-FACTORIAL", arm, name)
                    for name in ("", "closure", "structure", "detail")
                ]
                cells.append([combiner, head, gain, *numbers])
    head = [
        "combiner",
        "head",
        "gain",
        f"mean ratio ({_seeds('H-FACTORIAL')} seeds)",
        "scalar x gain",
        "amplitude r",
        "high-pass r",
    ]
    return _text(markdown_table(head, cells, numbers=False))

"""`python -m benchmarks legacy`: CONFIG-001 violated on purpose, and what each violation does; the table of docs/legacy.md."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

COLUMNS = {
    "violation": lambda row: row["violation"],
    "what happened": lambda row: row["story"],
    "strict mode refuses at": lambda row: f"{row['refused_at']} ({_keys(row['stale'])})",
    "observed": lambda row: row["outcome"],
    "groups declared": lambda row: _shape(row["shape_declared"]),
    "groups used": lambda row: _shape(row["shape"]),
    "scale": lambda row: _number(row["scale_ratio"]),
    "loss": lambda row: _number(row["loss_ratio"]),
    "loss in counts": lambda row: _number(row["deviance_ratio"]),
    "least-squares scalar": lambda row: _pair(
        row["least_squares_scalar_declared"], row["least_squares_scalar"]
    ),
    "amplitude changes by": lambda row: _number(row["amplitude_changed"]),
}


def main(words: list[str]) -> int:
    """Print the table in Markdown; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks legacy", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="VIOLATION", help="default: all of them")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows, unrounded")
    asked = parser.parse_args(words)
    from ptyspec.runs.threads import default_threads, set_threads

    set_threads(default_threads())  # before anything imports a numerical library
    from ptyspec.files.jsonfile import write_json
    from ptyspec.legacy.violations import VIOLATIONS, table

    unknown = sorted(set(asked.names) - set(VIOLATIONS))
    if unknown:
        parser.error(f"no violation is called {', '.join(unknown)}; known: {', '.join(VIOLATIONS)}")
    found = table(tuple(asked.names))
    print(f"| {' | '.join(COLUMNS)} |\n|{' --- |' * len(COLUMNS)}")
    for row in found["rows"]:
        print(f"| {' | '.join(cell(row) for cell in COLUMNS.values())} |")
    if asked.json is not None:
        write_json(asked.json, found)
    return 0


def _keys(keys: list[str]) -> str:
    return ", ".join(keys) if len(keys) <= 6 else f"{len(keys)} entries"


def _shape(shape: list[int]) -> str:
    return " × ".join(map(str, shape)) or "–"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _pair(first: Any, second: Any) -> str:
    return f"{_number(first)} → {_number(second)}"

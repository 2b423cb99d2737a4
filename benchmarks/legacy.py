"""`python -m benchmarks legacy`: CONFIG-001 violated on purpose, and what each violation does; the table of docs/legacy.md."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ptyspec.contracts.bundles import Array
    from ptyspec.contracts.scenario import Scenario
    from ptyspec.legacy.violations import Violation, Walked

SCHEMA_VERSION = 1

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
    from ptyspec.legacy.violations import VIOLATIONS

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


def table(names: tuple[str, ...] = ()) -> dict[str, Any]:
    """Run the violations (all, or those named) and return their rows; nothing is written and nothing is kept."""
    from ptyspec.legacy.violations import VIOLATIONS

    known: dict[str, Walked] = {}
    rows = [row(name, VIOLATIONS[name], known) for name in names or VIOLATIONS]
    return {"schema_version": SCHEMA_VERSION, "rows": rows}


def row(name: str, violation: Violation, known: dict[str, Walked]) -> dict[str, Any]:
    """Return one row: as declared, as it came out, and what strict mode says to it; `known` collects right walks."""
    from ptyspec.legacy.bridge import ConfigSyncError
    from ptyspec.legacy.pipeline import LegacyPipeline
    from ptyspec.legacy.violations import bound, walk

    declared = violation.declared()
    right = _right(declared, known)
    lax = LegacyPipeline(violation.dictionary(), strict=False)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", UserWarning
        )  # Keras's advice on a model that its input does not fit
        wrong = walk(lax, declared, bound(violation.before, lax.cfg))
    tight = LegacyPipeline(violation.dictionary())
    refused = walk(tight, declared, bound(violation.before, tight.cfg)).error
    stale = refused.stale if isinstance(refused, ConfigSyncError) else ()
    same = (
        None
        if violation.earlier is None
        else _same(wrong.object, _right(violation.earlier(), known).object)
    )
    return {
        "violation": name,
        "story": violation.story,
        "refused_at": refused.stage if isinstance(refused, ConfigSyncError) else None,
        "stale": [entry.key for entry in stale],
        "first_stale": str(stale[0]) if stale else "",
        "outcome": "silent"
        if wrong.error is None
        else f"{type(wrong.error).__name__} at {wrong.stage}",
        "shape_declared": list(right.shape),
        "shape": list(wrong.shape),
        "scale_ratio": _ratio(wrong.scale, right.scale),
        "loss_ratio": _ratio(wrong.loss, right.loss),
        "deviance_ratio": _ratio(wrong.deviance, right.deviance),
        "least_squares_scalar_declared": right.scalar,
        "least_squares_scalar": wrong.scalar,
        "amplitude_changed": _changed(wrong.object, right.object),
        "object_of_the_config_before": same,
    }


def _right(scenario: Scenario, known: dict[str, Walked]) -> Walked:
    from ptyspec.legacy.pipeline import LegacyPipeline
    from ptyspec.legacy.violations import walk

    key = scenario.model_dump_json()
    if key not in known:
        known[key] = walk(LegacyPipeline(), scenario)
    return known[key]


def _ratio(value: float | None, reference: float | None) -> float | None:
    return None if value is None or reference is None else value / reference


def _changed(value: Array | None, reference: Array | None) -> float | None:
    """Relative rms difference of the amplitudes where both cover: islands of a scan have free phases. None: no object."""
    if value is None or reference is None or value.shape != reference.shape:
        return None
    import numpy as np

    both = np.isfinite(value) & np.isfinite(reference)
    a, b = np.abs(value[both].astype(np.complex128)), np.abs(reference[both].astype(np.complex128))
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def _same(first: Array | None, second: Array | None) -> bool:
    from ptyspec.contracts.bundles import array_digest

    return first is not None and second is not None and array_digest(first) == array_digest(second)


def _keys(keys: list[str]) -> str:
    return ", ".join(keys) if len(keys) <= 6 else f"{len(keys)} entries"


def _shape(shape: list[int]) -> str:
    return " × ".join(map(str, shape)) or "–"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def _pair(first: Any, second: Any) -> str:
    return f"{_number(first)} → {_number(second)}"

"""A whole run, as a user starts it: from command to report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.measure import PTYSPEC, Row, child_or_raise, scratch

COMMAND = ("run", "gs1_custom", "--profile", "standard", "--json")


def measure() -> list[Row]:
    """Run the standard scenario once in an empty store, with the threads a user gets."""
    with scratch() as home:
        done = child_or_raise((*PTYSPEC, *COMMAND), {"PTYSPEC_HOME": str(home)})
        told = json.loads(done.stdout)
        stages = _stages(Path(told["run"]))
    scores = {key: told["metrics"][key] for key in ("mean_ratio", "amplitude_r")}
    notes = {
        "cpu_s": done.spent.cpu,
        **scores,
        **{f"{name}_s": seconds for name, seconds in stages.items()},
    }
    what = "ptyspec run gs1_custom --profile standard"
    return [
        Row(what, done.spent.wall, "s", 120, notes=notes),
        Row(f"{what}, memory", done.peak_rss_mb, "MB", 1500),
    ]


def _stages(folder: Path) -> dict[str, float]:
    records: list[dict[str, Any]] = json.loads(
        (folder / "stages.json").read_text(encoding="utf-8")
    )["stages"]
    return {record["name"]: record["seconds"] for record in records}

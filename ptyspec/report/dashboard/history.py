"""What former reports said, a few numbers each: one small file a report in the run store, never changed afterwards."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ptyspec.errors import PtyspecError
from ptyspec.files.disk import make_folder
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.report.dashboard.clauses import COUNTS

FOLDER = Path("reports") / "history"
FORMER = {"pass": "passed", "fail": "failed", "uncovered": "not run"}
"""Words of older reports."""
LATEST = 60
"""So many reports make the trend."""


def row_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a report."""
    ratios = {
        key: row["scores"].get("network", {}).get("mean_ratio")
        for key, row in content["runs"].items()
    }
    return {
        "schema_version": 1,
        "time": content["time"],
        "status": content["status"],
        "commit": content["environment"]["commit"],
        "headline": dict(content["headline"]),
        "mean_ratio": {content["runs"][key]["name"]: value for key, value in ratios.items()},
    }


def former(store: Path) -> list[dict[str, Any]]:
    """Return the latest former reports, oldest first; a file that is no such row is left out."""
    rows = []
    for path in sorted((store / FOLDER).glob("*.json"))[-LATEST:]:
        try:
            row = read_json(path)
        except PtyspecError:
            continue
        if isinstance(row, dict) and isinstance(row.get("headline"), dict) and "time" in row:
            rows.append(row | {"headline": _renamed(row["headline"])})
    return rows


def _renamed(headline: Mapping[str, Any]) -> dict[str, Any]:
    """The headline of an older report in today's words."""
    names = {FORMER.get(name, name): value for name, value in headline.items()}
    return {**dict.fromkeys(COUNTS, 0), **names}


def append(store: Path, row: Mapping[str, Any]) -> Path:
    """Add a report's row to the history; two reports in one second are two files."""
    folder = make_folder(store / FOLDER)
    stamp = str(row["time"]).replace(":", "").replace("+0000", "Z")
    path = folder / f"{stamp}-{uuid.uuid4().hex[:8]}.json"
    write_json(path, dict(row))
    return path

"""The record of a run, as the checker of a report's numbers reads it: from the run's files, or from a run in memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.checks.verdict import verdict_of
from ptyspec.contracts.run import RunResult
from ptyspec.files.jsonfile import to_json
from ptyspec.runs.finished_run import FinishedRun
from tests.fake_run import judged

JSON = ("metrics", "stages", "history", "scenario", "environment")


def stored(folder: Path) -> dict[str, Any]:
    """The record of a run as its files hold it."""
    record: dict[str, Any] = {
        name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in JSON
    }
    record["verdict"] = verdict_of(FinishedRun(folder)).as_json()
    with np.load(folder / "scan.npz") as scan, np.load(folder / "reconstruction.npz") as made:
        return record | {
            "scan": {key: scan[key] for key in ("diff3d", "scale")},
            "object": made["object"],
        }


def computed(result: RunResult) -> dict[str, Any]:
    """The same record of a run that was not written."""
    parts = {
        "metrics": result.metrics,
        "stages": {"stages": list(result.stages)},
        "history": result.history,
        "scenario": result.resolved.as_json(),
        "environment": result.environment,
    }
    record = {name: json.loads(to_json(part)) for name, part in parts.items()}
    record["verdict"] = judged(result).as_json()
    scan = {"diff3d": result.scan.diff3d, "scale": result.scan.scale}
    return record | {"scan": scan, "object": result.reconstruction.object}

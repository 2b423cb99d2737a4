"""The JSON schemas of all documents, made from their models; `python -m docs.site.write_schemas` writes docs/schemas."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ptyspec.checks.report import AuditFile, HubFile
from ptyspec.contracts.records import (
    Environment,
    FileList,
    History,
    Metrics,
    ScenarioFile,
    StagesFile,
)
from ptyspec.experiments.records import Board, Evidence, HistoryFile, JudgementFile
from ptyspec.explanations.explanation import Explanation
from ptyspec.faults.result import Campaign
from ptyspec.files.jsonfile import write_json
from ptyspec.report.comparison import Comparison
from ptyspec.report.dashboard.document import Report
from ptyspec.report.scoreboard import CheckFile, Scoreboard

DRAFT = "https://json-schema.org/draft/2020-12/schema"
DOCUMENTS: dict[str, Any] = {
    "scenario": ScenarioFile,
    "environment": Environment,
    "stages": StagesFile,
    "history": History | None,
    "metrics": Metrics,
    "files": FileList,
    "audit": AuditFile,
    "hub": HubFile,
    "comparison": Comparison,
    "explanation": Explanation,
    "hypotheses": Board,
    "judgement": JudgementFile,
    "evidence": Evidence,
    "verdicts": HistoryFile,
    "report": Report,
    "campaign": Campaign,
    "check": CheckFile,
    "scoreboard": Scoreboard,
}


def schemas() -> dict[str, dict[str, Any]]:
    """Return every schema by the name of its document."""
    found = {
        name: TypeAdapter(model).json_schema(mode="serialization")
        for name, model in DOCUMENTS.items()
    }
    return {name: {"$schema": DRAFT, **schema, "title": name} for name, schema in found.items()}


def write_schemas(folder: Path) -> list[Path]:
    """Write every schema into `folder` (created if absent) and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {folder / f"{name}.schema.json": schema for name, schema in schemas().items()}
    for path, schema in paths.items():
        write_json(path, schema)
    return list(paths)


if __name__ == "__main__":
    for written in write_schemas(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/schemas")):
        print(written)

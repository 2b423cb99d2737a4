"""JSON schemas of a run's files, of audits, hubs, comparisons and fault campaigns, published under docs/schemas; `python -m ptyspec.report.schemas` writes them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ptyspec.contracts.records import SCHEMA_VERSION, History, StageRecord
from ptyspec.files.jsonfile import write_json

DRAFT = "https://json-schema.org/draft/2020-12/schema"
NUMBER = {"type": ["number", "null"]}
TEXT = {"type": "string"}
VERSION = {"const": SCHEMA_VERSION}

AMPLITUDE = (
    "mean_ratio",
    "least_squares_scalar",
    "pearson_r",
    "highpass_pearson_r",
    "ssim",
    "mae",
    "rmse",
    "max_abs",
)
SCORES: dict[str, tuple[str, ...]] = {
    "amplitude": AMPLITUDE,
    "phase": ("pearson_r", "mae"),
    "complex": ("nrmse", "correlation_mean_free"),
    "data": ("r_factor", "poisson_deviance_per_pixel"),
}
"""Numbers (or null) that a block holds where it is present: the words of metrics.json that others may rely on."""
RINGS = ("frequency", "curve", "half_bit", "first_crossing_half", "last_crossing_half")
CONTROLS = ("trivial", "untrained", "iterative")
ENVIRONMENT = (
    "versions",
    "backend",
    "threads",
    "onednn",
    "cpu",
    "platform",
    "seeds",
    "commit",
    "faults",
)


def schemas() -> dict[str, dict[str, Any]]:
    """Return every schema by file name."""
    stages = TypeAdapter(tuple[StageRecord, ...]).json_schema(mode="serialization")
    definitions = stages.pop("$defs")
    from ptyspec.checks.schema import audit_schema, hub_schema  # they use what stands below
    from ptyspec.experiments import schema as evidence
    from ptyspec.explain.schema import explanation_schema
    from ptyspec.faults.schema import campaign_schema
    from ptyspec.report.comparison_schema import comparison_schema
    from ptyspec.report.dashboard.schema import dashboard_schema

    history = TypeAdapter(History | None).json_schema(mode="serialization")
    return {
        "scenario.schema.json": _document(
            "scenario.json", "Every effective setting and where it came from.", _scenario()
        ),
        "environment.schema.json": _document(
            "environment.json", "What must be equal for equal bits.", _environment()
        ),
        "stages.schema.json": _document(
            "stages.json",
            "One record a stage.",
            {**object_of({"schema_version": VERSION, "stages": stages}), "$defs": definitions},
        ),
        "history.schema.json": _document(
            "history.json", "One row an epoch; null without training.", history
        ),
        "metrics.schema.json": _document(
            "metrics.json", "Scores beside those of the controls.", _metrics()
        ),
        "audit.schema.json": _document(
            "KIND.json", "One audit: data, and what points into them.", audit_schema()
        ),
        "hub.schema.json": _document("hub.json", "All audits of some subjects.", hub_schema()),
        "comparison.schema.json": _document(
            "compare.json", "Finished runs side by side.", comparison_schema()
        ),
        "campaign.schema.json": _document(
            "campaign.json", "Which clauses go red under which fault.", campaign_schema()
        ),
        "explanation.schema.json": _document(
            "explanation.json", "Why BAD shows a symptom that GOOD does not.", explanation_schema()
        ),
        "hypotheses.schema.json": _document(
            "ptyspec hypotheses --json",
            "Every hypothesis and its verdict.",
            evidence.board_schema(),
        ),
        "judgement.schema.json": _document(
            "ptyspec judge --json", "One hypothesis and what follows.", evidence.judgement_schema()
        ),
        "evidence.schema.json": _document(
            "evidence/H-ID.json", "What a verdict rests on, run by run.", evidence.evidence_schema()
        ),
        "verdicts.schema.json": _document(
            "history/H-ID.json",
            "The verdicts of a hypothesis, each sealed.",
            evidence.verdict_history_schema(),
        ),
        "report.schema.json": _document(
            "report.json", "All that a dashboard says.", dashboard_schema()
        ),
    }


def write_schemas(folder: Path) -> list[Path]:
    """Write every schema into `folder` (created if absent) and return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        write_json(folder / name, schema)
    return [folder / name for name in schemas()]


def metrics_faults(metrics: Mapping[str, Any]) -> list[str]:
    """Return what makes this not the content of a metrics.json: missing keys, values of another type, no controls."""
    faults = _missing("", metrics, ("schema_version", "has_nan", "controls"))
    if "amplitude" not in metrics and "data" not in metrics:
        faults.append("neither amplitude nor data is scored")
    controls = metrics.get("controls") or {}
    faults += _missing("controls.", controls, CONTROLS)
    for name, block in {
        "": metrics,
        **{f"controls.{key}.": value for key, value in controls.items()},
    }.items():
        faults += _block_faults(name, block)
    return faults


def _block_faults(prefix: str, block: Mapping[str, Any]) -> list[str]:
    faults = []
    for part, keys in SCORES.items():
        content = block.get(part)
        if content is None or (
            content.get("reason") and part != "amplitude" and not set(keys) & set(content)
        ):
            continue
        faults += _missing(f"{prefix}{part}.", content, keys)
        faults += [
            f"{prefix}{part}.{key} is not a number or null"
            for key in keys
            if not isinstance(content.get(key), (int, float, type(None)))
            or isinstance(content.get(key), bool)
        ]
    for kind in ("amplitude", "complex"):
        if block.get("frc"):
            faults += _missing(f"{prefix}frc.{kind}.", block["frc"].get(kind) or {}, RINGS)
    return faults


def _missing(prefix: str, content: Mapping[str, Any], keys: Iterable[str]) -> list[str]:
    return [f"{prefix}{key} is missing" for key in keys if key not in content]


def _document(name: str, description: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"$schema": DRAFT, "title": name, "description": description, **schema}


def object_of(
    properties: Mapping[str, Any], required: Iterable[str] | None = None
) -> dict[str, Any]:
    """Return the schema of an object that has these properties, all of them unless `required` names some."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties if required is None else required),
    }


def _scenario() -> dict[str, Any]:
    row = {**object_of({"value": {}, "source": TEXT}), "additionalProperties": False}
    values = {"type": "object", "description": "by dotted key", "additionalProperties": row}
    return object_of({"schema_version": VERSION, "name": TEXT, "values": values})


def _environment() -> dict[str, Any]:
    facts = {key: {"type": "object"} for key in ("versions", "threads", "cpu", "seeds")}
    words = {
        key: {"type": ["string", "null"]} for key in ("backend", "onednn", "platform", "commit")
    }
    faults = {"type": "array", "items": TEXT, "description": "faults that were applied on purpose"}
    return object_of({"schema_version": VERSION, **facts, **words, "faults": faults})


def _metrics() -> dict[str, Any]:
    parts = {name: object_of(dict.fromkeys(keys, NUMBER)) for name, keys in SCORES.items()}
    ring = object_of({key: {} for key in RINGS})
    block = {
        **parts,
        "frc": object_of({"amplitude": ring, "complex": ring}),
        "has_nan": {"type": "boolean"},
    }
    one = {"type": "object", "properties": block}
    controls = {
        **object_of({key: {"$ref": "#/$defs/block"} for key in CONTROLS}),
        "additionalProperties": {"$ref": "#/$defs/block"},
    }
    return {
        **object_of(
            {
                "schema_version": VERSION,
                **block,
                "refined": {"anyOf": [{"$ref": "#/$defs/block"}, {"type": "null"}]},
                "controls": controls,
            },
            ("schema_version", "has_nan", "controls"),
        ),
        "$defs": {"block": one},
    }


if __name__ == "__main__":
    for written in write_schemas(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/schemas")):
        print(written)

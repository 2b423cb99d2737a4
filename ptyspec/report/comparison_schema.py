"""JSON schema of compare.json, published with those of a run under docs/schemas."""

from __future__ import annotations

from typing import Any

from ptyspec.report.schemas import NUMBER, TEXT, VERSION, object_of

TEXTS = {"type": "array", "items": TEXT}


def comparison_schema() -> dict[str, Any]:
    """Return the schema of compare.json; what is keyed by run has the names that `runs` lists."""
    run = object_of(
        {
            "name": TEXT,
            "scenario": TEXT,
            "folder": TEXT,
            "object": _maybe("string", "digest of the truth or the measured file"),
            "status": {"enum": ["ok", "violation"]},
            "violations": TEXTS,
            "faults": TEXTS,
        }
    )
    pair = {**object_of({"value": {}, "source": TEXT}), "additionalProperties": False}
    setting = object_of({"key": TEXT, "values": _by_run({"anyOf": [pair, {"type": "null"}]})})
    stage = object_of(
        {"stage": TEXT, "quantity": TEXT, "values": _by_run(NUMBER), "differs": {"type": "boolean"}}
    )
    beside = object_of(
        {
            "with": TEXT,
            "pixels": {"type": "integer", "minimum": 0},
            "reason": _maybe("string", "why a score is missing"),
            "amplitude_ratio": NUMBER,
            "amplitude_pearson_r": NUMBER,
            "phase_pearson_r": NUMBER,
            "nrmse": NUMBER,
        }
    )
    training = object_of(
        {
            "epochs": {"type": "integer"},
            "best_epoch": {"type": "integer"},
            "monitor": TEXT,
            "best": NUMBER,
        }
    )
    return object_of(
        {
            "schema_version": VERSION,
            "status": {"enum": ["ok", "violation", "incomplete"]},
            "runs": {"type": "array", "items": run, "minItems": 2},
            "same_object": {"type": "boolean"},
            "same_data": _maybe("boolean", "null where no record tells"),
            "limits": TEXTS,
            "scores": _by_run(_by_run(_by_run(NUMBER), "by estimator"), "by run"),
            "agreement": _by_run(beside),
            "settings": {"type": "array", "items": setting},
            "environment": {
                "type": "array",
                "items": object_of({"key": TEXT, "values": {"type": "object"}}),
            },
            "first_stage_that_differs": _maybe("string", "null where none does"),
            "stages": {"type": "array", "items": stage},
            "cost": _by_run(
                object_of({"seconds": NUMBER, "cpu_seconds": NUMBER, "peak_rss_mb": NUMBER})
            ),
            "training": _by_run({"anyOf": [training, {"type": "null"}]}),
        }
    )


def _maybe(kind: str, description: str) -> dict[str, Any]:
    return {"type": [kind, "null"], "description": description}


def _by_run(schema: dict[str, Any], description: str = "by run") -> dict[str, Any]:
    return {"type": "object", "description": description, "additionalProperties": schema}

"""JSON schema of a dashboard's report.json, published with the others under docs/schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ptyspec.checks.schema import COUNT, MAYBE, many
from ptyspec.contracts.stages import STAGES
from ptyspec.report.schemas import NUMBER, TEXT, object_of
from ptyspec.spec.clause import LEVELS, PLACES

WORDS = {"type": "array", "items": TEXT}
STATUS = {"enum": ["ok", "violation", "incomplete"]}
COUNTS = (
    "clauses",
    "pass",
    "fail",
    "uncovered",
    "cases",
    "CONFIRMED",
    "RULED OUT",
    "OPEN",
    "runs",
    "runs_with_violations",
    "violations",
)


def dashboard_schema() -> dict[str, Any]:
    """Return the schema of report.json."""
    headline = object_of({**dict.fromkeys(COUNTS, COUNT), "kill_rate": NUMBER})
    wrong = object_of(
        {
            "kind": {"enum": ["run", "clause", "fault", "audit"]},
            "of": TEXT,
            "clause": TEXT,
            "stage": TEXT,
            "what": TEXT,
            "observed": TEXT,
            "limit": TEXT,
            "link": {"type": "string", "pattern": "^#"},
            "severity": {"enum": ["violation", "note"]},
        }
    )
    past = object_of(
        {
            "schema_version": {"const": 1},
            "time": TEXT,
            "status": STATUS,
            "commit": MAYBE,
            "headline": headline,
            "mean_ratio": by_name(NUMBER),
        }
    )
    return object_of(
        {
            "schema_version": {"const": 1},
            "status": STATUS,
            "headline": headline,
            "time": TEXT,
            "wrong": many(wrong),
            "clauses": by_name(_clause()),
            "runs": by_name(_run()),
            "campaign": {"anyOf": [_campaign(), {"type": "null"}]},
            "hypotheses": by_name(
                object_of(
                    {
                        "id": TEXT,
                        "claim": TEXT,
                        "verdict": {"enum": ["CONFIRMED", "RULED OUT", "OPEN"]},
                    }
                )
            ),
            "audits": {
                "anyOf": [
                    object_of({"folder": TEXT, "status": TEXT, "kinds": {"type": "object"}}),
                    {"type": "null"},
                ]
            },
            "environment": {"type": "object", "description": "as environment.json of a run"},
            "outcomes_from": TEXT,
            "trend": {
                **many(past),
                "minItems": 1,
                "description": "former reports, oldest first, and this one",
            },
        }
    )


def _clause() -> dict[str, Any]:
    return object_of(
        {
            "title": TEXT,
            "level": {"enum": list(LEVELS)},
            "statement": TEXT,
            "tolerance": TEXT,
            "place": {"enum": list(PLACES)},
            "document": TEXT,
            "source": TEXT,
            "state": {"enum": ["pass", "fail", "uncovered"]},
            "detail": TEXT,
            "margin": {**NUMBER, "description": "largest share of the tolerance that a case used"},
            "cases": COUNT,
            "outcomes": by_name(COUNT),
            "failed": WORDS,
            "selectors": WORDS,
            "last": TEXT,
        }
    )


def _run() -> dict[str, Any]:
    finding = object_of(
        {
            "clause": TEXT,
            "stage": {"enum": list(PLACES)},
            "what": TEXT,
            "observed": TEXT,
            "limit": TEXT,
            "ok": {"enum": [True, False, None], "description": "null: this run cannot tell"},
            "source": TEXT,
        }
    )
    stage = object_of(
        {
            "name": {"enum": list(STAGES)},
            "seconds": NUMBER,
            "arrays": {"type": "object"},
            "numbers": by_name(NUMBER),
            "flags": {"type": "object"},
        }
    )
    return object_of(
        {
            "key": TEXT,
            "name": TEXT,
            "folder": TEXT,
            "status": {"enum": ["ok", "violation"]},
            "recipe": TEXT,
            "profile": TEXT,
            "faults": WORDS,
            "looks": TEXT,
            "findings": many(finding),
            "scores": by_name(by_name(NUMBER)),
            "stages": many(stage),
            "training": {"type": ["object", "null"]},
            "rings": {"type": "object"},
            "files": by_name(TEXT),
        }
    )


def _campaign() -> dict[str, Any]:
    fault = object_of(
        {
            "id": TEXT,
            "stage": TEXT,
            "story": TEXT,
            "status": TEXT,
            "reason": TEXT,
            "reached": COUNT,
            "missed": WORDS,
            "blind_red": WORDS,
            "red": {
                **by_name(COUNT),
                "description": "clauses that went red, and by how many cases",
            },
        }
    )
    return object_of(
        {
            "files": WORDS,
            "tiers": WORDS,
            "killed": COUNT,
            "valid": COUNT,
            "kill_rate": NUMBER,
            "survivors": WORDS,
            "unkilled": WORDS,
            "shares": by_name(by_name(NUMBER)),
            "missed": by_name(WORDS),
            "faults": by_name(fault),
        }
    )


def by_name(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an object whose values are all of one kind."""
    return {"type": "object", "additionalProperties": dict(schema)}

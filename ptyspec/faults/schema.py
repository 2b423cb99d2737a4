"""The JSON schema of campaign.json, published with the others under docs/schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ptyspec.faults.result import SCHEMA_VERSION, WAY

TEXT = {"type": "string"}
NUMBER = {"type": ["number", "null"]}
COUNT = {"type": "integer", "minimum": 0}
MAYBE = {"type": ["string", "null"]}
SECONDS = {"type": "number", "minimum": 0}
CLAUSE = {"type": "string", "pattern": r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-\d{3}$"}
SHARE = {**NUMBER, "description": "between 0 and 1; null where there is nothing to divide by"}
MODE = {"enum": ["full", "quick"]}
PLACE = {"enum": list(WAY)}
STATUS = ("killed", "survived", "invalid", "timeout", "infrastructure")


def campaign_schema() -> dict[str, Any]:
    """Return the schema of campaign.json."""
    by_fault = {"type": "object", "additionalProperties": many(CLAUSE)}
    return closed(
        {
            "schema_version": {"const": SCHEMA_VERSION},
            "status": {"enum": ["ok", "violation", "incomplete"]},
            "kill_rate": SHARE,
            "tier": {"enum": ["contract", "parity"]},
            "mode": MODE,
            "localised": SHARE,
            "specificity": SHARE,
            "survivors": many(TEXT),
            "not_judged": {"type": "object", "additionalProperties": {"enum": list(STATUS[2:])}},
            "blind_red": by_fault,
            "missed": by_fault,
            "must_clauses_without_a_kill": many(CLAUSE),
            "vacuous": many(CLAUSE),
            "redundant": {
                **many(many(CLAUSE)),
                "description": "clauses that went red under exactly the same faults",
            },
            "failing_without_a_fault": many(TEXT),
            "stages": many(_stage()),
            "clauses": many(_clause()),
            "faults": many(_fault()),
        }
    )


def _stage() -> dict[str, Any]:
    return closed(
        {"stage": PLACE, "valid": COUNT, "killed": COUNT, "kill_rate": SHARE, "localised": SHARE}
    )


def _clause() -> dict[str, Any]:
    return closed(
        {
            "id": CLAUSE,
            "level": {"enum": ["MUST", "SHOULD", "MAY"]},
            "place": PLACE,
            "cases": COUNT,
            "killed_by": many(TEXT),
            "kills": COUNT,
            "declared": COUNT,
            "kill_rate": SHARE,
        }
    )


def _fault() -> dict[str, Any]:
    return closed(
        {
            "id": TEXT,
            "stage": PLACE,
            "story": TEXT,
            "status": {"enum": list(STATUS)},
            "reason": TEXT,
            "mode": MODE,
            "reached": COUNT,
            "red": {
                "type": "object",
                "additionalProperties": many(TEXT),
                "description": "cases by the clause they turned red",
            },
            "declared_red": many(CLAUSE),
            "declared_green": many(CLAUSE),
            "first_red_stage": MAYBE,
            "missed": many(CLAUSE),
            "blind_red": many(CLAUSE),
            "seconds": SECONDS,
            "seconds_to_first_red": NUMBER,
        }
    )


def many(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a list."""
    return {"type": "array", "items": dict(schema)}


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an object of exactly these properties."""
    required = {"required": list(properties), "additionalProperties": False}
    return {"type": "object", "properties": dict(properties), **required}

"""JSON schema of explanation.json, published with the others under docs/schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ptyspec.contracts.stages import STAGES
from ptyspec.explain.explanation import SCHEMA_VERSION
from ptyspec.report.schemas import NUMBER, TEXT, object_of

NAMES = {"type": "array", "items": TEXT}
OUTCOME = {"enum": ["pass", "fail", "unresolved"]}
COUNT = {"type": "integer", "minimum": 0}
SECONDS = {"type": "number", "minimum": 0}
STAGE = {"enum": list(STAGES)}


def explanation_schema() -> dict[str, Any]:
    """Return the schema."""
    run = _closed({"outcome": OUTCOME, "number": NUMBER})
    claim = _closed(
        {
            "way": {"enum": ["adding", "removing", "hiding"]},
            "text": TEXT,
            "taken_over": NAMES,
            "expected": OUTCOME,
            "holds": {"type": "boolean"},
            "runs": _many(
                _closed(
                    {"seed": {"type": ["integer", "null"]}, "outcome": OUTCOME, "number": NUMBER}
                )
            ),
        }
    )
    proof = {
        "confirmed": {"enum": ["both ways", "one way", "not confirmed"]},
        "claims": _many(claim),
    }
    splice = _closed(
        {
            "good_stages": _many(STAGE),
            "bad_stages": _many(STAGE),
            "outcome": OUTCOME,
            "number": NUMBER,
            "how": {"enum": ["GOOD", "BAD", "run", "same as BAD"]},
        }
    )
    difference = _closed(
        {
            "name": TEXT,
            "good": {},
            "bad": {},
            "stages": _many(STAGE),
            "alone": _or_null(run),
            "left_out": _or_null(run),
        }
    )
    return _closed(
        {
            "schema_version": {"const": SCHEMA_VERSION},
            "status": {"enum": ["explained", "one way", "incomplete"]},
            "cause": {
                **_many(NAMES),
                "description": "independent causes, each the smallest set that fails in GOOD",
            },
            "stage": {
                "enum": [*STAGES, None],
                "description": "where the symptom enters; null: not asked or not one",
            },
            "good": TEXT,
            "bad": TEXT,
            "symptom": TEXT,
            "differences": _many(difference),
            "causes": _many(_closed({"members": NAMES, "alone": _or_null(run), **proof})),
            "masked": _many(
                _closed(
                    {
                        "members": NAMES,
                        "maskers": NAMES,
                        "alone": _or_null(run),
                        "with_maskers": _or_null(run),
                        **proof,
                    }
                )
            ),
            "best_so_far": _or_null(NAMES),
            "stages": _closed({"stages": _many(STAGE), "reason": TEXT, "splices": _many(splice)}),
            "shares": _or_null(_shares()),
            "runs": _closed(
                dict.fromkeys(
                    ("search", "repeats", "splices", "not_cached", "one_at_a_time"), COUNT
                )
            ),
            "seconds": SECONDS,
            "cpu_seconds": SECONDS,
            "trace": _many(
                _closed(
                    {
                        "run": COUNT,
                        "taken_over": NAMES,
                        "outcome": OUTCOME,
                        "number": NUMBER,
                        "why": TEXT,
                    }
                )
            ),
            "notes": NAMES,
        }
    )


def _shares() -> dict[str, Any]:
    factor = _closed(
        {"name": TEXT, "members": NAMES, "role": {"enum": ["cause", "hidden", "hides"]}}
    )
    return _closed(
        {
            "factors": _many(factor),
            "ground": NAMES,
            "reason": TEXT,
            "runs": _many(_closed({"factors": NAMES, "number": {"type": "number"}})),
            "scale": {"enum": ["log", "difference", None]},
            "total": NUMBER,
            "share": {"type": "object", "additionalProperties": {"type": "number"}},
            "interactions": _many(_closed({"factors": NAMES, "effect": {"type": "number"}})),
        }
    )


def _many(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(schema)}


def _or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [dict(schema), {"type": "null"}]}


def _closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {**object_of(properties), "additionalProperties": False}

"""JSON schemas of hypotheses: the board, a judgement, committed evidence and its history."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from ptyspec.experiments.history import Entry
from ptyspec.experiments.records import Evidence
from ptyspec.report.schemas import NUMBER, TEXT, object_of

VERSION = {"const": 1}
VERDICT = {"enum": ["CONFIRMED", "RULED OUT", "OPEN"]}
COUNT = {"type": "integer", "minimum": 0}
TEXTS = {"type": "array", "items": TEXT}
EFFECT = object_of({"value": NUMBER, "low": NUMBER, "high": NUMBER, "unit": TEXT, "factor": NUMBER})
NEEDED = {
    "type": ["integer", "null"],
    "description": "pairs that would settle it; null: none would, or nothing is open",
}


def evidence_schema() -> dict[str, Any]:
    """Return that of specs/hypotheses/evidence/H-ID.json."""
    return TypeAdapter(Evidence).json_schema(mode="serialization")


def verdict_history_schema() -> dict[str, Any]:
    """Return that of specs/hypotheses/history/H-ID.json."""
    entry = TypeAdapter(Entry).json_schema(mode="serialization")
    return object_of(
        {
            "schema_version": VERSION,
            "id": TEXT,
            "last": TEXT,
            "entries": {"type": "array", "items": entry},
        }
    )


def judgement_schema() -> dict[str, Any]:
    """Return that of `ptyspec judge H-ID --json`."""
    return object_of(
        {
            "schema_version": VERSION,
            **_said(),
            "claim": TEXT,
            "instrument": TEXT,
            "recorded": TEXT,
            "broken": TEXTS,
        }
    )


def board_schema() -> dict[str, Any]:
    """Return that of `ptyspec hypotheses --json`."""
    row = object_of(
        {
            **_said(),
            "title": TEXT,
            "claim": TEXT,
            "story": TEXT,
            "cost": {"enum": ["cheap", "dear"]},
            "alpha": {"type": "number"},
            "adjusted_p": NUMBER,
            "supersedes": TEXTS,
            "related": TEXTS,
            "file": TEXT,
            "history": {"type": "array", "items": _entry()},
            "records": {"type": "array", "items": _record()},
        }
    )
    counts = object_of(dict.fromkeys(VERDICT["enum"], COUNT))
    return object_of(
        {
            "schema_version": VERSION,
            "verdicts": counts,
            "hypotheses": {"type": "array", "items": row},
        }
    )


def _said() -> dict[str, Any]:
    contrasts = {"type": "array", "items": _contrast()}
    return {
        "verdict": VERDICT,
        "id": TEXT,
        "reason": TEXT,
        "blocked_by": TEXT,
        "effect": EFFECT,
        "margin": NUMBER,
        "margin_source": TEXT,
        "n": COUNT,
        "needed_n": NEEDED,
        "p": NUMBER,
        "contrasts": contrasts,
        "controls": contrasts,
        "scope": object_of({"varied": TEXTS, "held": TEXTS, "not_exercised": TEXTS}),
        "clauses": TEXTS,
    }


def _contrast() -> dict[str, Any]:
    states = ["as claimed", "refuted", "other way", "undecided", "no value"]
    return object_of(
        {
            "name": TEXT,
            "role": {"enum": ["effect", "remedy", "restored", "positive", "negative"]},
            "expect": {"enum": ["beyond", "within"]},
            "direction": {"enum": ["up", "down", "either"]},
            "margin": {"type": "number"},
            "n": COUNT,
            "state": {"enum": states},
            "reason": TEXT,
            "needed_n": NEEDED,
            "p": NUMBER,
            "effect": EFFECT,
        }
    )


def _entry() -> dict[str, Any]:
    texts = ("date", "reason", "supersedes", "why", "instrument", "digest")
    numbers = dict.fromkeys(("effect", "low", "high"), NUMBER)
    return object_of(
        {"verdict": VERDICT, "n": COUNT, "changed": TEXTS, **dict.fromkeys(texts, TEXT), **numbers}
    )


def _record() -> dict[str, Any]:
    key = {
        "type": ["string", "null"],
        "description": "observations/KEY.json in the run store; null for a probe",
    }
    return object_of({"seed": COUNT, "arm": TEXT, "value": NUMBER, "key": key, "outcome": TEXT})

"""JSON schemas of an audit and of a hub, published with those of a run under docs/schemas."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ptyspec.checks.hub import SCHEMA_VERSION as HUB_VERSION
from ptyspec.checks.hub import SEVERITY
from ptyspec.checks.registry import KINDS
from ptyspec.checks.report import SCHEMA_VERSION
from ptyspec.spec.finding import State

TEXT = {"type": "string"}
NUMBER = {"type": ["number", "null"]}
COUNT = {"type": "integer", "minimum": 0}
MAYBE = {"type": ["string", "null"]}
SECONDS = {"type": "number", "minimum": 0}
POINTER = {"type": "string", "pattern": "^/"}
CLAUSE = {"type": "string", "pattern": r"^[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-\d{3}$"}
KIND = {"enum": list(KINDS)}
OUTCOME = {"enum": [True, False, None], "description": "null: not evaluated, and limit says why"}
SUBJECT = {
    "name": TEXT,
    "kind": {"enum": ["scenario", "run", "snapshot", "legacy"]},
    "source": TEXT,
}


def audit_schema() -> dict[str, Any]:
    """Return the schema of KIND.json."""
    cell = {"anyOf": [TEXT, closed({"pointer": POINTER, "form": TEXT})]}
    table = closed({"title": TEXT, "head": many(TEXT), "rows": many(many(cell))})
    finding = closed(
        {
            "clause": CLAUSE,
            "stage": TEXT,
            "what": TEXT,
            "state": {"enum": [state.value for state in State]},
            "ok": OUTCOME,
            "observed": MAYBE,
            "limit": TEXT,
            "pointer": {**MAYBE, "description": "where the observed value lies"},
        }
    )
    figure = object_of(
        {"name": TEXT, "caption": TEXT, "file": MAYBE, "error": MAYBE}, ("name", "caption")
    )
    return closed(
        {
            "schema_version": {"const": SCHEMA_VERSION},
            "status": {"enum": ["ok", "violation", "incomplete"]},
            "kind": KIND,
            "question": TEXT,
            "control": {**MAYBE, "description": "the data were spoiled by it on purpose"},
            "violated": many(CLAUSE),
            "subjects": many(object_of(SUBJECT)),
            "data": {
                "type": "object",
                "description": "the facts; every number of the Markdown is one of them",
            },
            "tables": many(table),
            "findings": many(finding),
            "figures": many(figure),
            "notes": many(TEXT),
        }
    )


def hub_schema() -> dict[str, Any]:
    """Return the schema of hub.json."""
    error = closed({"subject": TEXT, "status": {"enum": ["not evaluated", "defect"]}, "text": TEXT})
    kind = closed(
        {
            "question": TEXT,
            "seconds": SECONDS,
            "json": MAYBE,
            "page": MAYBE,
            "holds": COUNT,
            "broken": COUNT,
            "not_evaluated": COUNT,
            "violated": many(CLAUSE),
            "subjects": {"type": "object", "additionalProperties": status()},
            "errors": many(error),
            "figures": many(TEXT),
        }
    )
    finding = closed(
        {
            "kind": KIND,
            "place": COUNT,
            "clause": CLAUSE,
            "ok": {"enum": [False, None]},
            "what": TEXT,
            "limit": TEXT,
            "pointer": MAYBE,
        }
    )
    cases = closed(
        {
            "state": TEXT,
            "collected": COUNT,
            "passed": COUNT,
            "failed": COUNT,
            "not_run": COUNT,
            "last": MAYBE,
            "selectors": many(TEXT),
        }
    )
    rule = closed(
        {
            "title": TEXT,
            "level": TEXT,
            "statement": TEXT,
            "source": TEXT,
            "tests": {"anyOf": [cases, {"type": "null"}]},
        }
    )
    file = closed(
        {"path": TEXT, "bytes": COUNT, "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}}
    )
    return closed(
        {
            "schema_version": {"const": HUB_VERSION},
            "status": status(),
            "command": TEXT,
            "time": TEXT,
            "environment": {"type": "object", "description": "as environment.json of a run"},
            "subjects": many(object_of({**SUBJECT, "settings": TEXT, "run": MAYBE})),
            "kinds": {"type": "object", "additionalProperties": kind},
            "findings": many(finding),
            "tests": closed(
                {"reason": MAYBE, "clauses": {"type": "object", "additionalProperties": rule}}
            ),
            "seconds": SECONDS,
            "files": many(file),
        }
    )


def object_of(
    properties: Mapping[str, Any], required: Iterable[str] | None = None
) -> dict[str, Any]:
    """Return the schema of an object that has these properties, all of them unless `required` names some."""
    names = list(properties if required is None else required)
    return {"type": "object", "properties": dict(properties), "required": names}


def status() -> dict[str, Any]:
    """Return the schema of a status, from worst to best."""
    return {"enum": list(SEVERITY)}


def many(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a list."""
    return {"type": "array", "items": dict(schema)}


def closed(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of an object of exactly these properties."""
    return {**object_of(properties), "additionalProperties": False}

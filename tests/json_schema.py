"""What in a document breaks its published schema, by the jsonschema library."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

PUBLISHED = Path(__file__).parents[1] / "docs" / "schemas"


@cache
def validator(name: str) -> Draft202012Validator:
    schema = json.loads((PUBLISHED / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def breaches(document: Any, name: str) -> list[str]:
    """Return each breach of docs/schemas/NAME.schema.json as `path: what`, without the document around it."""
    return [
        f"{error.json_path}: {error.message[:200]}"
        for error in validator(name).iter_errors(document)
    ]

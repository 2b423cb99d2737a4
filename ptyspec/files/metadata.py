"""Metadata as JSON text: what travels with a scan in words and numbers, never as a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ptyspec.errors import InputFileError, ScanDataError


def to_text(metadata: Mapping[str, Any]) -> str:
    """Return strict JSON; numpy scalars and arrays become numbers and lists, tuples lists.

    Raises ScanDataError for what JSON cannot hold: NaN, infinity, other objects, keys that are not text.
    """
    try:
        if not _text_keys(metadata):
            raise TypeError("a key is not text")
        return json.dumps(dict(metadata), allow_nan=False, default=_plain, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise ScanDataError(
            "the metadata cannot be stored as JSON",
            value=str(error),
            limit="finite numbers, text, lists, dictionaries",
            source="metadata",
            next_step="remove or convert the value",
        ) from error


def from_text(text: str, source: str) -> dict[str, Any]:
    """Return the dictionary that the JSON text holds; InputFileError if it is no JSON object."""
    try:
        value = json.loads(text)
    except ValueError as error:
        value = error
    if isinstance(value, dict):
        return value
    raise InputFileError(
        "the metadata is not JSON, or not a JSON object",
        value=str(value) if isinstance(value, ValueError) else type(value).__name__,
        limit="an object {...}",
        source=source,
        next_step="store json.dumps(dictionary) as a plain text array, or remove the key",
    )


def _plain(value: object) -> object:
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biufSU":
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON")


def _text_keys(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _text_keys(item) for key, item in value.items())
    return all(_text_keys(item) for item in value) if isinstance(value, (list, tuple)) else True

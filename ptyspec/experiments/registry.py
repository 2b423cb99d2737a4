"""The hypotheses of a checkout: where they lie, what they are called, how a file is read."""

from __future__ import annotations

import difflib
import json
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptyspec.experiments.errors import HypothesisError, UnknownHypothesisError
from ptyspec.spec import registry
from ptyspec.spec.clause import PLACEHOLDER

if TYPE_CHECKING:
    from pydantic import ValidationError

    from ptyspec.experiments.hypothesis import Hypothesis


def folder() -> Path:
    """Return the folder of the hypotheses that belong to this installation."""
    return registry.folder() / "hypotheses"


def names(place: Path | None = None) -> list[str]:
    """Return every id, sorted; reads names of files only, so that completion and collection cost nothing."""
    return sorted(path.stem for path in (place or folder()).glob("*.toml"))


def hypothesis(name: str, place: Path | None = None) -> Hypothesis:
    """Return one hypothesis; raises UnknownHypothesisError with the nearest ids, HypothesisError for a wrong file."""
    place = place or folder()
    known = names(place)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
        raise UnknownHypothesisError(
            "no hypothesis has this id",
            value=name,
            limit=f"one of the {len(known)} in {place}",
            next_step=f"did you mean {' or '.join(near)}?"
            if near
            else "ptyspec hypotheses lists them",
        )
    path = place / f"{name}.toml"
    return _read(path, path.stat().st_mtime_ns)


@cache
def _read(path: Path, changed: int) -> Hypothesis:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise HypothesisError(
            "this is no UTF-8 text", value=error, source=path, next_step="save it as UTF-8"
        ) from None
    found = parse(text, path)
    if found.id != path.stem:
        raise HypothesisError(
            "the id is not the file's name",
            value=found.id,
            limit=path.stem,
            source=path,
            next_step="rename one of them",
        )
    clauses = registry.read(path.parent.parent)
    for name in found.clauses:
        if name not in clauses:
            near = difflib.get_close_matches(name, clauses, n=1)
            raise HypothesisError(
                "clauses names a clause that no document has",
                value=name,
                source=path,
                next_step=f"did you mean {near[0]}?" if near else "ptyspec trace lists them",
            )
    return found


def parse(text: str, source: object = "text") -> Hypothesis:
    """Return the hypothesis that a TOML text describes; raises HypothesisError naming key, value and next step."""
    from pydantic import ValidationError

    from ptyspec.experiments.hypothesis import Hypothesis

    if PLACEHOLDER in text:
        line = next(
            number for number, line in enumerate(text.splitlines(), start=1) if PLACEHOLDER in line
        )
        raise HypothesisError(
            "a part of the skeleton is still to be written",
            value=f"line {line}",
            source=source,
            next_step=f"replace what begins with {PLACEHOLDER}",
        )
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise HypothesisError(
            "this is no TOML", value=str(error), source=source, next_step="correct it"
        ) from error
    try:
        # By way of JSON, where a list may become a tuple although nothing else is coerced.
        return Hypothesis.model_validate_json(json.dumps(data, default=str))
    except ValidationError as error:
        raise _readable(error, source) from None


def _readable(error: ValidationError, source: object) -> HypothesisError:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    more = error.error_count() - 1
    message = first["msg"].removeprefix("Value error, ")
    value: Any = first.get("input")
    return HypothesisError(
        f"{key or 'hypothesis'}: {message}" + (f" (and {more} more)" if more else ""),
        value=value if key and not isinstance(value, dict) else None,
        source=source,
        next_step="correct the file; docs/hypotheses.md lists every key",
    )

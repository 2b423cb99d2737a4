"""The hypotheses of a checkout: where they lie, what they are called, how a file is read."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptyspec.experiments.errors import HypothesisError, UnknownHypothesisError
from ptyspec.spec.clause import PLACEHOLDER, read_clauses, specs_folder

if TYPE_CHECKING:
    from ptyspec.experiments.hypothesis import Hypothesis

CORRECT = "correct the file; docs/hypotheses.md lists every key"


def folder() -> Path:
    """Return the folder of the hypotheses that belong to this installation."""
    return specs_folder() / "hypotheses"


def names(place: Path | None = None) -> list[str]:
    """Return every id, sorted; reads names of files only, so that completion and collection cost nothing."""
    return sorted(path.stem for path in (place or folder()).glob("*.toml"))


def hypothesis(name: str, place: Path | None = None) -> Hypothesis:
    """Return one hypothesis; raises UnknownHypothesisError with the nearest ids, HypothesisError for a wrong file."""
    place = place or folder()
    known = names(place)
    if name not in known:
        raise UnknownHypothesisError(
            "no hypothesis has this id",
            value=name,
            limit=f"one of the {len(known)} in {place}",
            next_step=_nearest(name, known, "ptyspec hypotheses lists them"),
        )
    path = place / f"{name}.toml"
    return _read(path, path.stat().st_mtime_ns)


def _nearest(name: str, known: Iterable[str], otherwise: str) -> str:
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(near)}?" if near else otherwise


@cache
def _read(path: Path, changed: int) -> Hypothesis:
    try:
        found = parse(path.read_text(encoding="utf-8"), path)
    except UnicodeDecodeError as error:
        raise HypothesisError(
            "this is no UTF-8 text", value=error, source=path, next_step="save it as UTF-8"
        ) from None
    if found.id != path.stem:
        raise HypothesisError(
            "the id is not the file's name",
            value=found.id,
            limit=path.stem,
            source=path,
            next_step="rename one of them",
        )
    clauses = read_clauses(path.parent.parent)
    for name in found.clauses:
        if name not in clauses:
            raise HypothesisError(
                "clauses names a clause that no document has",
                value=name,
                source=path,
                next_step=_nearest(name, clauses, "ptyspec trace lists them"),
            )
    return found


def parse(text: str, source: object = "text") -> Hypothesis:
    """Return the hypothesis that a TOML text describes; raises HypothesisError naming key, value and next step."""
    from pydantic import ValidationError

    from ptyspec.experiments.hypothesis import Hypothesis

    for number, line in enumerate(text.splitlines(), start=1):
        if PLACEHOLDER in line:
            raise HypothesisError(
                "a part of the skeleton is still to be written",
                value=f"line {number}",
                source=source,
                next_step=f"replace what begins with {PLACEHOLDER}",
            )
    try:
        # By way of JSON, where a list may become a tuple although nothing else is coerced.
        return Hypothesis.model_validate_json(json.dumps(tomllib.loads(text), default=str))
    except tomllib.TOMLDecodeError as error:
        raise HypothesisError(
            "this is no TOML", value=str(error), source=source, next_step=CORRECT
        ) from error
    except ValidationError as error:
        first: Any = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
        message = first["msg"].removeprefix("Value error, ")
        plain = key and not isinstance(first["input"], dict)
        raise HypothesisError(
            f"{key or 'hypothesis'}: {message}{more}",
            value=first["input"] if plain else None,
            source=source,
            next_step=CORRECT,
        ) from None

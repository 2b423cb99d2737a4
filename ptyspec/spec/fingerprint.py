"""Revisions: what was reviewed, and what has changed since.

`specs/reviewed.json` holds, for each clause, the revision and fingerprint that somebody reviewed together with its cases,
and the digests of those cases' sources. A clause that says something else than it did then must carry a new revision,
and at least one of its cases must have been touched: a rule that changes while its tests stay as they were is either no
change or a rule without a test.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptyspec.errors import PtyspecError
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.spec.clause import PLACEHOLDER, Clause
from ptyspec.spec.collect import Case

FILE = Path("specs/reviewed.json")
SCHEMA_VERSION = 1


class ReviewError(PtyspecError):
    """A review cannot be recorded as asked."""


@dataclass(frozen=True)
class Reviewed:
    """The state of one clause that somebody reviewed: `cases` gives each bound test function the digest of its source."""

    revision: int
    fingerprint: str
    reason: str
    cases: Mapping[str, str | None]


@dataclass(frozen=True)
class Change:
    """Why a clause's review no longer holds, and what to do."""

    clause: str
    message: str
    next_step: str


def read(root: Path) -> dict[str, Reviewed]:
    """Return what was reviewed, by clause; nothing where the file is not there."""
    if not (root / FILE).is_file():
        return {}
    content = read_json(root / FILE)
    try:
        if content["schema_version"] != SCHEMA_VERSION:
            raise KeyError("schema_version")
        return {name: Reviewed(**row) for name, row in content["clauses"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ReviewError(
            f"not a record of reviews: {error!r}",
            source=root / FILE,
            limit=f"schema_version {SCHEMA_VERSION}",
            next_step="restore it from the repository",
        ) from error


def write(root: Path, reviewed: Mapping[str, Reviewed]) -> None:
    """Write the file, sorted, so that equal reviews give equal bytes."""
    rows = {name: _row(reviewed[name]) for name in sorted(reviewed)}
    write_json(root / FILE, {"schema_version": SCHEMA_VERSION, "clauses": rows})


def changes(
    clauses: Mapping[str, Clause], cases: Iterable[Case], reviewed: Mapping[str, Reviewed]
) -> Iterator[Change]:
    """Yield every clause whose review does not hold any more, and every reviewed one that is gone."""
    bound = digests(cases)
    for name, clause in clauses.items():
        known = reviewed.get(name)
        again = f"ptyspec trace --review {name} --reason TEXT"
        if known is None:
            step = f"read it beside its cases, then: {again}"
            yield Change(name, "new, and not reviewed yet", step)
        elif clause.fingerprint != known.fingerprint and clause.revision == known.revision:
            message = f"its text changed and its revision is still {clause.revision}"
            step = f"write {{r{clause.revision + 1}}}; or, where its meaning is the same: {again}"
            yield Change(name, message, f"{step} --editorial")
        elif (clause.revision, clause.fingerprint) != (known.revision, known.fingerprint):
            yield _revised(clause, known, bound.get(name, {}), again)
    for name in sorted(set(reviewed) - set(clauses)):
        step = "ptyspec trace --all --reason TEXT"
        yield Change(name, "reviewed once, and gone from the documents", step)


def _revised(clause: Clause, known: Reviewed, now: Mapping[str, str | None], again: str) -> Change:
    message = f"revision {known.revision} became {clause.revision}"
    if touched(known, now):
        return Change(clause.id, f"{message}, with cases; not reviewed yet", again)
    listed = ", ".join(sorted(now)) or "it has none"
    step = f"look at its cases: {listed}; then: {again}"
    return Change(clause.id, f"{message} and no case was touched", step)


def touched(known: Reviewed, now: Mapping[str, str | None]) -> bool:
    """Say whether a case was added or its source changed since the review."""
    return any(known.cases.get(name, ...) != digest for name, digest in now.items())


def digests(cases: Iterable[Case]) -> dict[str, dict[str, str | None]]:
    """Return for each clause the digests of its test functions."""
    found: dict[str, dict[str, str | None]] = {}
    for case in cases:
        for name in case.clauses:
            found.setdefault(name, {})[case.function] = case.digest
    return found


def review(
    clauses: Mapping[str, Clause],
    cases: Iterable[Case],
    reviewed: Mapping[str, Reviewed],
    names: Iterable[str],
    reason: str,
    editorial: bool = False,
) -> dict[str, Reviewed]:
    """Return the record with the present state of these clauses; those that are gone are dropped.

    Raises ReviewError where a text changed and its revision did not (`editorial` says that the meaning is the same),
    and where a reason is missing.
    """
    if not reason.strip():
        raise ReviewError("a review states its reason", next_step="add --reason TEXT")
    bound = digests(cases)
    result = {name: row for name, row in reviewed.items() if name in clauses}
    for name in names:
        clause, known = clauses[name], reviewed.get(name)
        _check(clause, known, editorial)
        told = " ".join(reason.split())
        new = Reviewed(clause.revision, clause.fingerprint, told, bound.get(name, {}))
        if known is None or _state(known) != _state(new):
            result[name] = new
    return result


def _check(clause: Clause, known: Reviewed | None, editorial: bool) -> None:
    """Raise ReviewError where a clause cannot be reviewed as it is."""
    if clause.unfinished:
        raise ReviewError(
            f"{clause.id} is not ready for a review",
            value=clause.statement,
            limit=f"no {PLACEHOLDER} in it",
            source=clause.source,
            next_step="write its sentence and its reason",
        )
    same = known is not None and known.revision == clause.revision
    if known and same and known.fingerprint != clause.fingerprint and not editorial:
        raise ReviewError(
            f"the text of {clause.id} changed and its revision did not",
            value=f"{{r{clause.revision}}}",
            limit=f"{{r{clause.revision + 1}}}",
            source=clause.source,
            next_step="raise the revision; or add --editorial where the meaning is the same",
        )


def _state(row: Reviewed) -> tuple[int, str, dict[str, str | None]]:
    return row.revision, row.fingerprint, dict(row.cases)


def _row(row: Reviewed) -> dict[str, Any]:
    return {**vars(row), "cases": dict(sorted(row.cases.items()))}

"""Revisions: what was reviewed, and what has changed since.

`specs/reviewed.json` holds, for each clause, the revision and fingerprint that somebody reviewed together with its cases,
and the digests of those cases' sources. A clause that says something else than it did then must carry a new revision,
and at least one of its cases must have been touched: a rule that changes while its tests stay as they were is either no
change or a rule without a test.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from ptyspec.errors import PtyspecError
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.spec.cases import Case
from ptyspec.spec.clause import PLACEHOLDER, Clause
from ptyspec.spec.finding import Remark

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


def read(root: Path) -> dict[str, Reviewed]:
    """Return what was reviewed, by clause; nothing where the file is not there."""
    if not (root / FILE).is_file():
        return {}
    content = read_json(root / FILE)
    try:
        if content["schema_version"] != SCHEMA_VERSION:
            raise ValueError(f"schema_version {content['schema_version']}, not {SCHEMA_VERSION}")
        return TypeAdapter(dict[str, Reviewed]).validate_python(content["clauses"])
    except (KeyError, TypeError, ValueError) as error:
        what = f"not a record of reviews: {error!r}"
        step = "restore it from the repository"
        raise ReviewError(what, source=root / FILE, next_step=step) from error


def write(root: Path, reviewed: Mapping[str, Reviewed]) -> None:
    """Write the file, sorted, so that equal reviews give equal bytes."""
    rows = {name: asdict(reviewed[name]) for name in sorted(reviewed)}
    write_json(root / FILE, {"schema_version": SCHEMA_VERSION, "clauses": rows})


def changes(
    clauses: Mapping[str, Clause], cases: Iterable[Case], reviewed: Mapping[str, Reviewed]
) -> Iterator[Remark]:
    """Yield every clause whose review does not hold any more, and every reviewed one that is gone."""
    bound = _digests(cases)
    for name, clause in clauses.items():
        known, now = reviewed.get(name), bound.get(name, {})
        again = f"ptyspec trace --review {name} --reason TEXT"
        for message, step in _changed(clause, known, now, again):
            yield Remark("violation", name, message, clause.source, step)
        if known and (lost := ", ".join(sorted({*known.cases} - {*now}))):
            message = f"cases of the review are gone: {lost}"
            yield Remark("note", name, message, clause.source, again)
    for name in sorted(set(reviewed) - set(clauses)):
        message, step = "reviewed once, and gone from the documents", "ptyspec trace --all"
        yield Remark("violation", name, message, FILE.as_posix(), f"{step} --reason TEXT")


def _changed(
    clause: Clause, known: Reviewed | None, now: Mapping[str, str | None], again: str
) -> Iterator[tuple[str, str]]:
    """What changed since the review, and what to do."""
    if known is None:
        yield "new, and not reviewed yet", f"read it beside its cases, then: {again}"
    elif clause.revision != known.revision:
        message = f"revision {known.revision} became {clause.revision}"
        if any(known.cases.get(name, ...) != digest for name, digest in now.items()):
            yield f"{message}, with cases; not reviewed yet", again
        else:
            listed = ", ".join(sorted(now)) or "it has none"
            step = f"look at its cases: {listed}; then: {again}"
            yield f"{message} and no case was touched", step
    elif clause.fingerprint != known.fingerprint:
        step = f"write {{r{clause.revision + 1}}}; or, where its meaning is the same: {again}"
        yield (
            f"its text changed and its revision is still {clause.revision}",
            f"{step} --editorial",
        )


def _digests(cases: Iterable[Case]) -> dict[str, dict[str, str | None]]:
    """Return for each clause the digests of its test functions."""
    found: dict[str, dict[str, str | None]] = {}
    for case in cases:
        for name in case.clauses:
            found.setdefault(name, {})[case.function] = case.digest
    return {name: dict(sorted(rows.items())) for name, rows in found.items()}


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
    bound = _digests(cases)
    result = {name: row for name, row in reviewed.items() if name in clauses}
    for name in names:
        clause, known = clauses[name], reviewed.get(name)
        if clause.unfinished:
            what = f"{clause.id} is not ready for a review"
            step = "write its sentence and its reason"
            limit = f"no {PLACEHOLDER} in it"
            value = clause.statement
            raise ReviewError(what, value=value, limit=limit, source=clause.source, next_step=step)
        told, cases_now = " ".join(reason.split()), bound.get(name, {})
        new = Reviewed(clause.revision, clause.fingerprint, told, cases_now)
        same = known is not None and known.revision == new.revision
        if known and same and known.fingerprint != new.fingerprint and not editorial:
            what = f"the text of {clause.id} changed and its revision did not"
            step = "raise the revision; or add --editorial where the meaning is the same"
            limit = f"{{r{clause.revision + 1}}}"
            value = f"{{r{clause.revision}}}"
            raise ReviewError(what, value=value, limit=limit, source=clause.source, next_step=step)
        if known is None or replace(new, reason=known.reason) != known:
            result[name] = new
    return result

"""What a person changes in the specification: skeletons of a new clause and a new case, and reviews.

`specs/reviewed.json` holds, for each clause, the revision and fingerprint that somebody reviewed together with its cases,
and the digests of those cases' sources. A clause that says something else than it did then must carry a new revision,
and at least one of its cases must have been touched: a rule that changes while its tests stay as they were is either no
change or a rule without a test. What `ptyspec new` writes is complete but for what only a person knows.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from ptyspec.errors import OutputExistsError, PtyspecError
from ptyspec.files.disk import atomic_file
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.spec.cases import Case
from ptyspec.spec.clause import HEADING, PLACEHOLDER, Clause, Registry, parse, slug
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
        known, now, message = reviewed.get(name), bound.get(name, {}), ""
        step = again = f"ptyspec trace --review {name} --reason TEXT"
        if known is None:
            message, step = "new, and not reviewed yet", f"read it beside its cases, then: {again}"
        elif clause.revision != known.revision:
            message = f"revision {known.revision} became {clause.revision}"
            if any(known.cases.get(case, ...) != digest for case, digest in now.items()):
                message += ", with cases; not reviewed yet"
            else:
                message += " and no case was touched"
                step = f"look at its cases: {', '.join(now) or 'it has none'}; then: {again}"
        elif clause.fingerprint != known.fingerprint:
            message = f"its text changed and its revision is still {clause.revision}"
            mark = f"{{r{clause.revision + 1}}}"
            step = f"write {mark}; or, where its meaning is the same: {again} --editorial"
        if message:
            yield Remark("violation", name, message, clause.source, step)
        if known and (lost := ", ".join(sorted({*known.cases} - {*now}))):
            message = f"cases of the review are gone: {lost}"
            yield Remark("note", name, message, clause.source, again)
    for name in sorted(set(reviewed) - set(clauses)):
        message, step = "reviewed once, and gone from the documents", "ptyspec trace --all"
        yield Remark("violation", name, message, FILE.as_posix(), f"{step} --reason TEXT")


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
        clause, known, wrong = clauses[name], reviewed.get(name), None
        told, cases_now = " ".join(reason.split()), bound.get(name, {})
        new = Reviewed(clause.revision, clause.fingerprint, told, cases_now)
        same = known is not None and known.revision == new.revision
        if clause.unfinished:
            wrong = f"{clause.id} is not ready for a review"
            value, limit = clause.statement, f"no {PLACEHOLDER} in it"
            step = "write its sentence and its reason"
        elif known and same and known.fingerprint != new.fingerprint and not editorial:
            wrong = f"the text of {clause.id} changed and its revision did not"
            value, limit = f"{{r{clause.revision}}}", f"{{r{clause.revision + 1}}}"
            step = "raise the revision; or add --editorial where the meaning is the same"
        if wrong:
            raise ReviewError(wrong, value=value, limit=limit, source=clause.source, next_step=step)
        if known is None or replace(new, reason=known.reason) != known:
            result[name] = new
    return result


CLAUSE = """### {id} · {title} {{r1}}
TODO: who MUST do what.

- Why: TODO: what goes wrong otherwise.
- Tolerance: exact
- Place: {place}
"""
CASE = '''"""{id}: {title}."""

import pytest

from ptyspec.spec.checks import Check


@pytest.mark.clause("{id}")
def {name}(clause: Check) -> None:
    observed, expected = "TODO: what the pipeline does", "what {id} wants"
    clause.equal(observed, expected, "TODO: the quantity")
'''


class SkeletonError(PtyspecError):
    """A clause or case of this name cannot be begun here."""


def begin_document(path: Path) -> None:
    """Write a document without clauses where there is none."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    title = path.stem.replace("-", " ").replace("_", " ").capitalize()
    path.write_text(f"# {title}\n\n## Clauses\n", encoding="utf-8")


def insert_clause(
    known: Registry, document: Path, name: str, title: str, section: str | None = None
) -> int:
    """Write a clause's skeleton at the end of a section of the document; return its line.

    Without a section it goes where clauses of its area stand already, else into the last one. Raises SkeletonError for
    an id that is taken, and a name, title or section that does not fit, and leaves the document as it was.
    """
    area = name.rpartition("-")[0]
    if name in known:
        used = [int(other[-3:]) for other in known if other.rpartition("-")[0] == area]
        what = "this id is taken"
        step = f"{area}-{max(used) + 1:03d} is free"
        raise SkeletonError(what, value=name, source=known[name].source, next_step=step)
    if HEADING.fullmatch(f"### {name} · {title} {{r1}}") is None:
        message, limit = "not an id and title of a clause", "AREA-001 · One line"
        raise SkeletonError(message, value=f"{name} · {title}", limit=limit)
    clauses, text = parse(document), document.read_text(encoding="utf-8")
    own = [one.section for one in clauses if one.id.rpartition("-")[0] == area]
    sections = re.findall(r"^## (.+)$", text, re.MULTILINE)
    chosen = section or ([*sections, *own] or [""])[-1]
    if chosen not in sections:
        limit = ", ".join(sections) or "none: begin one: '## Title'"
        raise SkeletonError("no such section", value=chosen, limit=limit, source=document)
    place = next((one.place for one in reversed(clauses) if one.section == chosen), "run")
    above, heading, below = text.partition(f"\n## {chosen}\n")
    body, mark, rest = below.partition("\n## ")
    new = CLAUSE.format(id=name, title=title, place=place)
    with atomic_file(document) as file:
        file.write(f"{above}{heading}{body.rstrip()}\n\n{new}{mark}{rest}".encode())
    return next(clause.line for clause in parse(document) if clause.id == name)


def write_case(root: Path, clause: Clause, tier: str) -> Path:
    """Write a file with one failing case of the clause into the tier's folder; return its path.

    Raises OutputExistsError where the file exists and SkeletonError for a folder that does not.
    """
    folder = root / "tests" / tier
    if not folder.is_dir():
        tests = root / "tests"
        tiers = sorted(path.name for path in tests.iterdir() if any(path.glob("test_*.py")))
        message = "there is no such tier"
        raise SkeletonError(message, value=tier, limit=", ".join(tiers), source=tests)
    path = folder / f"test_{slug(clause.id)}.py"
    if path.exists():
        next_step = "add the case to it, or move it away"
        raise OutputExistsError("the file exists", value=path, next_step=next_step)
    name = f"test_{slug(clause.title)}"
    path.write_text(CASE.format(id=clause.id, title=clause.title, name=name), encoding="utf-8")
    return path

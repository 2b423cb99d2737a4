"""What a clause is, one normative sentence with id, revision, reason and tolerance; and the documents that hold them.

A document is Markdown whose level-3 headings are clauses: docs/clauses.md gives the format. The sentence holds exactly
one of MUST, MUST NOT, SHOULD, SHOULD NOT, MAY. `Tolerance: exact` needs no source. Other text belongs before the first
clause of a section.
"""

import difflib
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import ptyspec
from ptyspec.contracts.stages import STAGES
from ptyspec.errors import PtyspecError

Level = Literal["MUST", "SHOULD", "MAY"]
Mode = Literal["exact", "relative", "absolute", "ratio"]
Kind = Literal["exact", "derived", "measured", "assigned"]
LEVELS: tuple[Level, ...] = ("MUST", "SHOULD", "MAY")
MODES: tuple[Mode, ...] = ("relative", "absolute", "ratio")
KINDS: tuple[Kind, ...] = ("derived", "measured", "assigned")
ID = r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*-\d{3}"
"""The form of a clause's id, as a regular expression."""
PLACES = (*STAGES, "files", "settings", "run", "evidence")
"""The eight stages, and what surrounds them: files, settings, the run as a whole, evidence."""
PLACEHOLDER = "TODO"
"""Stands in a skeleton where something is to be written."""


class SpecError(PtyspecError):
    """A specification document breaks the format; the source names file and line."""


class UnknownClauseError(PtyspecError):
    """No clause has this id."""


@dataclass(frozen=True)
class Tolerance:
    """How far an observation may lie from the rule, and where that figure comes from.

    `relative`: |observed - expected| <= value * max|expected|. `absolute`: |observed - expected| <= value.
    `ratio`: |observed / expected - 1| <= value. `exact`: equal.
    """

    value: float
    mode: Mode
    kind: Kind
    source: str

    def __str__(self) -> str:
        if self.mode == "exact":
            return f"exact{f' ({self.source})' if self.source else ''}"
        return f"{self.value:g} {self.mode} ({self.kind}: {self.source})"


EXACT = Tolerance(0.0, "exact", "exact", "")


@dataclass(frozen=True)
class Clause:
    """One rule of the specification."""

    id: str
    title: str
    revision: int
    level: Level
    statement: str
    why: str
    tolerance: Tolerance
    place: str
    signatures: tuple[int, ...]
    """Failure signatures 1 to 80 of the investigation that this rule catches."""
    section: str
    path: Path
    line: int

    @property
    def unfinished(self) -> bool:
        """Whether it is still the skeleton of `ptyspec new clause`."""
        return PLACEHOLDER in f"{self.statement} {self.why}"

    @property
    def document(self) -> str:
        """Name of its document, without folder."""
        return self.path.name

    @property
    def source(self) -> str:
        """Where it stands: document and line."""
        return f"specs/{self.document}:{self.line}"

    @property
    def fingerprint(self) -> str:
        """Digest of what the rule says; it changes with the sentence, the level or the tolerance, not with the reason."""
        text = " ".join(f"{self.title}\n{self.statement}\n{self.tolerance}".split())
        return hashlib.sha256(text.encode()).hexdigest()[:12]


HEADING = re.compile(rf"### (?P<id>{ID}) · (?P<title>\S.*\S) \{{r(?P<revision>[1-9]\d*)\}}")
HEADED = re.compile(rf"^### (?P<id>{ID}) · ", re.MULTILINE)
FIELD = re.compile(r"- (?P<name>[A-Z][a-z]+): (?P<text>\S.*)")
KEYWORD = re.compile(r"\b(MUST|SHOULD|MAY)(?: NOT)?\b")
TOLERANCE = re.compile(
    rf"(?P<value>\S+) (?P<mode>{'|'.join(MODES)}), (?P<kind>{'|'.join(KINDS)}): (?P<source>\S.*)",
    re.DOTALL,
)
REQUIRED, OPTIONAL = ("Why", "Tolerance", "Place"), ("Signatures",)


class _Mistake(Exception):  # noqa: N818  # told as a SpecError once its document is known
    """What is wrong in a line: its number, the message, the value, and what it should be."""


def parse(path: Path) -> list[Clause]:
    """Return the clauses of one document in order; raises SpecError with file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SpecError(f"cannot read the document: {error}", source=path) from error
    try:
        return [_clause(path, block) for block in _blocks(text)]
    except _Mistake as mistake:
        line, message, value, limit = mistake.args
        source, step = f"{path}:{line}", "see docs/clauses.md"
        raise SpecError(message, value=value, limit=limit, source=source, next_step=step) from None


@dataclass
class _Block:
    """The raw lines of one clause; without a line of its own, what stands above the first."""

    section: str
    line: int = 0
    heading: str = ""
    body: list[tuple[int, str]] = field(default_factory=list)


def _blocks(text: str) -> list[_Block]:
    blocks, fence = [_Block("")], 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.rstrip()
        if line.startswith("```"):
            fence = 0 if fence else number
        if fence or not line.startswith("#"):
            blocks[-1].body.append((number, line))
        elif line.startswith("## "):
            blocks.append(_Block(line[3:].strip()))
        elif line.startswith("### "):
            if not (section := blocks[-1].section):
                message = "a clause stands outside any section"
                raise _Mistake(number, message, line, "put a '## Section' above it")
            blocks.append(_Block(section, number, line))
        elif line.startswith("####"):
            message = "headings below a clause are not part of the format"
            raise _Mistake(number, message, line, "use '- Why:'")
        elif line.startswith("# "):
            blocks.append(_Block(blocks[-1].section))
        else:
            limit = "write '## Section', '### AREA-001 · ...'"
            raise _Mistake(number, "not a heading: a blank is missing", line, limit)
    if fence:  # it would hide every clause below it
        raise _Mistake(fence, "a fenced block is never closed", "```", "close it")
    return [block for block in blocks if block.line]


def _clause(path: Path, block: _Block) -> Clause:
    match = HEADING.fullmatch(block.heading)
    if match is None:
        limit = "write '### AREA-001 · Title {r1}'"
        raise _Mistake(block.line, "not a clause heading", block.heading, limit)
    statement, fields = _split(block)
    line, place = fields["Place"]
    if place not in PLACES:
        raise _Mistake(line, "unknown place", place, f"one of {', '.join(PLACES)}")
    return Clause(
        id=match["id"],
        title=match["title"],
        revision=int(match["revision"]),
        level=_level(block.line, statement),
        statement=statement,
        why=fields["Why"][1],
        tolerance=_tolerance(*fields["Tolerance"]),
        place=place,
        signatures=tuple(_signatures(*fields.get("Signatures", (0, "")))),
        section=block.section,
        path=path,
        line=block.line,
    )


def _split(block: _Block) -> tuple[str, dict[str, tuple[int, str]]]:
    """Divide a clause's lines into its sentence and its fields, each with its line."""
    sentence: list[str] = []
    fields: dict[str, tuple[int, str]] = {}
    last = ""
    for number, line in block.body:
        match = FIELD.fullmatch(line)
        if match is not None:
            last = match["name"]
            if last not in REQUIRED + OPTIONAL or last in fields:
                message = f"field {last!r} is unknown or given twice"
                raise _Mistake(number, message, line, ", ".join(REQUIRED + OPTIONAL))
            fields[last] = (number, match["text"].strip())
        elif last and line.startswith("  "):
            fields[last] = (fields[last][0], f"{fields[last][1]} {line.strip()}")
        elif line and last:
            limit = "indent it, or move it above the clause"
            raise _Mistake(number, "text after the fields of a clause", line, limit)
        elif line:
            sentence.append(line.strip())
    for name in REQUIRED:
        if name not in fields:
            message, limit = f"field {name!r} is missing", f"add '- {name}: ...'"
            raise _Mistake(block.line, message, block.heading, limit)
    return " ".join(sentence), fields


def _level(line: int, statement: str) -> Level:
    found = KEYWORD.findall(statement)
    if len(found) != 1:
        message, value = "a clause holds exactly one MUST, SHOULD or MAY", len(found)
        limit = "say one thing; make two clauses of two"
        raise _Mistake(line, message, f"{value} in: {statement}", limit)
    if not statement.endswith(".") or re.search(r"\.\s+[A-Z]", statement):
        message = "a clause is one sentence that ends with a full stop"
        raise _Mistake(line, message, statement, "move the rest to Why")
    level: Level = found[0]
    return level


def _tolerance(line: int, text: str) -> Tolerance:
    if text == "exact":
        return EXACT
    match, value = TOLERANCE.fullmatch(text), 0.0
    if match is not None:
        with suppress(ValueError):
            value = float(match["value"])
    if match is None or not 0.0 < value < float("inf"):
        limit = f"'exact', or 'VALUE {'|'.join(MODES)}, {'|'.join(KINDS)}: SOURCE'"
        raise _Mistake(line, "not a tolerance", text, limit)
    return Tolerance(value, match["mode"], match["kind"], match["source"])  # type: ignore[arg-type]  # the pattern's


def _signatures(line: int, text: str) -> Iterator[int]:
    for part in map(str.strip, text.split(",")) if text else ():
        if not part.isdigit() or not 1 <= int(part) <= 80:
            limit = "numbers 1 to 80, separated by commas"
            raise _Mistake(line, "not a failure signature", part, limit)
        yield int(part)


class Registry(dict[str, Clause]):
    """Clauses in the order of their documents; a missing id raises UnknownClauseError with the nearest names."""

    def __init__(self, folder: Path, clauses: Mapping[str, Clause]) -> None:
        super().__init__(clauses)
        self.folder = folder

    def __missing__(self, name: str) -> Clause:
        near = difflib.get_close_matches(name, self, n=3, cutoff=0.5)
        step = f"did you mean {' or '.join(near)}?" if near else "ptyspec trace lists them"
        where = f" in {self.folder}" if self.folder.is_dir() else ""
        limit = f"one of the {len(self)} ids{where}"
        raise UnknownClauseError("no clause has this id", value=name, limit=limit, next_step=step)


def read_clauses(folder: Path) -> Registry:
    """Read all documents of a folder; raises SpecError for an id that stands twice."""
    return Registry(folder, _by_id(sorted(folder.glob("*.md"))))


def _by_id(documents: Iterable[Path]) -> dict[str, Clause]:
    clauses: dict[str, Clause] = {}
    for path in documents:
        for clause in parse(path):
            if clause.id in clauses:
                what = "a clause id stands twice"
                step = "give the new clause the next free number"
                limit = f"first at {clauses[clause.id].source}"
                source = f"{path}:{clause.line}"
                raise SpecError(what, value=clause.id, source=source, limit=limit, next_step=step)
            clauses[clause.id] = clause
    return clauses


@cache
def packaged() -> Registry:
    """Return the specification that belongs to this installation, read once."""
    return read_clauses(specs_folder())


def specification() -> Registry:
    """Return the clauses of this installation, and behind them those that the current folder's specs/ adds."""
    own = own_documents(Path.cwd() / "specs")
    return _joined(own, tuple(path.stat().st_mtime_ns for path in own)) if own else packaged()


def own_documents(folder: Path) -> tuple[Path, ...]:
    """Return the documents of a folder that hold clauses, none of them an id of the installation's: those are copies."""
    if not folder.is_dir() or folder == specs_folder():
        return ()
    found = {path: path.read_text("utf-8", "replace") for path in sorted(folder.glob("*.md"))}
    named = {path: {match["id"] for match in HEADED.finditer(text)} for path, text in found.items()}
    return tuple(path for path, ids in named.items() if ids and not ids & {*packaged()})


@cache
def _joined(own: tuple[Path, ...], _changed: tuple[int, ...]) -> Registry:
    return Registry(specs_folder(), _by_id([*sorted(specs_folder().glob("*.md")), *own]))


def specs_folder() -> Path:
    """Return the folder of the documents: beside the package in a checkout, inside it when installed."""
    installed = Path(ptyspec.__file__).parent / "specs"
    return installed if installed.is_dir() else installed.parents[1] / "specs"


def slug(text: str) -> str:
    """Return text as part of a Python name."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")

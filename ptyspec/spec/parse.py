"""Read a specification document: Markdown whose level-3 headings are clauses.

    ## Section
    ### AREA-001 · The loader gain never reaches the object {r1}
    The gain MUST condition the network's input and nothing else.

    - Why: one reason or several sentences, continued on indented lines.
    - Tolerance: 0.05 ratio, derived: where the figure comes from
    - Place: normalize
    - Signatures: 24, 31

The sentence holds exactly one of MUST, MUST NOT, SHOULD, SHOULD NOT, MAY. `Tolerance: exact` needs no source.
Other text belongs before the first clause of a section.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ptyspec.spec.clause import EXACT, ID, KINDS, MODES, PLACES, Clause, Level, SpecError, Tolerance

HEADING = re.compile(rf"### (?P<id>{ID}) · (?P<title>\S.*\S) \{{r(?P<revision>[1-9]\d*)\}}")
FIELD = re.compile(r"- (?P<name>[A-Z][a-z]+): (?P<text>\S.*)")
KEYWORD = re.compile(r"\b(MUST|SHOULD|MAY)(?: NOT)?\b")
TOLERANCE = re.compile(
    rf"(?P<value>\S+) (?P<mode>{'|'.join(MODES)}), (?P<kind>{'|'.join(KINDS)}): (?P<source>\S.*)",
    re.DOTALL,
)
REQUIRED, OPTIONAL = ("Why", "Tolerance", "Place"), ("Signatures",)
SIGNATURES = range(1, 81)


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
    """The raw lines of one clause."""

    line: int
    heading: str
    section: str
    body: list[tuple[int, str]] = field(default_factory=list)


def _blocks(text: str) -> Iterator[_Block]:
    section, block, fence = "", None, 0
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.rstrip()
        if line.startswith("```"):
            fence = 0 if fence else number
        if fence or not line.startswith("#"):
            if block is not None:
                block.body.append((number, line))
            continue
        if block is not None:
            yield block
            block = None
        if line.startswith("## "):
            section = line[3:].strip()
        elif line.startswith("### "):
            if not section:
                message = "a clause stands outside any section"
                raise _Mistake(number, message, line, "put a '## Section' above it")
            block = _Block(number, line, section)
        elif line.startswith("####"):
            message = "headings below a clause are not part of the format"
            raise _Mistake(number, message, line, "use '- Why:'")
        elif not line.startswith("# "):
            limit = "write '## Section', '### AREA-001 · ...'"
            raise _Mistake(number, "not a heading: a blank is missing", line, limit)
    if fence:  # it would hide every clause below it
        raise _Mistake(fence, "a fenced block is never closed", "```", "close it")
    if block is not None:
        yield block


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
        signatures=tuple(_signatures(*fields["Signatures"])) if "Signatures" in fields else (),
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
    for part in map(str.strip, text.split(",")):
        if not part.isdigit() or int(part) not in SIGNATURES:
            limit = "numbers 1 to 80, separated by commas"
            raise _Mistake(line, "not a failure signature", part, limit)
        yield int(part)

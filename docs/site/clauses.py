"""The clause reference: the documents of specs/, each clause with an anchor, its badges and what covers it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from ptyspec.faults.catalogue import catalogue
from ptyspec.faults.fault import Fault
from ptyspec.faults.result import Campaign, Seen, seen_in
from ptyspec.files.jsonfile import read_json
from ptyspec.render.table import escape as markdown
from ptyspec.render.table import markdown_table
from ptyspec.spec.cases import TIERS, Case, collect
from ptyspec.spec.clause import HEADING, Clause, read_clauses

FOLDER = "reference/clauses"
HEAD = """# Clauses

Every rule of the specification: one sentence with MUST, SHOULD or MAY, its reason, its tolerance, and what covers it.
*Cases* are collected test cases that are bound to the clause. *Faults* are those of the catalogue that must turn it red;
*seen red* quotes a case that noticed one. What ran here, and how it ended, is told by
`ptyspec trace`. How to add one: [clauses.md](../../clauses.md)."""


@dataclass(frozen=True)
class Coverage:
    """What covers one clause."""

    cases: Sequence[Case]
    seen: Seen | None
    faults: Sequence[Fault]


def clause_pages(root: Path) -> dict[str, str]:
    """Return the pages by file name: one a document, and an index."""
    clauses = read_clauses(root / "specs")
    cases, kept = collect(root), sorted((root / "docs" / "campaign").rglob("campaign.json"))
    seen = seen_in([Campaign.model_validate(read_json(path)) for path in kept])
    covered = {
        name: Coverage(
            [case for case in cases if name in case.clauses],
            seen.get(name),
            [fault for fault in catalogue() if name in fault.red],
        )
        for name in clauses
    }
    pages = {f"{FOLDER}/index.md": _index(list(clauses.values()), covered)}
    for path in sorted((root / "specs").glob("*.md")):
        pages[f"{FOLDER}/{path.name}"] = _document(path, clauses, covered)
    return pages


def _index(clauses: Sequence[Clause], covered: Mapping[str, Coverage]) -> str:
    levels, cases = (
        Counter(clause.level for clause in clauses),
        {c.id for one in covered.values() for c in one.cases},
    )
    told = ", ".join(f"{levels[name]} {name}" for name in sorted(levels))
    lines = [HEAD, "", f"{len(clauses)} clauses ({told}), {len(cases):,} bound cases."]
    documents = list(dict.fromkeys(clause.document for clause in clauses))
    lines += [
        "",
        "```{toctree}",
        ":hidden:",
        "",
        *(name.removesuffix(".md") for name in documents),
        "```",
    ]
    for document in documents:
        rows = [clause for clause in clauses if clause.document == document]
        cells = [
            [
                f"[{clause.id}]({document}#{clause.id.lower()})",
                markdown(clause.title),
                clause.level,
                clause.place,
                str(len(covered[clause.id].cases)),
                str(len(covered[clause.id].faults)),
            ]
            for clause in rows
        ]
        head = ["clause", "title", "level", "place", "cases", "faults"]
        lines += ["", f"## {markdown(document)}", "", *markdown_table(head, cells, numbers=False)]
    return "\n".join(lines) + "\n"


def _document(path: Path, clauses: Mapping[str, Clause], covered: Mapping[str, Coverage]) -> str:
    lines: list[str] = []
    last = ""
    for line in [*path.read_text(encoding="utf-8").split("\n"), "# end"]:
        if line.startswith("#") and last:
            lines += [*_covered(covered[last]), ""]
            last = ""
        found = HEADING.fullmatch(line.rstrip())
        if found:
            last = found["id"]
            heading = f"### {last} · {markdown(found['title'])}"
            lines += [f"({last})=", heading, "", _badges(clauses[last], covered[last]), ""]
        else:
            lines.append(line)
    return "\n".join(lines[:-1])


def _badges(clause: Clause, covered: Coverage) -> str:
    tiers = Counter(case.tier for case in covered.cases)
    told = [
        (clause.level, clause.level.lower()),
        (clause.place, "place"),
        (f"revision {clause.revision}", "revision"),
    ]
    told += [(f"{tiers[tier]} {tier}", "cases") for tier in TIERS if tiers[tier]] or [
        ("no case", "none")
    ]
    told += [("seen red", "red")] if covered.seen else [("not seen red", "none")]
    told += (
        [(f"{len(covered.faults)} fault{'s' * (len(covered.faults) > 1)}", "faults")]
        if covered.faults
        else []
    )
    return " ".join(
        f'<span class="badge badge-{kind}">{escape(text)}</span>' for text, kind in told
    )


def _covered(covered: Coverage) -> Iterator[str]:
    functions = Counter(case.function for case in covered.cases)
    cases = f"{len(covered.cases)} case{'s' * (len(covered.cases) != 1)} in {len(functions)} tests"
    yield from ("<details>", f"<summary>{cases}</summary>", "")
    for name, count in functions.items():
        yield f"- `{name}`{f' × {count}' if count > 1 else ''}"
    if covered.seen:
        yield f"- seen red under `{covered.seen.fault}`: {markdown(covered.seen.said, 400)}"
    yield from (f"- fault `{fault.id}`: {markdown(fault.story, 400)}" for fault in covered.faults)
    yield from ("", "</details>")

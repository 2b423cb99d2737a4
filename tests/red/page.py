"""docs/seen-red.md and its JSON: what was broken, and what the clause's case said."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path
from textwrap import shorten
from typing import Any

from ptyspec.files.jsonfile import read_json
from ptyspec.render.text import escape, table
from tests.red.entries import Entry
from tests.red.runner import Result, counts

HEAD = """# Seen red

A case that cannot fail proves nothing. For each clause the implementation was broken in a copy of the tree, in the way the failure would really happen, and one of the clause's own cases had to notice. The edits stand in [tests/red](../tests/red/); `python -m tests.red CLAUSE` repeats one, `python -m tests.red --markdown docs/seen-red.md` all of them, and writes this page."""
TOLD = ("observed", "expected")
PART = 140
"""Letters of one of them."""


def page(results: Collection[Result], lacking: Collection[str]) -> str:
    """Return the page in Markdown, one table a document; equal results give equal text."""
    numbers = counts(results, lacking)
    clauses = {result.entry.clause for result in results if result.status == "killed"}
    summary = (
        f"{len(clauses)} clauses seen red by {numbers['killed']} edits; {numbers['survived']} edits survived, "
        f"{numbers['invalid']} were invalid, {numbers['missing']} clauses have none."
    )
    lines = [HEAD, "", summary]
    for status in ("survived", "invalid"):
        rest = [result for result in results if result.status == status]
        if rest:
            rows = [
                [escape(r.entry.clause), escape(r.entry.story), escape(r.reason, 300)] for r in rest
            ]
            lines += [
                "",
                f"## {status.capitalize()}",
                "",
                *table(["clause", "broken", "why"], rows, numbers=False),
            ]
    if lacking:
        lines += ["", "## Never broken", "", ", ".join(lacking)]
    for document in dict.fromkeys(result.entry.document for result in results):
        rows = [_row(r) for r in results if r.entry.document == document and r.status == "killed"]
        head = ["clause", "what was broken", "in", "case that noticed", "what it said"]
        lines += ["", f"## {escape(document)}", "", *table(head, rows, numbers=False)]
    return "\n".join(lines) + "\n"


def said(result: Result) -> str:
    """Return what a failure said in one line: observed and expected of a clause's check, or the first lines."""
    lines = [line.strip() for line in result.text]
    rows = [shorten(line, PART, placeholder=" …") for line in lines if line.startswith(TOLD)]
    return "; ".join(rows) if rows else " ".join(line for line in lines[:3] if line)


def as_json(root: Path, results: Collection[Result], lacking: Collection[str]) -> dict[str, Any]:
    """Return everything as JSON values; `kept` reads the killed ones back."""
    numbers = counts(results, lacking)
    bad = numbers["survived"] or numbers["invalid"] or numbers["missing"]
    rows = [
        {
            "clause": r.entry.clause,
            "document": r.entry.document,
            "story": r.entry.story,
            "file": r.entry.file,
            "status": r.status,
            "case": r.case,
            "said": list(r.text),
            "reason": r.reason,
            "seconds": round(r.seconds, 2),
            "state": state(root, r.entry, r.case),
        }
        for r in results
    ]
    return {
        "schema_version": 1,
        "status": "violation" if bad else "ok",
        **numbers,
        "missing_clauses": list(lacking),
        "results": rows,
    }


def state(root: Path, entry: Entry, case: str) -> str:
    """Return a digest of an edit, of the file it edits and of the file whose case noticed."""
    found = hashlib.sha256(repr(entry).encode())
    for name in (entry.file, case.partition("::")[0]):
        path = root / name
        found.update(path.read_bytes() if name and path.is_file() else b"")
    return found.hexdigest()[:16]


def kept(root: Path, file: Path, entries: Collection[Entry]) -> list[Result]:
    """Return the killed entries of a former run's JSON whose edit, edited file and case are what they were."""
    if not file.is_file():
        return []
    rows = {row["state"]: row for row in read_json(file)["results"] if row["status"] == "killed"}
    cases = {row["case"] for row in rows.values()}
    found = []
    for entry in entries:
        row = next((rows[key] for case in cases if (key := state(root, entry, case)) in rows), None)
        if row is not None:
            found.append(Result(entry, "killed", row["seconds"], row["case"], tuple(row["said"])))
    return found


def _row(result: Result) -> list[str]:
    entry = result.entry
    case = result.case.rpartition("::")[2].partition("[")[0]
    cells = (entry.clause, entry.story, entry.file, case)
    return [*(escape(cell) for cell in cells), escape(said(result), 260)]

"""The page of `ptyspec check-scan --out`: a measured scan before it is reconstructed, with pictures."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ptyspec.files.disk import atomic_file, make_folder
from ptyspec.physics.scan_facts import ScanFacts
from ptyspec.render.page import WORDS, Status, page
from ptyspec.render.table import escape, facts_table, observation
from ptyspec.report import scan_pictures
from ptyspec.report.figures import linked, write_pictures
from ptyspec.report.lengths import lengths
from ptyspec.spec.clause import specification
from ptyspec.spec.finding import Finding

PAGE = "check-scan.html"


def is_scan_page(folder: Path) -> bool:
    """Say whether a folder holds the page of a scan."""
    return (folder / PAGE).is_file()


def write_scan_page(
    folder: Path,
    name: str,
    facts: ScanFacts,
    rows: Iterable[Finding],
    *,
    status: str,
    line: str,
    said: Iterable[str] = (),
) -> Path:
    """Write check-scan.html, which needs no other file, and its figures into `folder`; return the page.

    - rows: what the clauses say; status, line: what follows; said: what was decided on the way.
    """
    pictures = write_pictures(make_folder(folder) / "figures", scan_pictures.drawers(facts))
    told = [f"- {escape(one, 1000)}" for one in said]
    known, scan, usual = lengths(facts), facts.scan, np.median(facts.counts)
    first = (
        f"{scan.size:,} frames of {scan.N} x {scan.N} pixels, {usual:.3g} counts in the median one."
    )
    parts = {
        "": [first, "", f"**{escape(line, 1000)}**"],
        "What was decided": told,
        "Lengths and dose": facts_table(known),
        "Pictures": linked(pictures, folder, scan_pictures.CAPTIONS),
        "What the clauses say": findings(rows),
    }
    shown: Status = status if status in WORDS else "incomplete"  # a check could not be made
    lines = [f"# ptyspec check-scan: {escape(name)}", ""]
    for head, body in parts.items():
        lines += [*([f"## {head}", ""] if head else []), *body, ""] if body else []
    with atomic_file(folder / PAGE) as file:
        file.write(page("\n".join(lines), folder, shown).encode())
    return folder / PAGE


def findings(rows: Iterable[Finding]) -> list[str]:
    """Return a line for each clause: how it stands, what was seen, and what to do."""
    lines = []
    for one in rows:
        seen = observation(one.what, one.observed, one.expected if one.ok is False else "")
        step = f" Next: {escape(one.next_step, 400)}." if one.next_step else ""
        title = specification()[one.clause].title
        state = one.state.value if one.ok else f"**{one.state.value}**"
        lines.append(f"- {state} · {one.clause} {escape(title)}: {escape(seen, 600)}.{step}")
    return lines

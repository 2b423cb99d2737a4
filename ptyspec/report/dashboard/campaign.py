"""The kill matrix: which clause went red under which fault, from the campaigns that are at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ptyspec.errors import InputFileError
from ptyspec.faults.result import Campaign, Row
from ptyspec.files.jsonfile import read_document
from ptyspec.report.dashboard.document import FaultRow
from ptyspec.report.dashboard.svg import tag, tick
from ptyspec.spec.clause import PLACES

FILE = "campaign.json"
ROW, HEAD, LETTER = 12, 28, 5.6
"""Height of a row and of the lines of stages, and width of a letter of a fault's name, in pixels."""
SHOWN = {*FaultRow.model_fields, "first_red_stage"}
"""What a page says of a fault."""
WIDE, NARROWEST, WIDEST = 930, 5.0, 12.0
"""Width that the cells fill where that leaves them between these, in pixels."""


def find(root: Path | None, store: Path) -> list[Path]:
    """Return the campaigns of a checkout (docs/campaign and what lies below), else the newest of the run store.

    One that an earlier version left in the store is passed over.
    """
    if root is not None:
        kept = sorted((root / "docs" / "campaign").rglob("*campaign*.json"))
        if kept:
            return kept
    stored = sorted((store / "campaigns").glob(f"*/{FILE}"), key=lambda path: path.stat().st_mtime)
    for path in reversed(stored):
        with suppress(InputFileError):
            read_document(path, Campaign, "campaign")
            return [path]
    return []


def read(paths: Sequence[Path]) -> dict[str, Any] | None:
    """Return campaigns of several tiers as one, or None where there is none; raises InputFileError for other files."""
    again = "run the campaign again, or leave --campaign out"
    parts = [read_document(path, Campaign, "campaign", again) for path in paths]
    if not parts:
        return None
    faults: dict[str, Any] = {}
    for part in parts:
        for row in part.faults:
            faults[row.id] = _together(faults.get(row.id), row, part.tier)
    valid = [row for row in faults.values() if row["status"] in ("killed", "survived")]
    killed = [row for row in valid if row["status"] == "killed"]
    reds = {name for row in faults.values() for name in row["red"]}
    unkilled = {name for part in parts for name in part.must_clauses_without_a_kill} - reds
    return {
        "files": [str(path) for path in paths],
        "tiers": [part.tier for part in parts],
        "killed": len(killed),
        "valid": len(valid),
        "kill_rate": len(killed) / len(valid) if valid else None,
        "survivors": [row["id"] for row in valid if row["status"] == "survived"],
        "unkilled": sorted(unkilled),
        "shares": {
            part.tier: part.model_dump(include={"localised", "specificity"}) for part in parts
        },
        "missed": {name: clauses for part in parts for name, clauses in part.missed.items()},
        "faults": dict(
            sorted(faults.items(), key=lambda pair: (_at(PLACES, pair[1]["stage"]), pair[0]))
        ),
    }


def _together(known: Mapping[str, Any] | None, fault: Row, tier: str) -> dict[str, Any]:
    """One fault in several tiers: killed where one tier kills it, and red in what any of them turned red."""
    row = fault.model_dump(mode="json", include=SHOWN)
    row |= {"red": {name: len(cases) for name, cases in fault.red.items()}}
    if known is None:
        return row | {"tiers": [tier]}
    rank = ("killed", "survived", "timeout", "infrastructure", "invalid")
    better = min((known, row), key=lambda one: _at(rank, one["status"]))
    return dict(better) | {"red": {**row["red"], **known["red"]}, "tiers": [*known["tiers"], tier]}


def _at(order: Sequence[str], name: str) -> int:
    return order.index(name) if name in order else len(order)


def columns(campaign: Mapping[str, Any], places: Mapping[str, str]) -> list[str]:
    """Return the clauses of the matrix in the order of a run: those that went red once, and MUSTs that never did."""
    reds = {name for row in campaign["faults"].values() for name in row["red"]}
    names = reds | set(campaign["unkilled"])
    return sorted(names, key=lambda name: (_at(PLACES, places.get(name, "")), name))


def labels(campaign: Mapping[str, Any]) -> Markup:
    """Return the names of the rows, one SVG that stays in place while the cells scroll."""
    width = LETTER * max((len(name) for name in campaign["faults"]), default=0) + 12
    kinds = {name: f"name {row['status']}" for name, row in campaign["faults"].items()}
    parts = [
        tag("text", name, class_=kind, text_anchor="end", x=width - 6, y=HEAD + at * ROW + 9)
        for at, (name, kind) in enumerate(kinds.items())
    ]
    return _svg("names", "names of the faults", width, len(kinds), parts)


def matrix(campaign: Mapping[str, Any], names: Sequence[str], places: Mapping[str, str]) -> Markup:
    """Return the cells: a row a fault, a column a clause, dark where it went red, a line between stages."""
    cell = min(max(WIDE / max(len(names), 1), NARROWEST), WIDEST)
    width, count = max(cell * len(names), 1.0), len(campaign["faults"])
    parts = [
        tag("rect", class_="stripe", x=0, y=HEAD + at * ROW, width=width, height=ROW)
        for at in range(1, count, 2)
    ]
    parts += _stages([places.get(name, "–") for name in names], cell, count)
    across = {name: at * cell for at, name in enumerate(names)}
    for at, (fault, row) in enumerate(campaign["faults"].items()):
        for name in row["red"]:
            kind, title = "blind" if name in row["blind_red"] else "red", f"{name} under {fault}"
            place = {"x": across[name], "y": HEAD + at * ROW + 1}
            size = {"width": cell - 1, "height": ROW - 2}
            parts.append(tag("rect", tag("title", title), class_=kind, **place, **size))
    return _svg("cells", f"{count} faults against {len(names)} clauses", width, count, parts)


def _stages(columns: Sequence[str], cell: float, count: int) -> list[Markup]:
    """A line and a word where a stage begins; the words stand in two rows, so that short stages find room."""
    starts = [at for at, place in enumerate(columns) if at == 0 or place != columns[at - 1]]
    parts = []
    for number, at in enumerate(starts):
        x, top = at * cell, 3 if number % 2 else 14
        parts.append(tag("line", class_="grid", x1=x, x2=x, y1=top, y2=HEAD + count * ROW))
        parts.append(tick(x + 3, top + 8, columns[at]))
    return parts


def _svg(kind: str, said: str, width: float, rows: int, parts: Sequence[Markup]) -> Markup:
    size = {"width": round(width), "height": HEAD + 4 + rows * ROW}
    box = f"0 0 {size['width']} {size['height']}"
    shell = {"class_": f"matrix {kind}", "role": "img", "aria_label": said, "viewBox": box}
    return tag("svg", *parts, **shell, **size)

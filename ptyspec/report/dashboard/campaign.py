"""The kill matrix: which clause went red under which fault, from the campaigns that are at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup
from pydantic import ConfigDict, Field

from ptyspec.contracts.base import Record
from ptyspec.files.jsonfile import read_document
from ptyspec.spec.clause import PLACES

FILE = "campaign.json"
ROW, HEAD, LETTER = 12, 28, 5.6
"""Height of a row and of the lines of stages, and width of a letter of a fault's name, in pixels."""
WIDE, NARROWEST, WIDEST = 930, 5.0, 12.0
"""Width that the cells fill where that leaves them between these, in pixels."""


def find(root: Path | None, store: Path) -> list[Path]:
    """Return the campaigns of a checkout (docs/campaign and what lies below), else the newest of the run store."""
    if root is not None:
        kept = sorted((root / "docs" / "campaign").rglob("*campaign*.json"))
        if kept:
            return kept
    newest = sorted((store / "campaigns").glob(f"*/{FILE}"), key=lambda path: path.stat().st_mtime)
    return newest[-1:]


class Known(Record):
    """What a page reads of a document; it may hold more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Fault(Known):
    """A fault of a tier's campaign; red: the cases of each clause that went red."""

    id: str
    stage: str
    story: str
    status: str
    reason: str
    reached: int
    red: dict[str, list[str]]
    first_red_stage: str | None
    missed: list[str]
    blind_red: list[str]


class Part(Known):
    """campaign.json of one tier."""

    tier: str
    faults: list[Fault]
    must_clauses_without_a_kill: list[str]
    localised: float | None = None
    specificity: float | None = None
    missed: dict[str, list[str]] = Field(default_factory=dict)


def read(paths: Sequence[Path]) -> dict[str, Any] | None:
    """Return campaigns of several tiers as one, or None where there is none; raises InputFileError for other files."""
    again = "run the campaign again, or leave --campaign out"
    parts = [read_document(path, Part, "campaign", again) for path in paths]
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
        "faults": _in_order(faults),
    }


def _together(known: Mapping[str, Any] | None, fault: Fault, tier: str) -> dict[str, Any]:
    """One fault in several tiers: killed where one tier kills it, and red in what any of them turned red."""
    row = fault.model_dump() | {"red": {name: len(cases) for name, cases in fault.red.items()}}
    if known is None:
        return row | {"tiers": [tier]}
    rank = ("killed", "survived", "timeout", "infrastructure", "invalid")
    better = min(
        (known, row),
        key=lambda one: rank.index(one["status"]) if one["status"] in rank else len(rank),
    )
    return dict(better) | {"red": {**row["red"], **known["red"]}, "tiers": [*known["tiers"], tier]}


def _in_order(faults: Mapping[str, Any]) -> dict[str, Any]:
    order = {place: at for at, place in enumerate(PLACES)}
    return dict(
        sorted(faults.items(), key=lambda pair: (order.get(pair[1]["stage"], len(order)), pair[0]))
    )


def columns(campaign: Mapping[str, Any], places: Mapping[str, str]) -> list[str]:
    """Return the clauses of the matrix in the order of a run: those that went red once, and MUSTs that never did."""
    names = {name for row in campaign["faults"].values() for name in row["red"]} | set(
        campaign["unkilled"]
    )
    order = {place: at for at, place in enumerate(PLACES)}
    return sorted(names, key=lambda name: (order.get(places.get(name, ""), len(order)), name))


def labels(campaign: Mapping[str, Any]) -> Markup:
    """Return the names of the rows, one SVG that stays in place while the cells scroll."""
    width = LETTER * max((len(name) for name in campaign["faults"]), default=0) + 12
    parts = [
        Markup('<text class="name {}" text-anchor="end" x="{:.0f}" y="{}">{}</text>').format(
            row["status"], width - 6, HEAD + at * ROW + 9, name
        )
        for at, (name, row) in enumerate(campaign["faults"].items())
    ]
    return _svg("names", "names of the faults", width, len(campaign["faults"]), parts)


def matrix(campaign: Mapping[str, Any], names: Sequence[str], places: Mapping[str, str]) -> Markup:
    """Return the cells: a row a fault, a column a clause, dark where it went red, a line between stages."""
    cell = min(max(WIDE / max(len(names), 1), NARROWEST), WIDEST)
    width, count = max(cell * len(names), 1.0), len(campaign["faults"])
    parts = [_stripe(at, width) for at in range(1, count, 2)] + _stages(
        [places.get(name, "–") for name in names], cell, count
    )
    across = {name: at * cell for at, name in enumerate(names)}
    shape = Markup(
        '<rect class="{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}"><title>{} under {}</title></rect>'
    )
    for at, (fault, row) in enumerate(campaign["faults"].items()):
        for name in row["red"]:
            kind = "blind" if name in row["blind_red"] else "red"
            parts.append(
                shape.format(
                    kind, across[name], HEAD + at * ROW + 1, cell - 1, ROW - 2, name, fault
                )
            )
    return _svg("cells", f"{count} faults against {len(names)} clauses", width, count, parts)


def _stripe(at: int, width: float) -> Markup:
    return Markup('<rect class="stripe" x="0" y="{}" width="{:.0f}" height="{}"/>').format(
        HEAD + at * ROW, width, ROW
    )


def _stages(columns: Sequence[str], cell: float, count: int) -> list[Markup]:
    """A line and a word where a stage begins; the words stand in two rows, so that short stages find room."""
    starts = [at for at, place in enumerate(columns) if at == 0 or place != columns[at - 1]]
    mark = Markup(
        '<line class="grid" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/><text class="tick" x="{3:.1f}" y="{4}">{5}</text>'
    )
    return [
        mark.format(
            at * cell,
            3 if number % 2 else 14,
            HEAD + count * ROW,
            at * cell + 3,
            11 if number % 2 else 22,
            columns[at],
        )
        for number, at in enumerate(starts)
    ]


def _svg(kind: str, said: str, width: float, rows: int, parts: Sequence[Markup]) -> Markup:
    shell = Markup(
        '<svg class="matrix {}" role="img" aria-label="{}" width="{:.0f}" height="{}" viewBox="0 0 {:.0f} {}">{}</svg>'
    )
    height = HEAD + 4 + rows * ROW
    return shell.format(kind, said, width, height, width, height, Markup("").join(parts))

"""The page to look at before an approval: one HTML file that needs no other, and the same as JSON."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from ptyspec.contracts.arrays import Array
from ptyspec.files.files import atomic_file
from ptyspec.files.jsonfile import write_json
from ptyspec.render.table import Mark, Table
from ptyspec.testing.golden.compare import Row, compare_arrays, compare_numbers
from ptyspec.testing.golden.content import Numbers, read_arrays, read_numbers
from ptyspec.testing.golden.manifest import Entry, read_manifest
from ptyspec.testing.golden.pictures import beside, histogram
from ptyspec.testing.golden.proposal import Proposal

NUMBERS = ("golden", "proposed", "|difference|", "relative", "of its tolerance")
ARRAYS = ("golden", "proposed", "largest |difference|", "largest relative", "outside", "NaN moved")
LIMIT = "tolerance, and where it comes from"
NOTHING = Numbers({}, {})


def write_page(proposals: list[Proposal], golden: Path, out: Path) -> Path:
    """Write index.html and differences.json below `out` and return the page's path."""
    records = differences(proposals, golden, out)
    headline = {"schema_version": 1, "status": status(proposals)}
    write_json(out / "differences.json", {**headline, "files": records})
    for record in records:
        if record["status"] != "same" and "arrays" in record:
            _draw(record, golden, out)
    kinds = [made.status for made in proposals]
    page = Environment(loader=PackageLoader("ptyspec.testing.golden"), autoescape=True)
    text = page.get_template("proposals.html.j2").render(
        records=records,
        counts={kind: kinds.count(kind) for kind in dict.fromkeys(kinds)},
        numbers=_numbers_table,
        array=_array_table,
    )
    with atomic_file(out / "index.html") as file:
        file.write(text.encode())
    return out / "index.html"


def status(proposals: list[Proposal]) -> str:
    """Return the headline: `same` when every golden file holds, else `open`, or `refused` where a case fails."""
    if any(made.status == "refused" for made in proposals):
        return "refused"
    return "open" if any(made.open for made in proposals) else "same"


def differences(proposals: list[Proposal], golden: Path, out: Path) -> list[dict[str, Any]]:
    """Return a record a proposal: status, producer, environments old and new, and its values old beside new."""
    entries = read_manifest(golden)
    return [_record(made, entries.get(made.name), golden, out) for made in proposals]


def _record(made: Proposal, entry: Entry | None, golden: Path, out: Path) -> dict[str, Any]:
    head = {
        "name": made.name,
        "status": made.status,
        "producer": made.producer,
        "note": made.note,
        "environment": {"old": entry.environment if entry else None, "new": made.environment},
        "approved_for": entry.reason if entry else None,
        "base_sha256": made.base,
        "sha256": made.sha256,
    }
    if made.sha256 is None:
        return head
    if made.name.endswith(".json"):
        return head | {"numbers": _numbers(made, golden, out)}
    return head | {"arrays": _arrays(made, entry, golden, out)}


def _numbers(made: Proposal, golden: Path, out: Path) -> list[dict[str, Any]]:
    old = read_numbers(golden / made.name) if made.base else NOTHING
    new = read_numbers(out / "new" / made.name)
    return [_number(row, old, new) for row in compare_numbers(old, new)]


def _number(row: Row, old: Numbers, new: Numbers) -> dict[str, Any]:
    found: dict[str, Any] = {
        "key": row.key,
        "old": row.golden,
        "new": row.observed,
        "agrees": row.agrees,
    }
    numbers = row.key in old.values and row.key in new.values
    error = abs(row.observed - row.golden) if numbers else None
    relative = error / abs(row.golden) if error is not None and row.golden else None
    limit = new.tolerances.get(row.key)
    before = old.tolerances.get(row.key)
    return found | {
        "abs": error,
        "rel": relative,
        "tolerance": limit and asdict(limit),
        "tolerance_before": asdict(before) if before and before != limit else None,
        "used": error / row.limit if error is not None and row.limit else None,
    }


def _arrays(made: Proposal, entry: Entry | None, golden: Path, out: Path) -> list[dict[str, Any]]:
    old = read_arrays(golden / made.name) if made.base else {}
    new = read_arrays(out / "new" / made.name)
    before = entry.tolerances if entry else {}
    found = []
    for key in dict.fromkeys([*old, *new]):
        limit = made.tolerances.get(key)
        row: dict[str, Any] = {
            "key": key,
            "old": _kind(old.get(key)),
            "new": _kind(new.get(key)),
            "tolerance": limit and asdict(limit),
            "tolerance_before": asdict(before[key])
            if key in before and before[key] != limit
            else None,
        }
        if limit is not None and row["old"] == row["new"]:
            result = compare_arrays(old[key], new[key], limit)
            row |= asdict(result) | {"agrees": result.agrees and row["tolerance_before"] is None}
        else:
            row |= {"agrees": False}
        found.append(row)
    return found


def _kind(array: Array | None) -> str | None:
    return None if array is None else f"{np.asarray(array).dtype}{list(array.shape)}"


def _draw(record: dict[str, Any], golden: Path, out: Path) -> None:
    name = record["name"]
    old = read_arrays(golden / name) if (golden / name).is_file() else {}
    new = read_arrays(out / "new" / name)
    for row in record["arrays"]:
        found, before = new.get(row["key"]), old.get(row["key"])
        if found is not None and found.ndim == 2 and min(found.shape) > 1:
            flat = before is not None and before.ndim == 2
            row["picture"] = beside(before if flat else None, found)
        if row.get("ulps"):
            row["bars"] = histogram(row["ulps"])


def _numbers_table(rows: list[dict[str, Any]]) -> Markup:
    cells = [
        (
            Mark(row["key"], bold=not row["agrees"]),
            *(str(row[side]) for side in ("old", "new")),
            *(Mark(row[key], form=".3g") for key in ("abs", "rel")),
            Mark(row["used"], form=".0%"),
            _limit(row),
        )
        for row in rows
    ]
    return Table(("value", *NUMBERS, LIMIT), cells, numbers=NUMBERS).html()


def _array_table(row: dict[str, Any]) -> Markup:
    outside = f"{row['outside']} of {row['size']}" if row.get("size") else None
    worst = [Mark(row.get(key), form=".3g") for key in ("max_abs", "max_rel")]
    old = Mark(row["old"], bold=not row["agrees"])
    cells = (old, row["new"], *worst, outside, row.get("nan_moved"), _limit(row))
    return Table((*ARRAYS, LIMIT), [cells], numbers=ARRAYS).html()


def _limit(row: dict[str, Any]) -> str:
    told = [_tolerance(row["tolerance"])] if row["tolerance"] else ["exact"]
    if row["tolerance_before"]:
        told.append(f"before: {_tolerance(row['tolerance_before'])}")
    return "; ".join(told)


def _tolerance(stated: dict[str, Any]) -> str:
    return f"{stated['atol']:g} + {stated['rtol']:g} |golden|: {stated['source']}"

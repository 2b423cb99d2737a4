"""Which clause went red under which fault, from the campaigns that are at hand."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from ptyspec.errors import InputFileError
from ptyspec.faults import result
from ptyspec.files.jsonfile import read_document
from ptyspec.report.dashboard.document import Campaign, FaultRow

FILE = "campaign.json"
AGAIN = "run the campaign again, or leave --campaign out"
RANK = ("killed", "survived", "timeout", "infrastructure", "invalid")


def find(root: Path | None, store: Path) -> list[Path]:
    """Return the campaigns of a checkout (docs/campaign and what lies below), else the newest of the run store.

    One that an earlier version left in the store is passed over.
    """
    if root is not None and (kept := sorted((root / "docs" / "campaign").rglob("*campaign*.json"))):
        return kept
    stored = sorted((store / "campaigns").glob(f"*/{FILE}"), key=lambda path: path.stat().st_mtime)
    for path in reversed(stored):
        with suppress(InputFileError):
            read_document(path, result.Campaign, "campaign")
            return [path]
    return []


def read(paths: Sequence[Path]) -> Campaign | None:
    """Return campaigns of several tiers as one, or None where there is none; raises InputFileError for other files."""
    parts = [read_document(path, result.Campaign, "campaign", AGAIN) for path in paths]
    if not parts:
        return None
    faults: dict[str, FaultRow] = {}
    for part in parts:
        for row in part.faults:
            faults[row.id] = _together(faults.get(row.id), _row(row, part))
    valid = [row for row in faults.values() if row.status in ("killed", "survived")]
    survivors = [row.id for row in valid if row.status == "survived"]
    killed = len(valid) - len(survivors)
    reds = {name for row in faults.values() for name in row.red}
    order = {stage: at for at, stage in enumerate(result.WAY)}
    return Campaign(
        files=[str(path) for path in paths],
        tiers=[part.tier for part in parts],
        killed=killed,
        valid=len(valid),
        kill_rate=killed / len(valid) if valid else None,
        survivors=survivors,
        unkilled=sorted({one for part in parts for one in part.must_clauses_without_a_kill} - reds),
        faults=dict(sorted(faults.items(), key=lambda pair: (order[pair[1].stage], pair[0]))),
    )


def _row(row: result.Row, part: result.Campaign) -> FaultRow:
    kept = {name: getattr(row, name) for name in FaultRow.model_fields if hasattr(row, name)}
    red = {name: len(cases) for name, cases in row.red.items()}
    missed = part.missed.get(row.id, ())
    return FaultRow.model_validate({**kept, "red": red, "missed": missed, "tiers": [part.tier]})


def _together(known: FaultRow | None, row: FaultRow) -> FaultRow:
    """One fault in several tiers: killed where one tier kills it, and red in what any of them turned red."""
    if known is None:
        return row
    better = min((known, row), key=lambda one: RANK.index(one.status))
    merged = {"red": {**row.red, **known.red}, "tiers": [*known.tiers, *row.tiers]}
    return better.model_copy(update=merged)

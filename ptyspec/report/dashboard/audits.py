"""The audits of a hub folder, as far as one page needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ptyspec.checks.documents import HubFile
from ptyspec.checks.report import HUB
from ptyspec.errors import InputFileError
from ptyspec.files.jsonfile import read_document

AGAIN = "ptyspec audit --all SCENARIO --out DIR makes one"


def read(folder: Path | None) -> dict[str, Any] | None:
    """Return a hub's status by kind and its findings, or None where none was named; raises InputFileError for no hub."""
    if folder is None:
        return None
    place = _hub(folder)
    hub = read_document(place / HUB, HubFile, "hub", AGAIN)
    told = hub.model_dump(mode="json")
    return {
        "folder": str(place),
        **{key: told[key] for key in ("status", "time", "command", "findings", "kinds")},
        "subjects": [row.name for row in hub.subjects],
    }


def _hub(folder: Path) -> Path:
    """The folder itself, or the newest hub below it: `ptyspec audit --all --out DIR` makes a new one each time."""
    if (folder / HUB).is_file():
        return folder
    below = sorted(folder.glob(f"*/{HUB}"))
    if not below:
        raise InputFileError(
            f"this folder is no hub of audits: there is no {HUB}",
            value=folder,
            limit=f"it holds {HUB}",
            next_step=AGAIN,
        )
    return below[-1].parent

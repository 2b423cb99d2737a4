"""The audits of a hub folder, as far as one page needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ptyspec.checks.write import HUB
from ptyspec.errors import InputFileError
from ptyspec.files.jsonfile import read_json


def read(folder: Path | None) -> dict[str, Any] | None:
    """Return a hub's status by kind and its findings, or None where none was named; raises InputFileError for no hub."""
    if folder is None:
        return None
    place = _hub(folder)
    content = read_json(place / HUB)
    try:
        kinds = {
            name: {
                key: row[key]
                for key in (
                    "question",
                    "holds",
                    "broken",
                    "not_evaluated",
                    "subjects",
                    "page",
                    "json",
                )
            }
            for name, row in content["kinds"].items()
        }
        subjects = [str(row["name"]) for row in content["subjects"]]
        return {
            "folder": str(place),
            "status": content["status"],
            "time": content["time"],
            "command": content["command"],
            "subjects": subjects,
            "kinds": kinds,
            "findings": [dict(row) for row in content["findings"]],
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise _no_hub(folder, repr(error)) from error


def _hub(folder: Path) -> Path:
    """The folder itself, or the newest hub below it: `ptyspec audit --all --out DIR` makes a new one each time."""
    if (folder / HUB).is_file():
        return folder
    below = sorted(folder.glob(f"*/{HUB}"))
    if not below:
        raise _no_hub(folder, f"there is no {HUB}")
    return below[-1].parent


def _no_hub(folder: Path, why: str) -> InputFileError:
    return InputFileError(
        f"this folder is no hub of audits: {why}",
        value=folder,
        limit=f"it holds {HUB}",
        next_step="ptyspec audit --all SCENARIO --out DIR makes one",
    )

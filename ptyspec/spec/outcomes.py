"""The last outcome of each case, as test runs left it in pytest's cache (written by the plugin, read here)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptyspec.errors import PtyspecError
from ptyspec.io.jsonfile import read_json
from ptyspec.spec.ledger import RECORD, SCHEMA_VERSION

FILE = Path(".pytest_cache/v") / RECORD


class OutcomesError(PtyspecError):
    """The record of outcomes is of another version or damaged."""

    exit_code = 3


@dataclass(frozen=True)
class Outcome:
    """How a case ended when it last ran."""

    outcome: str
    """passed, failed, skipped, xfailed, xpassed or error."""
    seconds: float
    when: str
    margins: tuple[tuple[str, str, float], ...]
    """Clause, what was compared, and how much of the clause's tolerance it used."""


@dataclass(frozen=True)
class Outcomes:
    """All last outcomes, by node id; empty where no test has run yet."""

    environment: str
    cases: Mapping[str, Outcome]


NOTHING = Outcomes("", {})


def outcomes(root: Path) -> Outcomes:
    """Return what the test runs of this checkout left; raises OutcomesError for a file that is not such a record."""
    path = root / FILE
    if not path.is_file():
        return NOTHING
    content = read_json(path)
    try:
        if content["schema_version"] != SCHEMA_VERSION:
            raise KeyError("schema_version")
        return Outcomes(str(content["environment"]), {name: _outcome(row) for name, row in content["cases"].items()})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise OutcomesError(
            f"not a record of outcomes: {error!r}", source=path, limit=f"schema_version {SCHEMA_VERSION}",
            next_step=f"remove it (rm {path}) and run the tests again",
        ) from error  # fmt: skip


def _outcome(row: Mapping[str, Any]) -> Outcome:
    # JSON knows no infinity: a margin that has no number went beyond any tolerance.
    margins = tuple(
        (str(clause), str(what), float("inf") if used is None else float(used)) for clause, what, used in row["margins"]
    )
    return Outcome(str(row["outcome"]), float(row["seconds"]), str(row["when"]), margins)

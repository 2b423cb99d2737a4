"""The last outcome of each case, as test runs left it in pytest's cache (written by the plugin, read here)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptyspec.errors import PtyspecError
from ptyspec.files.jsonfile import read_json
from ptyspec.spec.ledger import RECORD, SCHEMA_VERSION
from ptyspec.spec.stamp import Stamps

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
    """Last outcomes with the present code, by node id; empty where no test has run yet."""

    environment: str
    cases: Mapping[str, Outcome]
    outdated: frozenset[str] = frozenset()
    """Cases that have run, but with other code than the present one: what they said then counts no more."""


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
        stamps = Stamps(root)
        rows = {
            name: (_outcome(row), row["code"] == stamps.of(name))
            for name, row in content["cases"].items()
        }
        return Outcomes(
            str(content["environment"]),
            {name: outcome for name, (outcome, current) in rows.items() if current},
            frozenset(name for name, (_, current) in rows.items() if not current),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise OutcomesError(
            f"not a record of outcomes: {error!r}",
            source=path,
            limit=f"schema_version {SCHEMA_VERSION}",
            next_step=f"remove it (rm {path}) and run the tests again",
        ) from error


def _outcome(row: Mapping[str, Any]) -> Outcome:
    # JSON knows no infinity: a margin that has no number went beyond any tolerance.
    margins = tuple(
        (str(clause), str(what), float("inf") if used is None else float(used))
        for clause, what, used in row["margins"]
    )
    return Outcome(str(row["outcome"]), float(row["seconds"]), str(row["when"]), margins)

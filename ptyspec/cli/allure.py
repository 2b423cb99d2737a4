"""`ptyspec allure`: the Allure report of a test run, its history and its quality gate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ptyspec.cli.failures import VIOLATION
from ptyspec.cli.options import Json

SCHEMA_VERSION = 1


Results = Annotated[
    Path, typer.Argument(metavar="RESULTS", help="What `pytest --alluredir=RESULTS` wrote.")
]
Out = Annotated[
    Path, typer.Option(metavar="DIR", help="Where the report goes; an older one is replaced.")
]
History = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Past runs, one a line; otherwise .allure/history.jsonl."),
]
MinTests = Annotated[int, typer.Option(metavar="N", min=0, help="Fail where fewer cases ran.")]


def allure(
    results: Results,
    out: Out = Path("allure-report"),
    history: History = None,
    min_tests: MinTests = 1,
    as_json: Json = False,
) -> None:
    """Render the results with Allure 3, add them to the history, and hold them to the quality gate.

    The program comes as the npm package `allure`, one pinned version, installed once below the run store; Node.js is
    the system's. Exit code 1: a case failed, or too few ran; the report is there all the same.
    """
    from ptyspec.cli.output import end, print_json, stderr
    from ptyspec.testing.allure_results import read_results
    from ptyspec.testing.allure_site import HISTORY, render

    found, kept = read_results(results), history or HISTORY
    told = found.breaches(min_tests)
    with stderr().status(f"rendering {found.total} cases"):
        page = render(results, out, kept, found.clauses)
    status = "failed" if told else "passed"
    if as_json:
        print_json(
            {
                "schema_version": SCHEMA_VERSION,
                "status": status,
                "breaches": told,
                "cases": found.total,
                "counts": dict(found.counts),
                "clauses": {name: str(one) for name, one in found.clauses.items()},
                "failed": list(found.red),
                "report": str(page),
                "history": str(kept.absolute()),
            }
        )
    else:
        counts = ", ".join(f"{count} {name}" for name, count in sorted(found.counts.items()))
        for line in (f"cases: {found.total}: {counts}", f"gate: {status}"):
            typer.echo(line)
        for line in [*(f"  {one}" for one in told), f"report: {page}"]:
            typer.echo(line)
    end(VIOLATION if told else 0)

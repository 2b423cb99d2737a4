"""`ptyspec allure`: the Allure report of a test run, its history and its quality gate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

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
Folder = Annotated[
    bool,
    typer.Option(
        "--folder", help="Many files for a web server, instead of one that opens from the disk."
    ),
]
MinTests = Annotated[
    int | None, typer.Option(metavar="N", min=0, help="Fail where fewer cases ran.")
]


def allure(
    results: Results,
    out: Out = Path("allure-report"),
    history: History = None,
    folder: Folder = False,
    min_tests: MinTests = None,
    as_json: Json = False,
) -> None:
    """Render the results with Allure 3, add them to the history, and hold them to the quality gate.

    The program comes as the npm package `allure`, one pinned version, installed once below the run store; Node.js is
    the system's. Settings of the repository (known issues, gate, title) stand in its `allurerc.yaml`. Exit code 1:
    the gate is not passed; the report is there all the same.
    """
    from ptyspec.cli.output import end, print_json

    content = _rendered(results, out, history, not folder, min_tests)
    if as_json:
        print_json(content)
    else:
        counts = (f"{count} {status}" for status, count in content["counts"].items() if count)
        known = f" ({len(content['known'])} of them known)" if content["known"] else ""
        typer.echo(f"cases: {content['cases']}: {', '.join(counts)}{known}")
        typer.echo(f"gate: {content['status']}")
        for line in content["breaches"]:
            typer.echo(f"  {line}")
        typer.echo(f"report: {content['report']}")
    end(VIOLATION if content["breaches"] else 0)


def _rendered(
    results: Path, out: Path, history: Path | None, single_file: bool, min_tests: int | None
) -> dict[str, Any]:
    """Render the report and return what `--json` prints of it."""
    from time import perf_counter

    from ptyspec.cli.output import stderr
    from ptyspec.testing import allure_config, allure_tool
    from ptyspec.testing.allure_results import breaches, read_results
    from ptyspec.testing.allure_site import render

    begin = perf_counter()
    settings = allure_config.read_settings(Path.cwd())
    rules = allure_config.gate_rules(settings)
    found = read_results(results, allure_config.known_issues(settings))
    least = rules["minTestsCount"] if min_tests is None else min_tests
    told = breaches(found, rules["maxFailures"], least)
    first = "" if allure_tool.installed() else f"installing allure {allure_tool.VERSION} and "
    kept = history or allure_config.HISTORY
    with stderr().status(f"{first}rendering {found.total} cases"):
        page = render(results, out, kept, settings, single_file=single_file, clauses=found.clauses)
    return {
        "schema_version": SCHEMA_VERSION,
        "status": "failed" if told else "passed",
        "breaches": told,
        "cases": found.total,
        "counts": dict(found.counts),
        "clauses": {name: str(one) for name, one in found.clauses.items()},
        "failed": list(found.red),
        "known": list(found.known),
        "report": str(page),
        "history": str(kept.absolute()),
        "seconds": round(perf_counter() - begin, 2),
    }

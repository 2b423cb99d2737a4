"""`ptyspec report` and `ptyspec allure`: the dashboard, and the Allure report of a test run."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import ptyspec
from ptyspec.cli import options, trace
from ptyspec.cli.options import argument, option
from ptyspec.cli.output import CODES, VIOLATION, print_json, stderr, whole
from ptyspec.front.checkout import Place, checkout

if TYPE_CHECKING:
    from ptyspec.report.dashboard.gather import Sources

Runs = Annotated[
    list[Path] | None,
    option(
        "DIR",
        "A finished run; may be repeated. Otherwise the newest of the four scenarios in the run store.",
        "--run",
    ),
]
Campaigns = Annotated[
    list[Path] | None,
    option(
        "FILE",
        "A campaign.json, one a tier; otherwise docs/campaign of the checkout, or the newest in the run store.",
        "--campaign",
    ),
]
Checks = Annotated[
    list[Path] | None,
    option(
        "FILE",
        "What `ptyspec check --json` printed, or a scoreboard.json; may be repeated. Otherwise the engines of the checkout.",
        "--check",
    ),
]
Out = Annotated[
    Path | None, option("DIR", "Where the page goes; otherwise reports/latest in the run store.")
]


def report(
    runs: Runs = None,
    campaigns: Campaigns = None,
    audits: Annotated[Path | None, option("DIR", "A hub of `ptyspec audit --all`.")] = None,
    checks: Checks = None,
    out: Out = None,
    root: options.Root = None,
    strict: options.Strict = False,
    as_json: options.Json = False,
) -> None:
    """Write dashboard.html and report.json: clauses, faults, hypotheses, runs, audits, pipelines, environment.

    Prints the path of the page and opens nothing. With --strict the exit code is 1 where a clause is broken and 4 where
    nothing is broken but evidence is missing.
    """
    from ptyspec.report.dashboard.document import COUNTS
    from ptyspec.report.dashboard.page import PAGE, check_out, write_dashboard
    from ptyspec.runs.store import default_root

    place = (out or default_root() / "reports" / "latest").expanduser().absolute()
    check_out(place)
    sources = gather(runs or [], campaigns or [], audits, root, checks or [])
    with stderr().status("writing the dashboard"):
        found = write_dashboard(place, sources)
    if as_json:
        print_json({**found.model_dump(mode="json"), "page": str(place / PAGE)})
    else:
        typer.echo(str(place / PAGE))
    told = found.headline
    more = "".join(f", {told[state]} {state}" for state in COUNTS[1:] if told[state])
    passed = f"{told['passed']} of {told['clauses']} clauses passed"
    typer.echo(f"{found.status}: {passed}{more}; {told['violations']} violations", err=True)
    if strict:
        raise typer.Exit(CODES[found.status])


def gather(
    runs: Sequence[Path],
    campaigns: Sequence[Path] = (),
    audits: Path | None = None,
    root: Path | None = None,
    checks: Sequence[Path] = (),
) -> "Sources":
    """Return what a dashboard is made of: the named runs and campaigns, or those that are found, and the trace.

    An installation has no cases: its clauses have not run.
    """
    from ptyspec.experiments.judge import board
    from ptyspec.report.dashboard.gather import Sources, find_boards, find_campaigns, newest, opened
    from ptyspec.runs.store import default_root
    from ptyspec.spec.clause import specification
    from ptyspec.spec.ledger import Ledger
    from ptyspec.spec.trace import trace as joined

    store = default_root()
    here = root is not None or (Path(ptyspec.__file__).parents[1] / "specs").is_dir()
    place = checkout(root) if here else None
    named = [path.expanduser().absolute() for path in campaigns]
    return Sources(
        trace=trace.read(Place(place, whole=True))
        if place
        else joined(specification(), (), Ledger(), {}),
        runs=[opened(path.expanduser().absolute()) for path in runs or newest(store)],
        campaigns=named or find_campaigns(place, store),
        audits=whole(audits),
        hypotheses=board().hypotheses,
        pipelines=[path.expanduser().absolute() for path in checks] or find_boards(place),
    )


Results = Annotated[Path, argument("RESULTS", "What `pytest --alluredir=RESULTS` wrote.")]
Site = Annotated[Path, option("DIR", "Where the report goes; an older one is replaced.")]
History = Annotated[
    Path | None, option("FILE", "Past runs, one a line; otherwise .allure/history.jsonl.")
]
MinTests = Annotated[int, option("N", "Fail where fewer cases ran.", min=0)]


def allure(
    results: Annotated[Path, argument("RESULTS", "What `pytest --alluredir=RESULTS` wrote.")],
    out: Site = Path("allure-report"),
    history: History = None,
    min_tests: Annotated[int, option("N", "Fail where fewer cases ran.", min=0)] = 1,
    as_json: options.Json = False,
) -> None:
    """Render the results with Allure 3, add them to the history, and hold them to the quality gate.

    The program comes as the npm package `allure`, one pinned version, installed once below the run store; Node.js is
    the system's. Exit code 1: a case failed, or too few ran; the report is there all the same.
    """
    from ptyspec.testing.allure_site import HISTORY, read_results, render

    found, kept = read_results(results), history or HISTORY
    told = found.breaches(min_tests)
    with stderr().status(f"rendering {found.total} cases"):
        page = render(results, out, kept, found.clauses)
    status = "failed" if told else "passed"
    if as_json:
        head = {"schema_version": 1, "status": status, "breaches": told, "cases": found.total}
        clauses = {name: str(one) for name, one in found.clauses.items()}
        seen = {"counts": dict(found.counts), "clauses": clauses, "failed": list(found.red)}
        print_json({**head, **seen, "report": str(page), "history": str(kept.absolute())})
    else:
        counts = ", ".join(f"{count} {name}" for name, count in sorted(found.counts.items()))
        breaches = [f"  {one}" for one in told]
        lines = [f"cases: {found.total}: {counts}", f"gate: {status}", *breaches, f"report: {page}"]
        typer.echo("\n".join(lines))
    raise typer.Exit(VIOLATION if told else 0)

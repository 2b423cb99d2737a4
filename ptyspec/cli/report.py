"""`ptyspec report`: the dashboard, one page that tells the state of the specification."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ptyspec.cli.failures import INCOMPLETE, VIOLATION
from ptyspec.cli.options import Json, Root, Strict

if TYPE_CHECKING:
    from ptyspec.report.dashboard.gather import Sources

Runs = Annotated[
    list[Path] | None,
    typer.Option(
        "--run",
        metavar="DIR",
        help="A finished run; may be repeated. Otherwise the newest of the four scenarios in the run store.",
    ),
]
Campaigns = Annotated[
    list[Path] | None,
    typer.Option(
        "--campaign",
        metavar="FILE",
        help="A campaign.json, one a tier; otherwise docs/campaign of the checkout, or the newest in the run store.",
    ),
]
Audits = Annotated[Path | None, typer.Option(metavar="DIR", help="A hub of `ptyspec audit --all`.")]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Where the page goes; otherwise reports/latest in the run store."
    ),
]


def report(
    runs: Runs = None,
    campaigns: Campaigns = None,
    audits: Audits = None,
    out: Out = None,
    root: Root = None,
    strict: Strict = False,
    as_json: Json = False,
) -> None:
    """Write dashboard.html and report.json: clauses, faults, hypotheses, runs, audits, environment.

    Prints the path of the page and opens nothing. With --strict the exit code is 1 where a clause is broken and 4 where
    nothing is broken but evidence is missing.
    """
    from ptyspec.cli.output import end, print_json, stderr
    from ptyspec.report.dashboard.document import COUNTS
    from ptyspec.report.dashboard.page import PAGE, check_out, write_dashboard
    from ptyspec.runs.store import default_root

    place = (out or default_root() / "reports" / "latest").expanduser().absolute()
    check_out(place)
    sources = gather(runs or [], campaigns or [], audits, root)
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
        end({"ok": 0, "violation": VIOLATION, "incomplete": INCOMPLETE}[found.status])


def gather(
    runs: Sequence[Path],
    campaigns: Sequence[Path] = (),
    audits: Path | None = None,
    root: Path | None = None,
) -> Sources:
    """Return what a dashboard is made of: the named runs and campaigns, or those that are found, and the trace.

    An installation has no cases: its clauses have not run.
    """
    import ptyspec
    from ptyspec.cli import output, trace
    from ptyspec.experiments.board import board
    from ptyspec.front.checkout import checkout
    from ptyspec.report.dashboard import campaign
    from ptyspec.report.dashboard.gather import Sources
    from ptyspec.report.dashboard.runs import newest, opened
    from ptyspec.runs.store import default_root
    from ptyspec.spec.clause import specification
    from ptyspec.spec.ledger import Ledger
    from ptyspec.spec.trace import trace as joined

    store = default_root()
    here = root is not None or (Path(ptyspec.__file__).parents[1] / "specs").is_dir()
    place = checkout(root) if here else None
    return Sources(
        trace=trace.read(place) if place else joined(specification(), (), Ledger(), {}),
        runs=[opened(path.expanduser().absolute()) for path in runs or newest(store)],
        campaigns=[path.expanduser().absolute() for path in campaigns]
        or campaign.find(place, store),
        audits=output.place(audits),
        hypotheses=board().hypotheses,
    )

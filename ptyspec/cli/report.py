"""`ptyspec report`: the dashboard, one page that tells the state of the specification."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
    """Write dashboard.html and report.json: clauses, faults, hypotheses, runs, audits, environment, trend.

    Prints the path of the page and opens nothing. With --strict the exit code is 1 where a clause is broken and 4 where
    nothing is broken but evidence is missing.
    """
    from ptyspec.cli.output import print_json, stderr
    from ptyspec.files.jsonfile import read_json
    from ptyspec.report.dashboard.write import DATA, check_out, write_dashboard
    from ptyspec.runs.store import default_root

    place = (out or default_root() / "reports" / "latest").expanduser().absolute()
    check_out(place)
    sources = gather(runs or [], campaigns or [], audits, page_root(root))
    with stderr().status("writing the dashboard"):
        page = write_dashboard(place, sources)
    found = read_json(page.parent / DATA)
    if as_json:
        print_json(found | {"page": str(page)})
    else:
        typer.echo(str(page))
    _end(found, strict)


def gather(
    runs: list[Path], campaigns: list[Path], audits: Path | None, root: Path | None
) -> Sources:
    """Return what a dashboard is made of: the named runs and campaigns, or those that are found, and the checkout's trace."""
    from ptyspec.cli import output
    from ptyspec.cli.trace import read
    from ptyspec.experiments.board import board
    from ptyspec.report.dashboard import campaign
    from ptyspec.report.dashboard.gather import Sources
    from ptyspec.report.dashboard.runs import newest, opened
    from ptyspec.runs.store import default_root

    store = default_root()
    whole = [path.expanduser().absolute() for path in campaigns]
    return Sources(
        trace=None if root is None else read(root),
        runs=[opened(path.expanduser().absolute()) for path in runs or newest(store)],
        campaigns=whole or campaign.find(root, store),
        store=store,
        audits=output.place(audits),
        hypotheses=board().hypotheses,
    )


def page_root(root: Path | None) -> Path | None:
    """The checkout that was named, or that this is; an installation has none, and then no cases."""
    import ptyspec
    from ptyspec.front.checkout import checkout

    if root is None and not (Path(ptyspec.__file__).parents[1] / "specs").is_dir():
        return None
    return checkout(root)


def _end(found: dict[str, Any], strict: bool) -> None:
    from ptyspec.report.dashboard.clauses import COUNTS

    told = found["headline"]
    typer.echo(
        f"{found['status']}: {told['passed']} of {told['clauses']} clauses passed"
        f"{''.join(f', {told[state]} {state}' for state in COUNTS[1:] if told[state])}; "
        f"{told['violations']} violations",
        err=True,
    )
    if strict and found["status"] != "ok":
        raise typer.Exit(VIOLATION if found["status"] == "violation" else INCOMPLETE)

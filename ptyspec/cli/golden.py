"""`ptyspec golden`: propose golden files, look at them, approve them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ptyspec.cli.failures import VIOLATION
from ptyspec.cli.options import Json

if TYPE_CHECKING:
    from ptyspec.testing.golden.proposal import Proposal

app = typer.Typer(
    help="Golden files: propose, look, approve; a test run never writes one.", no_args_is_help=True
)
SCHEMA_VERSION = 1

Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Where proposals lie; otherwise in the run store."),
]


@app.command("propose", short_help="Run the golden cases and show what differs.")
def propose(
    selectors: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CASE]...", help="Files or case ids; otherwise all."),
    ] = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Run the regression cases, keep what they observe beside the golden files, and write a page that shows both.

    Golden files that hold are not proposed again: within their tolerance they would wander. Exit code 1 where a case
    fails for another reason than its golden file: what it observed is not proposed.
    """
    from ptyspec.cli.output import stderr
    from ptyspec.testing.golden import proposal
    from ptyspec.testing.golden.page import write_page

    root, folder = _root(), (out or proposal.default_folder()).expanduser().absolute()
    with stderr().status("running the golden cases"):
        found = proposal.propose(root, folder, selectors or [])
        page = write_page(found, root / "golden", folder)
    head = {"status": found.status, "page": str(page), "failed": found.failed}
    _tell(found.proposals, head, as_json)
    if not as_json:
        typer.echo("\n".join([*found.failed, f"page: {page}"]))
        if found.open:
            where = f" --out {folder}" if out else ""
            typer.echo(f"next: ptyspec golden approve --all --reason TEXT{where}")
    if found.failed:
        raise typer.Exit(VIOLATION)


@app.command("approve", short_help="Make proposals golden.")
def approve(
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why the new values are right.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Proposals, or their folders.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All open proposals.")] = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Copy proposals into golden/ and note sha256, environment, case and reason in its manifest.

    Refused: a proposal made by other code than the present one, or beside a golden file that has changed since.
    """
    from ptyspec.errors import PtyspecError
    from ptyspec.testing.golden.proposal import approve as make
    from ptyspec.testing.golden.proposal import default_folder

    if bool(names) == everything:
        raise PtyspecError(
            "say which proposals, or --all",
            value=" ".join(names or []) or "none",
            next_step="ptyspec golden approve NAME --reason TEXT",
        )
    found = make(_root(), (out or default_folder()).expanduser().absolute(), names or [], reason)
    _tell(found, {"status": "approved"}, as_json)


def _root() -> Path:
    """Return the repository whose golden files are meant: the working folder."""
    from ptyspec.testing.golden.tolerance import GoldenError

    root = Path.cwd()
    if not (root / "golden").is_dir():
        raise GoldenError(
            "there is no folder golden here", value=root, next_step="go to the repository's root"
        )
    return root


def _tell(found: list[Proposal], head: dict[str, Any], as_json: bool) -> None:
    from ptyspec.cli.output import print_json

    if as_json:
        rows = [{"name": one.name, "status": one.status, "case": one.producer} for one in found]
        print_json({"schema_version": SCHEMA_VERSION, **head, "files": rows})
    for one in found if not as_json else ():
        typer.echo(f"{one.status:<8} {one.name}")

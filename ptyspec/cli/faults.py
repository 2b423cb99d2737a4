"""`ptyspec faults`: what the suite must catch, and whether it does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ptyspec.cli.failures import INCOMPLETE, VIOLATION
from ptyspec.cli.names import faults
from ptyspec.cli.options import Json

if TYPE_CHECKING:
    from ptyspec.faults.campaign import Result

app = typer.Typer(help="Calibrated faults: list them, and see which clauses catch them.", no_args_is_help=True)


@app.command("list", short_help="List the faults.")
def listing(as_json: Json = False) -> None:
    """List every fault with its stage, its story and the clauses that must go red."""
    from ptyspec.cli.output import print_json, stdout
    from ptyspec.faults.catalogue import catalogue

    rows = [
        {"id": one.id, "stage": one.stage, "story": one.story, "red": list(one.red), "green": list(one.green),
         "cost": one.cost, "signatures": list(one.signatures)}
        for one in catalogue()
    ]  # fmt: skip
    if as_json:
        return print_json({"schema_version": 1, "faults": rows})
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in ("fault", "stage", "tier", "must go red", "story"):
        table.add_column(head, overflow="fold", no_wrap=head == "fault")
    for one in catalogue():
        table.add_row(one.id, one.stage, one.cost, ", ".join(one.red), one.story)
    stdout().print(table)
    typer.echo(f"{len(rows)} faults")
    return None


@app.command("campaign", short_help="Run the contract tier under each fault.")
def campaign(
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="ID",
            help="This fault; may be repeated. Otherwise all of the contract tier.",
            autocompletion=faults,
            show_default=False,
        ),
    ] = None,
    children: Annotated[int, typer.Option("-n", metavar="N", min=1, help="Processes at a time.")] = 2,
    seconds: Annotated[int, typer.Option(metavar="S", min=1, help="Limit for one fault.")] = 120,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Also write campaign.json, .md and a figure here.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Run again what has run with this code.")] = False,
    as_json: Json = False,
) -> None:
    """Run the contract cases under each fault and show which clauses go red.

    A fault runs the cases that come through its seam; results are kept by code and resumed. Exit codes: 0 every fault is
    caught, 1 one survived or turned a clause red that should stay green, 4 one could not be applied or reached.
    """
    import shutil

    from ptyspec.cli.output import print_json, stderr
    from ptyspec.cli.trace import checkout
    from ptyspec.faults import campaign as work
    from ptyspec.faults.catalogue import catalogue, fault
    from ptyspec.faults.matrix import markdown, write_campaign
    from ptyspec.io.store import default_root
    from ptyspec.spec.collect import collect
    from ptyspec.spec.registry import specification

    root = checkout(None)
    names = [fault(name).id for name in only or []] or [one.id for one in catalogue() if one.cost == "contract"]
    folder = default_root() / "campaigns" / f"{work.stamp_of(root, names)}-{children}"
    if fresh and folder.exists():
        shutil.rmtree(folder)
    with stderr().status("collecting the cases") as status:
        cases = collect(root)
        status.update("running the cases without a fault")
        work.run_campaign(
            root, folder, names, children=children, seconds=seconds,
            watch=lambda done, total: status.update(f"{done} of {total} parts of the campaign are done"),
        )  # fmt: skip
    found = work.read_campaign(folder, names, cases, specification(), children)
    if out is not None:
        write_campaign(out.expanduser().absolute(), found)
    if as_json:
        print_json(found.as_json())
    else:
        typer.echo(markdown(found), nl=False)
    _end(found)


def _end(found: Result) -> None:
    code = {"violation": VIOLATION, "incomplete": INCOMPLETE, "ok": 0}[found.status]
    if code:
        raise typer.Exit(code)

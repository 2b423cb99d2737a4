"""`ptyspec faults`: what the suite must catch, and whether it does."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ptyspec.cli.failures import INCOMPLETE, VIOLATION
from ptyspec.cli.names import faults
from ptyspec.cli.options import Json

if TYPE_CHECKING:
    from ptyspec.faults.result import Campaign, Mode

app = typer.Typer(
    help="Calibrated faults: list them, and see which clauses catch them.", no_args_is_help=True
)


@app.command("list", short_help="List the faults.")
def listing(as_json: Json = False) -> None:
    """List every fault with its stage, its story and the clauses that must go red."""
    from ptyspec.cli.output import print_json, stdout
    from ptyspec.faults.catalogue import catalogue, sets

    rows = [
        {
            "id": one.id,
            "stage": one.stage,
            "story": one.story,
            "red": list(one.red),
            "green": list(one.green),
            "cost": one.cost,
            "signatures": list(one.signatures),
        }
        for one in catalogue()
    ]
    if as_json:
        return print_json(
            {
                "schema_version": 1,
                "faults": rows,
                "sets": {name: list(ids) for name, ids in sets().items()},
            }
        )
    from ptyspec.render.table import Table

    cells = [(one.id, one.stage, one.cost, ", ".join(one.red), one.story) for one in catalogue()]
    head = ("fault", "stage", "tier", "must go red", "story")
    stdout().print(Table(head, cells, numbers=False).terminal())
    for name, ids in sets().items():
        typer.echo(f"set {name}: {','.join(ids)}")
    typer.echo(f"{len(rows)} faults")
    return None


SECONDS = {"contract": 120, "parity": 900}
"""How long a fault may take: twenty times what the slowest one takes on a free machine."""


class Tier(StrEnum):
    """What a campaign runs."""

    contract = "contract"
    parity = "parity"


Only = Annotated[
    list[str] | None,
    typer.Option(
        "--fault",
        metavar="ID",
        help="This fault; may be repeated. Otherwise all of the tier.",
        autocompletion=faults,
        show_default=False,
    ),
]
Seconds = Annotated[
    int | None,
    typer.Option(
        metavar="S",
        min=1,
        help="Limit for one fault; otherwise 120, or 900 where networks train.",
        show_default=False,
    ),
]


@app.command("campaign", short_help="Run a tier's cases under each fault.")
def campaign(
    only: Only = None,
    tier: Annotated[
        Tier,
        typer.Option(help="contract: numpy cases, forked; parity: networks, a process a fault."),
    ] = (Tier.contract),
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="Only cases of the clauses that a fault declares red or green."
        ),
    ] = False,
    children: Annotated[
        int, typer.Option("-n", metavar="N", min=1, help="Processes at a time.")
    ] = 2,
    seconds: Seconds = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Also write campaign.json, .md (every clause and fault) and a figure here.",
        ),
    ] = None,
    merge: Annotated[
        bool, typer.Option("--merge", help="Keep what DIR says of other faults.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Run again what has run with this code.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run cases under each fault and show which clauses go red.

    In the contract tier a fault runs the cases that come through its seam; beyond it, where each
    case costs seconds, a few of the clauses that it declares. Results are kept by code and resumed.
    Exit codes: 0 every fault is caught, 1 one survived or a clause has not the colour that was
    declared, 4 one could not be applied or reached.
    """
    from ptyspec.cli.output import print_json
    from ptyspec.faults.matrix import markdown, write_campaign
    from ptyspec.faults.result import merged
    from ptyspec.spec.registry import specification

    if merge and out is None:
        raise typer.BadParameter("--merge needs --out, where the other results lie")
    folder = None if out is None else out.expanduser().absolute()
    former = _former(folder, tier.value) if merge and folder is not None else None
    mode: Mode = "full" if tier is Tier.contract and not quick else "quick"
    found = _found(only or [], tier.value, mode, children, seconds or SECONDS[tier.value], fresh)
    if former is not None:
        found = merged(found, former, specification())
    if folder is not None:
        write_campaign(folder, found)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        typer.echo(markdown(found, brief=True), nl=False)
    code = {"violation": VIOLATION, "incomplete": INCOMPLETE, "ok": 0}[found.status]
    if code:
        raise typer.Exit(code)


@app.command("seen", short_help="How each clause was seen red.")
def seen(folders: Annotated[list[Path], typer.Argument(metavar="DIR...")]) -> None:
    """Print for each clause a fault that breaks it, the case that noticed, and what it said.

    DIR is a folder that `campaign --out` wrote; the first one that saw a clause red is quoted.
    """
    from ptyspec.faults.matrix import seen_page

    typer.echo(seen_page([_read(folder) for folder in folders]), nl=False)


def _former(folder: Path, tier: str) -> Campaign | None:
    """The campaign that the folder holds already; one of another tier is refused before anything runs."""
    from ptyspec.faults.result import check_tier

    if not (folder / "campaign.json").is_file():
        return None
    former = _read(folder)
    check_tier(former, tier)
    return former


def _read(folder: Path) -> Campaign:
    from pydantic import ValidationError

    from ptyspec.errors import InputFileError
    from ptyspec.faults.result import Campaign
    from ptyspec.files.jsonfile import read_json

    path = folder.expanduser() / "campaign.json"
    try:
        return Campaign.model_validate(read_json(path))
    except ValidationError as error:
        raise InputFileError(
            "this is no campaign",
            value=error.errors()[0]["msg"],
            source=path,
            next_step="run the campaign again with --out",
        ) from error


def _found(
    only: list[str],
    tier: Literal["contract", "parity"],
    mode: Mode,
    children: int,
    seconds: int,
    fresh: bool,
) -> Campaign:
    """Run what is missing of a campaign and read all of it."""
    import shutil

    from ptyspec.cli.output import stderr
    from ptyspec.faults import campaign as work
    from ptyspec.faults.catalogue import catalogue, fault
    from ptyspec.faults.parity import cases_of, run_parity
    from ptyspec.front.checkout import checkout
    from ptyspec.runs.store import default_root
    from ptyspec.spec.collect import collect
    from ptyspec.spec.registry import specification

    root = checkout(None)
    names = [fault(name).id for name in only] or [one.id for one in catalogue() if one.cost == tier]
    folder = default_root() / "campaigns" / f"{work.stamp_of(root, names, tier, mode)}-{children}"
    if fresh and folder.exists():
        shutil.rmtree(folder)
    with stderr().status("collecting the cases") as status:
        cases = collect(root)
        status.update("running the cases without a fault")

        def watch(done: int, total: int) -> None:
            status.update(
                f"{done} of {total} faults are done"
                if done
                else "running the cases without a fault"
            )

        if tier == "parity":
            chosen = {name: cases_of(fault(name), cases) for name in names}
            run_parity(root, folder, chosen, children=children, seconds=seconds, watch=watch)
        else:
            work.run_campaign(
                root, folder, names, children=children, seconds=seconds, watch=watch, mode=mode
            )
    return work.read_campaign(folder, names, cases, specification(), tier, mode)

"""`ptyspec faults` and `ptyspec golden`: what the suite must catch, and the files that it compares with."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ptyspec.cli import options
from ptyspec.cli.options import argument, faults, flag, option
from ptyspec.cli.output import CODES, VIOLATION, print_json, stderr, stdout, whole
from ptyspec.errors import PtyspecError
from ptyspec.render.table import Table

if TYPE_CHECKING:
    from ptyspec.faults.result import Campaign, Mode
    from ptyspec.testing.golden.proposal import Proposal

app = typer.Typer(
    help="Calibrated faults: list them, and see which clauses catch them.", no_args_is_help=True
)


@app.command("list", short_help="List the faults.")
def listing(as_json: options.Json = False) -> None:
    """List every fault with its stage, its story and the clauses that must go red."""
    from ptyspec.faults.catalogue import catalogue, sets

    known = catalogue()
    if as_json:
        keys = ("id", "stage", "story", "red", "green", "cost", "signatures")
        rows = [{key: getattr(one, key) for key in keys} for one in known]
        return print_json({"schema_version": 1, "faults": rows, "sets": sets()})
    cells = [(one.id, one.stage, one.cost, ", ".join(one.red), one.story) for one in known]
    head = ("fault", "stage", "tier", "must go red", "story")
    stdout().print(Table(head, cells, numbers=False).terminal())
    for name, ids in sets().items():
        typer.echo(f"set {name}: {','.join(ids)}")
    return typer.echo(f"{len(known)} faults")


SECONDS = {"contract": 120, "parity": 900}
"""How long a fault may take: twenty times what the slowest one takes on a free machine."""


class Tier(StrEnum):
    """What a campaign runs."""

    contract = "contract"
    parity = "parity"


Only = Annotated[
    list[str] | None,
    option(
        "ID", "This fault; may be repeated. Otherwise all of the tier.", "--fault", complete=faults
    ),
]
WhichTier = Annotated[
    Tier, typer.Option(help="contract: numpy cases, forked; parity: networks, a process a fault.")
]
Quick = Annotated[
    bool, flag("--quick", "Only cases of the clauses that a fault declares red or green.")
]
Limit = Annotated[int | None, option("S", "Limit for one fault; else 120, parity 900.", min=1)]
Out = Annotated[
    Path | None, option("DIR", "Also write campaign.json and .md (every clause and fault).")
]
Merge = Annotated[bool, flag("--merge", "Keep what DIR says of other faults.")]


@app.command("campaign", short_help="Run a tier's cases under each fault.")
def campaign(
    only: Only = None,
    tier: WhichTier = Tier.contract,
    quick: Quick = False,
    children: Annotated[int, option("N", "Processes at a time.", "-n", min=1)] = 2,
    seconds: Limit = None,
    out: Out = None,
    merge: Annotated[bool, flag("--merge", "Keep what DIR says of other faults.")] = False,
    as_json: options.Json = False,
) -> None:
    """Run cases under each fault and show which clauses go red.

    In the contract tier a fault runs the cases that come through its seam; beyond it, where each
    case costs seconds, a few of the clauses that it declares. Results are kept by code and resumed.
    Exit codes: 0 every fault is caught, 1 one survived or a clause has not the colour that was
    declared, 4 one could not be applied or reached.
    """
    from ptyspec.faults.result import check_tier, markdown, merged, write_campaign
    from ptyspec.spec.clause import specification

    if merge and out is None:
        raise typer.BadParameter("--merge needs --out, where the other results lie")
    folder, former = whole(out), None
    if merge and folder is not None and (folder / "campaign.json").is_file():
        former = _read(folder)
        check_tier(former, tier.value)  # another tier is refused before anything runs
    mode: Mode = "full" if tier is Tier.contract and not quick else "quick"
    found = _found(only or [], tier.value, mode, children, seconds or SECONDS[tier.value])
    if former is not None:
        found = merged(found, former, specification())
    if folder is not None:
        write_campaign(folder, found)
    if as_json:
        print_json(found)
    else:
        typer.echo(markdown(found, brief=True), nl=False)
    raise typer.Exit(CODES[found.status])


@app.command("seen", short_help="How each clause was seen red.")
def seen(folders: Annotated[list[Path], typer.Argument(metavar="DIR...")]) -> None:
    """Print for each clause a fault that breaks it, the case that noticed, and what it said.

    DIR is a folder that `campaign --out` wrote; the first one that saw a clause red is quoted.
    """
    from ptyspec.faults.result import seen_page

    typer.echo(seen_page([_read(folder) for folder in folders]), nl=False)


def _read(folder: Path) -> "Campaign":
    from ptyspec.faults.result import Campaign
    from ptyspec.files.jsonfile import read_document

    path = folder.expanduser() / "campaign.json"
    return read_document(path, Campaign, "campaign", "run the campaign again with --out")


def _found(
    only: list[str], tier: Literal["contract", "parity"], mode: "Mode", children: int, seconds: int
) -> "Campaign":
    """Run what is missing of a campaign and read all of it."""
    from ptyspec.faults import campaign as work
    from ptyspec.faults.catalogue import catalogue, fault
    from ptyspec.front.checkout import checkout
    from ptyspec.runs.store import default_root
    from ptyspec.spec.cases import collect
    from ptyspec.spec.clause import specification

    root = checkout(None)
    names = [fault(name).id for name in only] or [one.id for one in catalogue() if one.cost == tier]
    folder = default_root() / "campaigns" / f"{work.stamp_of(root, names, tier, mode)}-{children}"
    with stderr().status("collecting the cases") as status:
        cases = collect(root)

        def watch(done: int, total: int) -> None:
            told = f"{done} of {total} faults are done"
            status.update(told if done else "running the cases without a fault")

        how: Any = {"children": children, "seconds": seconds, "watch": watch}
        if tier == "parity":
            chosen = {name: work.cases_of(fault(name), cases) for name in names}
            work.run_parity(root, folder, chosen, **how)
        else:
            work.run_campaign(root, folder, names, cases, mode=mode, **how)
    return work.read_campaign(folder, names, cases, specification(), tier, mode)


golden = typer.Typer(
    help="Golden files: propose, look, approve; a test run never writes one.", no_args_is_help=True
)
Proposals = Annotated[
    Path | None, option("DIR", "Where proposals lie; otherwise in the run store.")
]


@golden.command("propose", short_help="Run the golden cases and show what differs.")
def propose(
    selectors: Annotated[
        list[str] | None, argument("[CASE]...", "Files or case ids; otherwise all.")
    ] = None,
    out: Proposals = None,
    as_json: options.Json = False,
) -> None:
    """Run the regression cases, keep what they observe beside the golden files, and write a page that shows both.

    Golden files that hold are not proposed again: within their tolerance they would wander. Exit code 1 where a case
    fails for another reason than its golden file: what it observed is not proposed.
    """
    from ptyspec.testing.golden import proposal
    from ptyspec.testing.golden.proposal import write_page

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


@golden.command("approve", short_help="Make proposals golden.")
def approve(
    reason: Annotated[str, option("TEXT", "Why the new values are right.")],
    names: Annotated[
        list[str] | None, argument("[NAME]...", "Proposals, or their folders.")
    ] = None,
    everything: Annotated[bool, flag("--all", "All open proposals.")] = False,
    out: Proposals = None,
    as_json: options.Json = False,
) -> None:
    """Copy proposals into golden/ and note sha256, environment, case and reason in its manifest.

    Refused: a proposal made by other code than the present one, or beside a golden file that has changed since.
    """
    from ptyspec.testing.golden.proposal import approve as make
    from ptyspec.testing.golden.proposal import default_folder

    if bool(names) == everything:
        wrong, more = "say which proposals, or --all", "ptyspec golden approve NAME --reason TEXT"
        raise PtyspecError(wrong, value=" ".join(names or []) or "none", next_step=more)
    found = make(_root(), (out or default_folder()).expanduser().absolute(), names or [], reason)
    _tell(found, {"status": "approved"}, as_json)


def _root() -> Path:
    """Return the repository whose golden files are meant: the working folder."""
    from ptyspec.testing.golden.files import GoldenError

    root = Path.cwd()
    if not (root / "golden").is_dir():
        wrong, more = "there is no folder golden here", "go to the repository's root"
        raise GoldenError(wrong, value=root, next_step=more)
    return root


def _tell(found: "list[Proposal]", head: dict[str, Any], as_json: bool) -> None:
    if as_json:
        rows = [{"name": one.name, "status": one.status, "case": one.producer} for one in found]
        print_json({"schema_version": 1, **head, "files": rows})
    for one in found if not as_json else ():
        typer.echo(f"{one.status:<8} {one.name}")

"""`ptyspec audit`: A beside B, as a table, JSON, Markdown and figures; exit code 1 where a clause is broken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ptyspec.cli.failures import INCOMPLETE, VIOLATION
from ptyspec.cli.names import audit_words, controls
from ptyspec.cli.options import Json, Profile, Recipe, Seed, Setting

if TYPE_CHECKING:
    from ptyspec.audits.material import Material
    from ptyspec.audits.report import Audit
    from ptyspec.audits.subject import Subject
    from ptyspec.cli.progress import RichProgress

Words = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KIND] A [B]...", help="A kind of audit and what to look at: scenarios, runs, snapshots, "
                   "legacy:main, legacy:dose, legacy:dose:mae.", autocompletion=audit_words, show_default=False),
]  # fmt: skip
CODES = {"violation": VIOLATION, "incomplete": INCOMPLETE, "ok": 0}


def audit(
    words: Words = None,
    profile: Profile = None,
    recipe: Recipe = None,
    seed: Seed = None,
    settings: Setting = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every kind, on every subject, into the hub --out.")
    ] = False,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Also write JSON, Markdown and figures here.")] = None,
    control: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Spoil the data on purpose: the audit must go red.", autocompletion=controls),
    ] = None,
    listing: Annotated[bool, typer.Option("--list", help="List the kinds, what they ask, and their controls.")] = False,
    check: Annotated[
        Path | None, typer.Option(metavar="HUB", help="Re-read every number of a hub's summaries from its JSON.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Put subjects side by side and hold what is found against the clauses.

    Exit codes: 0 all hold, 1 one is broken, 4 none is broken and one could not be evaluated.
    """
    from ptyspec.audits.subject import Words as Said
    from ptyspec.audits.subject import subjects as named
    from ptyspec.errors import PtyspecError
    from ptyspec.observe.threads import default_threads, set_threads

    if listing:
        return _list(as_json)
    if check is not None:
        return _check(check, as_json)
    given = words or []
    if not given or (len(given) == 1 and not everything):
        raise PtyspecError(
            "say which audit and what to look at", value=" ".join(given) or None, source="command line",
            next_step="ptyspec audit probe gs2_custom; kinds: ptyspec audit --list",
        )  # fmt: skip
    set_threads(default_threads())  # before anything imports a numerical library
    from ptyspec.audits.registry import perform
    from ptyspec.cli.output import stderr
    from ptyspec.cli.progress import RichProgress

    found = named(given if everything else given[1:], Said(profile, recipe, seed, settings or ()))
    with RichProgress(stderr()) as bars:
        if everything:
            return _hub(found, out, as_json)
        made = perform(given[0], _materials(found, bars), control)
    _tell(made, out, as_json)
    raise typer.Exit(CODES[made.status])


def _materials(named: list[Subject], bars: RichProgress) -> list[Material]:
    from ptyspec.audits.material import Material

    return [Material(found, progress=bars) for found in named]


def _tell(made: Audit, out: Path | None, as_json: bool) -> None:
    from ptyspec.audits.write import markdown, write_audit
    from ptyspec.cli.output import print_json

    path = None if out is None else write_audit(out.expanduser().absolute(), made)
    if as_json:
        print_json(made.as_json())
    elif path is None:
        typer.echo(markdown(made), nl=False)
    else:
        typer.echo(f"{made.kind}: {made.status}{''.join(f' {clause}' for clause in made.violated())}\n{path}")


def _list(as_json: bool) -> None:
    from ptyspec.audits.registry import KINDS, module_of
    from ptyspec.cli.output import print_json

    rows: dict[str, dict[str, Any]] = {
        name: {
            "question": kind.question, "trains": kind.trains,
            "controls": [
                {"name": control.name, "story": control.story, "clause": control.clause}
                for control in module_of(name).CONTROLS
            ],
        }
        for name, kind in KINDS.items()
    }  # fmt: skip
    if as_json:
        return print_json({"schema_version": 1, "kinds": rows})
    for name, row in rows.items():
        typer.echo(f"{name:<16} {row['question']}{' (needs a finished run)' if row['trains'] else ''}")
        for control in row["controls"]:
            typer.echo(f"{'':<16} --control {control['name']}: {control['story']} ({control['clause']})")
    return None


def _check(hub: Path, as_json: bool) -> None:
    from ptyspec.audits.pointers import problems
    from ptyspec.cli.output import print_json
    from ptyspec.errors import InputFileError

    if not hub.is_dir():
        raise InputFileError("there is no such folder", value=hub, next_step="name the folder given to --out")
    wrong = problems(hub)
    if as_json:
        print_json({"schema_version": 1, "status": "violation" if wrong else "ok", "problems": wrong})
    else:
        for line in wrong or ["ok: every number is what its JSON field holds"]:
            typer.echo(line)
    if wrong:
        raise typer.Exit(VIOLATION)


def _hub(named: list[Subject], out: Path | None, as_json: bool) -> None:
    raise NotImplementedError(named, out, as_json)

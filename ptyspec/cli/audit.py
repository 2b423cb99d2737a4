"""`ptyspec audit` and `ptyspec compare`: A beside B, as tables, JSON, Markdown and figures."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ptyspec.cli import options, output
from ptyspec.cli.options import argument, audit_words, flag, option, scenario_targets
from ptyspec.errors import ConfigError
from ptyspec.files.disk import check_place

if TYPE_CHECKING:
    from rich.console import Console

    from ptyspec.checks.report import Audit
    from ptyspec.runs.run_spec import RunSpec

Words = Annotated[
    list[str] | None,
    argument(
        "[KIND] A [B]...",
        "A kind of audit and what to look at: scenarios, files, runs (folder or first 8 "
        "digits of the key), legacy:main, legacy:dose, legacy:dose:mae.",
        complete=audit_words,
    ),
]
Out = Annotated[Path | None, option("DIR", "Also write JSON, Markdown and figures here.")]
Control = Annotated[
    str | None, option("NAME", "Spoil the last subject's data on purpose: the audit must go red.")
]
Listing = Annotated[bool, flag("--list", "List kinds (or one), and their controls.")]
Check = Annotated[
    Path | None, option("DIR", "Re-read every number of the summaries in a folder from its JSON.")
]
EXAMPLE = "ptyspec audit probe gs2_custom; kinds: ptyspec audit --list"
FORMS = "KIND A [B]..., or --all A [B]... --out DIR, or --check DIR"


def audit(
    words: Words = None,
    profile: options.Profile = None,
    recipe: options.Recipe = None,
    seed: options.Seed = None,
    settings: options.Setting = None,
    everything: Annotated[bool, flag("--all", "Every kind, into a new folder of --out.")] = False,
    out: Out = None,
    control: Control = None,
    listing: Annotated[bool, flag("--list", "List kinds (or one), and their controls.")] = False,
    check: Check = None,
    as_json: options.Json = False,
) -> None:
    """Put subjects side by side and hold what is found against the clauses.

    Exit codes: 0 all hold; 1 a clause is broken, or --check found a wrong number; 2 wrong input; 3 an audit failed;
    4 nothing is broken and something could not be evaluated.
    """
    given = words or []
    if listing:
        return _list(given, as_json)
    if check is not None:
        understood = not (given or everything or control)
    elif everything:
        understood = bool(given) and out is not None and control is None
    else:
        understood = len(given) > 1
    if not understood:
        value, wrong = " ".join(given) or None, "say which audit and what to look at"
        raise ConfigError(wrong, value=value, limit=FORMS, source="command line", next_step=EXAMPLE)
    if check is not None:
        return _check(check, as_json)
    output.fix_threads()
    from ptyspec.checks.subject_values import READERS
    from ptyspec.runs.run_spec import Options, run_specs

    said, folder = Options(profile, recipe, seed, settings or ()), output.whole(out)
    if everything and folder is not None:
        told = f"ptyspec audit --all {shlex.join(given)} {said} --out {shlex.quote(str(out))}"
        specs = run_specs(given, said, readers=READERS)
        status = _all(specs, folder, told.replace("  ", " "), as_json)
    else:
        specs = run_specs(given[1:], said, readers=READERS)
        status = _one(given[0], specs, control, folder, as_json)
    raise typer.Exit(output.CODES.get(status, output.INCOMPLETE))


def _one(
    kind: str, specs: "list[RunSpec]", control: str | None, place: Path | None, as_json: bool
) -> str:
    from ptyspec.checks.registry import perform
    from ptyspec.checks.report import markdown, may_hold, write_audit
    from ptyspec.checks.stage_outputs import StageOutputs
    from ptyspec.faults.controls import spoiled

    if place is not None:
        check_place(place, "single audits", may_hold)
    with output.progress() as bars:
        subjects = [StageOutputs(spec, progress=bars) for spec in specs]
        made = spoiled(kind, subjects, control) if control else perform(kind, subjects)
        path = None if place is None else write_audit(place, made)
    if as_json:
        output.print_json(made.document())
    elif path is not None:
        _headline(output.stdout(), made)
        typer.echo(f"report: {path}")
    elif output.stdout().is_terminal:
        show(output.stdout(), made)
    else:
        typer.echo(markdown(made, linked=False), nl=False)
    return made.status


def show(console: "Console", audit: "Audit") -> None:
    """Print tables, then notes, then findings: the last lines are what matters."""
    for table in audit.tables:
        console.print()
        console.print(table.terminal())
    for note in audit.notes:
        console.print(f"- {note}", markup=False)
    console.print()
    console.print(audit.held(last=True).terminal())
    _headline(console, audit)


def _headline(console: "Console", audit: "Audit") -> None:
    """Print every broken clause with what broke it, and the status."""
    from ptyspec.checks.report import BROKEN, STYLES

    broken = [one for one in audit.findings if one.ok is False]
    for one in broken:
        console.print(f"broken: {one.clause}: {one.what}", markup=False, style=STYLES[BROKEN])
    console.print(f"{audit.kind}: {audit.status}", markup=False, style=STYLES[audit.status])


def _all(specs: "list[RunSpec]", place: Path, told: str, as_json: bool) -> str:
    from ptyspec.checks.hub import INDEX, tables, write_hub
    from ptyspec.checks.stage_outputs import StageOutputs

    with output.progress() as bars:
        subjects = [StageOutputs(spec, progress=bars) for spec in specs]
        folder, content = write_hub(place, subjects, command=told, watch=bars.whole)
    if as_json:
        output.print_json({"hub": str(folder), **content.model_dump(mode="json")})
    else:
        for table in tables(content):
            output.stdout().print(table.terminal())
        for row in content.findings:
            if row.ok is False:
                told = f"broken: {row.clause} ({row.kind}): {row.what}"
                output.stdout().print(told, markup=False)
        typer.echo(f"report: {folder / INDEX}")
    return content.status


def _list(wanted: list[str], as_json: bool) -> None:
    from ptyspec.checks.registry import KINDS, NEED_A_RUN, known, module_of
    from ptyspec.faults.controls import story

    rows: dict[str, dict[str, Any]] = {}
    for kind in wanted or KINDS:
        rows[kind] = {"question": known(kind), "trains": kind in NEED_A_RUN, "controls": []}
        for one in module_of(kind).CONTROLS:
            control = {"name": one.name, "story": story(one), "clause": one.clause}
            rows[kind]["controls"].append(control)
    if as_json:
        return output.print_json({"schema_version": 1, "kinds": rows})
    for kind, row in rows.items():
        needs = " (needs a finished run)" if row["trains"] else ""
        typer.echo(f"{kind:<16} {row['question']}{needs}")
        for one in row["controls"]:
            typer.echo(f"{'':<16} --control {one['name']}: {one['story']} ({one['clause']})")
    return None


def _check(folder: Path, as_json: bool) -> None:
    from ptyspec.checks.references import problems

    wrong = problems(folder)
    status = "violation" if wrong else "ok"
    if as_json:
        output.print_json({"schema_version": 1, "status": status, "problems": wrong})
    for text in () if as_json else wrong or ["ok: every number is what its JSON field holds"]:
        typer.echo(text)
    raise typer.Exit(output.CODES[status])


Targets = Annotated[
    list[str],
    argument(
        "RUN RUN...",
        "Runs that are finished: a folder, the first 8 digits of a key, or SCENARIO[:WORD,WORD...].",
        complete=scenario_targets,
    ),
]
Page = Annotated[Path | None, option("DIR", "Also write compare.md, .html, .png and .json here.")]


def compare(
    targets: Targets,
    profile: options.Profile = None,
    recipe: options.Recipe = None,
    seed: options.Seed = None,
    settings: options.Setting = None,
    out: Page = None,
    as_json: options.Json = False,
) -> None:
    """Put finished runs side by side: scores and controls, settings that differ and who set them, stage by stage.

    Nothing is run for it. Exit codes: 0 compared; 1 a run is wrong by its own scores; 2 wrong input, or a run that is
    not finished; 4 the runs show different objects, and only what may be compared was.
    """
    output.fix_threads()
    from ptyspec.report.comparison import comparison, runs
    from ptyspec.report.comparison_page import is_comparison, tables, write_comparison
    from ptyspec.runs.run_spec import Options

    place = output.whole(out)
    if place is not None:
        check_place(place, "a comparison", is_comparison)
    found = runs(targets, Options(profile, recipe, seed, settings or ()))
    document = comparison(found)
    written = write_comparison(place, found, document) if place is not None else []
    if as_json:
        output.print_json(document)
    else:
        for table in tables(document):
            if table.rows:
                output.stdout().print(table.terminal(fold_first=True))
            output.line(f"{table.note}\n" if table.note else "")
        for path in written:
            typer.echo(f"{path.suffix[1:]:<5} {path}")
    for limit in document.limits:
        output.stderr().print(f"note: {limit}", markup=False)
    raise typer.Exit(output.CODES[document.status])

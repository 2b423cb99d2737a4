"""The command `ptyspec`: data on stdout, everything else on stderr, an exit code that says what happened.

Only what `--help` needs is imported here; a command imports what it works with when it runs.
"""

import os
from collections.abc import Callable
from typing import Annotated

import typer

import ptyspec
from ptyspec.cli import (
    audit,
    begin,
    check,
    convert,
    doctor,
    explain,
    faults,
    hypotheses,
    options,
    report,
    run,
    scenarios,
    serve,
    trace,
)
from ptyspec.cli.output import Commands, debug
from ptyspec.errors import PtyspecError

app = typer.Typer(
    name="ptyspec",
    cls=Commands,
    help="The executable specification of neural ptychography: run it, test against it, find out why.",
    epilog="Exit codes: 0 ok, 1 violation, 2 wrong input, 3 run or suite error, 4 incomplete evidence.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help: the decorated one costs 0.2 s of imports
    context_settings={"help_option_names": ["-h", "--help"]},
)
COMMANDS: dict[Callable[..., None], str] = {
    run.run: "Reconstruct a scenario or your own file.",
    scenarios.scenarios: "List shipped scenarios and their settings.",
    check.check: "Hold a pipeline to the clauses.",
    check.check_scan: "Look at a scan before an hour is spent on it.",
    convert.convert: "Write a scan as NPZ, CXI or NXptycho.",
    serve.serve: "Let others ask a pipeline of this environment.",
    audit.compare: "Put finished runs side by side.",
    audit.audit: "Put runs, scenarios or configs side by side, and judge.",
    report.allure: "Render the Allure report of a test run; history and gate.",
    trace.trace: "Show clauses, their cases and what is wrong.",
    report.report: "Write the dashboard, one page for everything.",
    hypotheses.hypotheses: "Show every hypothesis and its verdict.",
    hypotheses.judge: "Compute the verdict on a hypothesis by experiment.",
    explain.explain: "Find what makes BAD show a symptom that GOOD does not.",
    doctor.doctor: "Check that this machine is fit to run it.",
}
for command, text in COMMANDS.items():
    app.command(command.__name__.replace("_", "-"), short_help=text)(command)
app.add_typer(begin.new, name="new", short_help="Begin an adapter, a clause, a case, a hypothesis.")
app.add_typer(
    faults.app, name="faults", short_help="What the suite must catch, and whether it does."
)
app.add_typer(faults.golden, name="golden", short_help="Propose, approve and check golden files.")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ptyspec {ptyspec.__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", help="Show the version and exit.", callback=_version, is_eager=True),
]


@app.callback()
def ptyspec_command(
    ctx: typer.Context, version: Version = False, tracebacks: options.Debug = False
) -> None:
    """The executable specification of neural ptychography: run it, test against it, find out why."""
    debug(ctx, tracebacks)


def entry() -> object:
    """Run the command line; ends the process with the command's exit code."""
    # The variable's name by hand: the usual start imports nothing for it.
    if not (faults := os.environ.get("PTYSPEC_FAULT")):
        return app()
    from ptyspec.faults.apply import from_environment

    try:
        stack = from_environment()
    except PtyspecError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(error.exit_code) from None
    typer.echo(f"faults are active: {faults}", err=True)  # what follows is wrong on purpose
    with stack:
        return app()

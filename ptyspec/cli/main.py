"""The command `ptyspec`: data on stdout, everything else on stderr, an exit code that says what happened.

Only what `--help` needs is imported here; a command imports what it works with when it runs.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import Annotated

import typer

import ptyspec
from ptyspec.cli import (
    allure,
    audit,
    compare,
    doctor,
    explain,
    faults,
    golden,
    hypotheses,
    new,
    report,
    run,
    scenarios,
    trace,
)
from ptyspec.cli.failures import Commands, debug

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
app.command("run", short_help="Reconstruct a scenario or your own file.")(run.run)
app.command("scenarios", short_help="List shipped scenarios and their settings.")(
    scenarios.scenarios
)
app.command("compare", short_help="Put finished runs side by side.")(compare.compare)
app.command("audit", short_help="Put runs, scenarios or configs side by side, and judge.")(
    audit.audit
)
app.command("allure", short_help="Render the Allure report of a test run; history and gate.")(
    allure.allure
)
app.command("trace", short_help="Show clauses, their cases and what is wrong.")(trace.trace)
app.command("report", short_help="Write the dashboard, one page for everything.")(report.report)
app.command("hypotheses", short_help="Show every hypothesis and its verdict.")(
    hypotheses.hypotheses
)
app.command("judge", short_help="Compute the verdict on a hypothesis by experiment.")(
    hypotheses.judge
)
app.add_typer(new.app, name="new", short_help="Begin a clause, a case or a hypothesis.")
app.command("explain", short_help="Find what makes BAD show a symptom that GOOD does not.")(
    explain.explain
)
app.command("doctor", short_help="Check that this machine is fit to run it.")(doctor.doctor)
app.add_typer(
    faults.app, name="faults", short_help="What the suite must catch, and whether it does."
)
app.add_typer(golden.app, name="golden", short_help="Propose, approve and check golden files.")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"ptyspec {ptyspec.__version__}")
        raise typer.Exit


@app.callback()
def ptyspec_command(
    ctx: typer.Context,
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Show the version and exit.", callback=_version, is_eager=True
        ),
    ] = False,
    tracebacks: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    """The executable specification of neural ptychography: run it, test against it, find out why."""
    debug(ctx, tracebacks)


def entry() -> None:
    """Run the command line; ends the process with the command's exit code."""
    if not os.environ.get(
        "PTYSPEC_FAULT"
    ):  # its name by hand: the usual start imports nothing for it
        app()
        return
    with _faults():
        app()


def _faults() -> AbstractContextManager[object]:
    """Apply the faults that the environment asks for, and say so: what follows is wrong on purpose."""
    from ptyspec.errors import PtyspecError
    from ptyspec.faults.apply import from_environment

    try:
        stack = from_environment()
    except PtyspecError as error:
        typer.echo(f"error: {error}", err=True)
        raise SystemExit(error.exit_code) from None
    typer.echo(f"faults are active: {os.environ['PTYSPEC_FAULT']}", err=True)
    return stack

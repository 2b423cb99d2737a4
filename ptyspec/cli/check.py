"""`ptyspec check`: what the clauses say of a pipeline, a line a clause, and one verdict."""

from typing import Annotated

import typer

from ptyspec.cli import options
from ptyspec.cli.options import argument, clauses, option
from ptyspec.cli.output import fix_threads, line, print_json, progress

STYLES = {"failed": "red", "error": "red", "passed": "green"}


def check(
    pipeline: Annotated[
        str, argument("PIPELINE", "MODULE:ATTR, or 'cmd:COMMAND' for a process of its own.")
    ],
    scenario: Annotated[
        str, option("NAME", "What the stages of a pipeline get.", complete=options.scenario_targets)
    ] = "gs1_custom",
    profile: options.Profile = "quick",
    settings: options.Setting = None,
    only: Annotated[
        list[str] | None, option("ID", "Only these clauses.", "--clause", complete=clauses)
    ] = None,
    seconds: options.Seconds = None,
    memory: options.Memory = None,
    as_json: options.Json = False,
) -> None:
    """Hold a pipeline to the clauses: a function that reconstructs, or the eight stages. pytest is not needed.

    Exit codes: 0 every MUST that judges it holds, 1 one is broken, 2 wrong input, 3 a check could not be made,
    4 too little was looked at.
    """
    fix_threads()
    from ptyspec.front.calls import check as held

    with progress() as bars:
        found = held(
            pipeline,
            scenario,
            profile=profile,
            set=settings,
            clauses=only,
            seconds=seconds,
            memory=memory,
            progress=bars,
        )
    if as_json:
        print_json({"status": found.status, "line": found.line, "findings": list(found)})
    else:
        for one in found:
            told = (
                f"{one.state.value:<12} {one.clause:<14} {one.stage:<10} {one.what}: {one.observed}"
            )
            told += f"; wanted: {one.expected}" if one.ok is False else ""
            line(told, STYLES.get(one.state.value, ""))
        line(found.line)
    raise typer.Exit(found.code)

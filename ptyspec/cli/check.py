"""`ptyspec check`: what the clauses say of a pipeline, a line a clause, and one verdict."""

from typing import Annotated, Any

import typer

from ptyspec.cli import options
from ptyspec.cli.options import argument, clauses, option
from ptyspec.cli.output import fix_threads, line, print_json, progress

STYLES = {"failed": "red", "error": "red", "passed": "green"}
TIERS = {
    "quick": "one scene, nothing is trained",
    "full": "a second scene, and what needs a trained network",
}


def tiers(incomplete: str) -> list[str]:
    """Complete a tier."""
    return [name for name in TIERS if name.startswith(incomplete)]


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
    tier: Annotated[
        str, option("TIER", "quick: one scene; full: a second one, and training.", complete=tiers)
    ] = "quick",
    seconds: options.Seconds = None,
    memory: options.Memory = None,
    as_json: options.Json = False,
) -> None:
    """Hold a pipeline to the clauses: a function that reconstructs, or the eight stages. pytest is not needed.

    Exit codes: 0 every MUST that judges it holds, 1 one is broken, 2 wrong input, 3 a check could not be made,
    4 too little was looked at.
    """
    if tier not in TIERS:
        raise typer.BadParameter(f"--tier is {' or '.join(TIERS)}, not {tier!r}")
    fix_threads()
    from ptyspec.front.results import check as held
    from ptyspec.render.table import observation

    how: dict[str, Any] = {"profile": profile, "set": settings, "clauses": only, "tier": tier}
    how |= {"seconds": seconds, "memory": memory}
    with progress() as bars:
        bars.stage_started(tier)
        found = held(pipeline, scenario, progress=bars, **how)
    if as_json:
        from ptyspec.report import scoreboard

        told = scoreboard.CheckFile(
            pipeline=pipeline,
            date=scoreboard.today(),
            tier=tier,
            status=found.status,
            line=found.line,
            findings=scoreboard.answers(found),
            does_not_apply={why: [*names] for why, names in found.aside.items()},
        )
        print_json(told)
    else:
        for one in found:
            wanted = one.expected if one.ok is False else ""
            said = observation(one.what, one.observed, wanted)
            said = f"{one.state.value:<12} {one.clause:<14} {one.stage:<10} {said}"
            line(said, STYLES.get(one.state.value, ""))
        for reason in found.reasons():
            line(reason)
        line(found.line)
    raise typer.Exit(found.code)

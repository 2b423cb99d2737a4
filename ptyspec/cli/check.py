"""`ptyspec check`: what the clauses say of a pipeline, a line a clause, and one verdict."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ptyspec.cli import options
from ptyspec.cli.options import argument, clauses, flag, option
from ptyspec.cli.output import fix_threads, line, print_json, progress, whole

if TYPE_CHECKING:
    from ptyspec.front.results import Results

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

    how: dict[str, Any] = {"profile": profile, "set": settings, "clauses": only, "tier": tier}
    how |= {"seconds": seconds, "memory": memory}
    with progress() as bars:
        bars.stage_started(tier)
        found = held(pipeline, scenario, progress=bars, **how)

    def document() -> Any:
        from ptyspec.report import scoreboard

        return scoreboard.CheckFile(
            pipeline=pipeline,
            date=scoreboard.today(),
            tier=tier,
            status=found.status,
            line=found.line,
            findings=scoreboard.answers(found),
            does_not_apply={why: [*names] for why, names in found.aside.items()},
        )

    tell(found, document if as_json else None)


def check_scan(
    ctx: typer.Context,
    scan: Annotated[Path, argument("FILE", "A scan: .npz, .cxi, or what else is read.")],
    settings: options.Setting = None,
    measurement: options.Measured = None,
    probe: options.Probe = None,
    positions: options.Positions = None,
    units: options.Units = None,
    shape: options.Shape = None,
    step: options.Step = None,
    object_pixel: options.ObjectPixel = None,
    particle: options.Particle = None,
    orientation: options.Orientation = None,
    centre: options.Centre = None,
    hot_pixels: options.HotPixels = None,
    drop_frames: options.DropFrames = None,
    quick: Annotated[bool, flag("--quick", "Leave out the eight orientations.")] = False,
    out: Annotated[
        Path | None, option("DIR", "Also write a page with pictures here, check-scan.html.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Look at a scan before an hour is spent on it: positions, photons, pixels, frames, beam, probe.

    A run on a file begins with the same clauses. Exit codes: 0 nothing speaks against it, 1 a MUST is broken and a run
    would be refused, 5 something is doubtful, 2 the file cannot be read, 3 a check could not be made.
    """
    fix_threads()
    from ptyspec.front.results import check_scan as looked

    changes = options.changes(ctx.params) + (settings or [])
    found = looked(scan, set=changes, orientation=not quick, out=whole(out))

    def document() -> Any:
        from ptyspec.report.scoreboard import answers

        rows = [one.model_dump(mode="json") for one in answers(found)]
        head = {"schema_version": 1, "scan": str(scan), "decided": found.said}
        head |= {"lengths": found.lengths, "page": page and str(page)}
        return {**head, "status": found.status, "line": found.line, "findings": rows}

    page = whole(out)
    if page is not None:
        from ptyspec.report.scan_page import PAGE

        page = page / PAGE
    tell(found, document if as_json else None, page)


def tell(found: "Results", document: Callable[[], Any] | None, page: Path | None = None) -> None:
    """Print the findings, a line each, or one document; ends with the exit code."""
    from ptyspec.render.table import observation

    if document is not None:
        print_json(document())
    else:
        for said in found.said:
            line(said)
        if found.lengths:
            line(", ".join(f"{name} {value}" for name, value in found.lengths.items()))
        for one in found:
            wanted = one.expected if one.ok is False else ""
            said = observation(one.what, one.observed, wanted)
            said = f"{one.state.value:<12} {one.clause:<14} {one.stage:<10} {said}"
            said += f"; next: {one.next_step}" if one.next_step else ""
            line(said, STYLES.get(one.state.value, ""))
        for reason in found.reasons():
            line(reason)
        if page is not None:
            line(f"page: {page}")
        line(found.line)
    raise typer.Exit(found.code)

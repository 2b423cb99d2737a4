"""`ptyspec explain`: from a red symptom to the stage and the smallest difference that causes it, proven both ways."""

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from ptyspec.cli import options
from ptyspec.cli.options import argument, clauses, option, variants
from ptyspec.cli.output import INCOMPLETE, print_json, progress, stdout, whole
from ptyspec.files.disk import check_place

HELP = (
    "SCENARIO[:WORD,...] (a word: a recipe, a fault, -FAULT, KEY=VALUE), the folder of a finished run, "
    "or, with --pipeline, a settings file."
)
Bad = Annotated[str, argument("BAD", "The same, with the symptom.", complete=variants)]
SymptomText = Annotated[
    str,
    option(
        "EXPR|CLAUSE-ID",
        "Such as 'amplitude.mean_ratio<0.9'; several joined by and.",
        "--symptom",
        complete=clauses,
    ),
]
Pipeline = Annotated[
    str | None, option("MODULE:ATTR", "Your own, or 'cmd:COMMAND'; GOOD and BAD are its settings.")
]
Budget = Annotated[int | None, option("N", "At most so many runs in the search.", min=2)]
Repeats = Annotated[int, option("N", "Other seeds that confirm.", min=0)]


def explain(
    good: Annotated[str, argument("GOOD", HELP, complete=variants)],
    bad: Bad,
    symptom: SymptomText,
    pipeline: Pipeline = None,
    profile: options.Profile = None,
    seed: options.Seed = None,
    settings: options.Setting = None,
    budget: Budget = None,
    repeats: Repeats = 3,
    processes: options.Processes = 2,
    seconds: options.Seconds = None,
    memory: options.Memory = None,
    out: Annotated[Path | None, option("DIR", "Also write JSON and story here.")] = None,
    as_json: options.Json = False,
) -> None:
    """Find what makes BAD show a symptom that GOOD does not: the stage, the smallest difference, what hides behind it.

    With --pipeline, GOOD and BAD are YAML or JSON files of that pipeline's own settings.
    Every run is kept in the store: the same command after an interruption goes on where it was. Exit codes: 0 explained
    and confirmed both ways, 2 wrong input (GOOD shows the symptom, BAD does not), 3 error, 4 incomplete.
    """
    from ptyspec.explanations.explain import (
        SearchInterruptedError,
        answer,
        is_explanation,
        story,
        write_explanation,
    )
    from ptyspec.front.calls import explain as search

    place = whole(out)
    if place is not None:
        check_place(place, "an explanation", is_explanation)
    command = shlex.join(["ptyspec", *sys.argv[1:]])
    try:
        with progress() as bars:
            how: Any = {"profile": profile, "seed": seed, "set": settings, "budget": budget}
            how |= {"pipeline": pipeline, "repeats": repeats, "processes": processes}
            how |= {"seconds": seconds, "memory": memory, "progress": bars}
            found = search(good, bad, symptom, **how).document
    except KeyboardInterrupt:
        what = "the search was interrupted"
        step = "the same command goes on from there"
        raise SearchInterruptedError(what, next_step=step) from None
    text = story(found, command)
    if place is not None:
        path = write_explanation(place, found, text)
        text = "\n".join([*answer(found), "", f"story: {path}", ""])
    if as_json:
        print_json(found)
    elif stdout().is_terminal:
        from rich.markdown import Markdown

        stdout().print(Markdown(text))
    else:
        typer.echo(text, nl=False)
    raise typer.Exit(0 if found.status == "explained" else INCOMPLETE)

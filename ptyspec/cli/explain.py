"""`ptyspec explain`: from a red symptom to the stage and the smallest difference that causes it, proven both ways."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from ptyspec.cli.failures import INCOMPLETE
from ptyspec.cli.names import clauses, variants
from ptyspec.cli.options import Json, Processes, Profile, Seed, Setting

HELP = "SCENARIO[:WORD,...] (a word: a recipe, a fault, -FAULT, KEY=VALUE), or the folder of a finished run."
Good = Annotated[str, typer.Argument(metavar="GOOD", help=HELP, autocompletion=variants)]
Bad = Annotated[
    str, typer.Argument(metavar="BAD", help="The same, with the symptom.", autocompletion=variants)
]
SymptomText = Annotated[
    str,
    typer.Option(
        "--symptom",
        metavar="EXPR|CLAUSE-ID",
        help="Such as 'amplitude.mean_ratio<0.9'; several joined by and.",
        autocompletion=clauses,
    ),
]
Budget = Annotated[
    int | None, typer.Option(metavar="N", min=2, help="At most so many runs in the search.")
]
Repeats = Annotated[
    int, typer.Option(metavar="N", min=0, help="Other training seeds that confirm.")
]
Out = Annotated[Path | None, typer.Option(metavar="DIR", help="Also write JSON and story here.")]


def explain(
    good: Good,
    bad: Bad,
    symptom: SymptomText,
    profile: Profile = None,
    seed: Seed = None,
    settings: Setting = None,
    budget: Budget = None,
    repeats: Repeats = 3,
    processes: Processes = 2,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Find what makes BAD show a symptom that GOOD does not: the stage, the smallest difference, what hides behind it.

    Every run is kept in the store: the same command after an interruption goes on where it was. Exit codes: 0 explained
    and confirmed both ways, 2 wrong input (GOOD shows the symptom, BAD does not), 3 error, 4 incomplete.
    """
    from ptyspec.cli import output
    from ptyspec.cli.progress import RichProgress
    from ptyspec.explanations.explain import SearchInterruptedError
    from ptyspec.explanations.story import answer, is_explanation, story, write_explanation
    from ptyspec.files.disk import check_place
    from ptyspec.front.calls import explain as search

    place = output.place(out)
    if place is not None:
        check_place(place, "an explanation", is_explanation)
    command = shlex.join(["ptyspec", *sys.argv[1:]])
    try:
        with RichProgress(output.stderr()) as bars:
            found = search(
                good,
                bad,
                symptom,
                profile=profile,
                seed=seed,
                set=settings,
                budget=budget,
                repeats=repeats,
                processes=processes,
                progress=bars,
            ).document
    except KeyboardInterrupt:
        raise SearchInterruptedError(
            "the search was interrupted",
            value="finished runs are kept",
            next_step="the same command goes on from there",
        ) from None
    text = story(found, command)
    if place is not None:
        path = write_explanation(place, found, text)
        text = "\n".join([*answer(found), "", f"story: {path}", ""])
    if as_json:
        output.print_json(found)
    elif output.stdout().is_terminal:
        from rich.markdown import Markdown

        output.stdout().print(Markdown(text))
    else:
        typer.echo(text, nl=False)
    output.end(0 if found.status == "explained" else INCOMPLETE)

"""`ptyspec explain`: from a red symptom to the stage and the smallest difference that causes it, proven both ways."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ptyspec.cli.failures import INCOMPLETE
from ptyspec.cli.names import symptoms, variants
from ptyspec.cli.options import Json, Profile, Seed, Setting

if TYPE_CHECKING:
    from ptyspec.errors import PtyspecError
    from ptyspec.explanations.explanation import Explanation

HELP = "SCENARIO[:WORD,...] (a word: a recipe, a fault, -FAULT, KEY=VALUE), or the folder of a finished run."
Good = Annotated[
    str, typer.Argument(metavar="GOOD", help=HELP, autocompletion=variants, show_default=False)
]
Bad = Annotated[
    str,
    typer.Argument(
        metavar="BAD",
        help="The same, with the symptom.",
        autocompletion=variants,
        show_default=False,
    ),
]
SymptomText = Annotated[
    str,
    typer.Option(
        "--symptom",
        metavar="EXPR|CLAUSE-ID",
        help="Such as 'amplitude.mean_ratio<0.9'; several joined by and.",
        autocompletion=symptoms,
        show_default=False,
    ),
]


def explain(
    good: Good,
    bad: Bad,
    symptom: SymptomText,
    profile: Profile = None,
    seed: Seed = None,
    settings: Setting = None,
    budget: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=2, help="At most so many runs in the search.", show_default=False
        ),
    ] = None,
    repeats: Annotated[
        int, typer.Option(metavar="N", min=0, help="Other training seeds that confirm.")
    ] = 3,
    processes: Annotated[int, typer.Option("-n", metavar="N", min=1, help="Runs at a time.")] = 2,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Also write JSON, story and figures here.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Find what makes BAD show a symptom that GOOD does not: the stage, the smallest difference, what hides behind it.

    Every run is kept in the store: the same command after an interruption goes on where it was. Exit codes: 0 explained
    and confirmed both ways, 2 wrong input (GOOD shows the symptom, BAD does not), 3 error, 4 incomplete.
    """
    from ptyspec.cli.output import stderr
    from ptyspec.cli.progress import RichProgress
    from ptyspec.explanations.write import is_explanation, write_explanation
    from ptyspec.files.disk import check_place
    from ptyspec.front.explain import explain as search

    place = None if out is None else out.expanduser().absolute()
    if place is not None:
        check_place(place, "an explanation", is_explanation)
    try:
        with RichProgress(stderr()) as bars:
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
        raise _interrupted() from None
    command = _again(good, bad, symptom, profile, seed, settings or ())
    path = None if place is None else write_explanation(place, found, command)
    _tell(found, path, command, as_json)
    if found.status != "explained":
        raise typer.Exit(INCOMPLETE)


def _interrupted() -> PtyspecError:
    from ptyspec.explanations.explain import SearchInterruptedError

    return SearchInterruptedError(
        "the search was interrupted",
        value="finished runs are kept",
        next_step="the same command goes on from there",
    )


def _again(
    good: str,
    bad: str,
    symptom: str,
    profile: str | None,
    seed: int | None,
    settings: list[str] | tuple[()],
) -> list[str]:
    """Return the command that asks the same question."""
    words = ["ptyspec", "explain", good, bad, "--symptom", symptom]
    words += [] if profile is None else ["--profile", profile]
    words += [] if seed is None else ["--seed", str(seed)]
    return words + [word for text in settings for word in ("--set", text)]


def _tell(found: Explanation, path: Path | None, command: list[str], as_json: bool) -> None:
    from ptyspec.cli.output import print_json
    from ptyspec.explanations.story import answer, story

    if as_json:
        print_json(found)
    else:
        _show("\n".join([*answer(found), ""]) if path is not None else story(found, {}, command))
        if path is not None:
            typer.echo(f"story: {path}")


def _show(text: str) -> None:
    """Show Markdown: rendered where a terminal can, as it is elsewhere."""
    from ptyspec.cli.output import stdout

    if not stdout().is_terminal:
        typer.echo(text, nl=False)
        return
    from rich.markdown import Markdown

    stdout().print(Markdown(text))

"""`ptyspec explain`: from a red symptom to the stage and the smallest difference that causes it, proven both ways."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ptyspec.cli.failures import INCOMPLETE
from ptyspec.cli.names import symptoms, variants
from ptyspec.cli.options import Json, Profile, Seed, Setting

if TYPE_CHECKING:
    from ptyspec.errors import PtyspecError
    from ptyspec.experiments.variant import Variant
    from ptyspec.explanations.explain import Limits
    from ptyspec.explanations.explanation import Explanation
    from ptyspec.explanations.plan import Outcome, Subset

CLAUSE = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-\d{3}")
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
    from ptyspec.runs.threads import default_threads, set_threads

    set_threads(default_threads())  # before anything imports a numerical library
    from ptyspec.explanations.explain import Limits
    from ptyspec.explanations.write import check_place, write_explanation
    from ptyspec.faults import catalogue
    from ptyspec.runs.run_spec import Options, run_specs

    place = None if out is None else out.expanduser().absolute()
    if place is not None:
        check_place(place)
    options = Options(profile=profile, seed=seed, settings=settings or ())
    first, second = run_specs([good, bad], options, faults=catalogue.names())
    limits = Limits(budget, repeats, processes)
    ask = _clause if CLAUSE.fullmatch(symptom.strip()) else _symptom
    try:
        found = ask((first, second), (good, bad), symptom, limits)
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


def _symptom(
    both: tuple[Variant, Variant], words: tuple[str, str], symptom: str, limits: Limits
) -> Explanation:
    from ptyspec.cli.output import stderr
    from ptyspec.cli.progress import RichProgress
    from ptyspec.contracts.stages import STAGES
    from ptyspec.explanations.build import Question
    from ptyspec.explanations.deltas import differences
    from ptyspec.explanations.explain import NOTHING, explain
    from ptyspec.explanations.laboratory import Laboratory
    from ptyspec.explanations.splices import chain_of
    from ptyspec.explanations.symptom import read_symptom

    read = read_symptom(symptom)
    deltas = differences(both[0].settings(), both[1].settings())
    whole = frozenset(delta.name for delta in deltas)
    with (
        RichProgress(stderr()) as bars,
        Laboratory(both[0], deltas, read, limits.width, _watch(bars.message)) as lab,
    ):
        return explain(
            lab,
            deltas,
            Question(*words, read.text, read.path, read.limit),
            limits,
            lambda: (
                chain_of(*both, read, {0: lab.seen[whole], len(STAGES): lab.seen[NOTHING]}, bars),
                "",
            ),
            bars.message,
        )


def _clause(
    both: tuple[Variant, Variant], words: tuple[str, str], symptom: str, limits: Limits
) -> Explanation:
    from ptyspec.cli.output import stderr
    from ptyspec.cli.progress import RichProgress
    from ptyspec.cli.trace import checkout
    from ptyspec.explanations.build import Question
    from ptyspec.explanations.clause_bench import ClauseBench, reaching
    from ptyspec.explanations.deltas import differences
    from ptyspec.explanations.explain import explain
    from ptyspec.spec.registry import specification

    clause = specification()[symptom.strip()]
    deltas, beyond = reaching(differences(both[0].settings(), both[1].settings()))
    common = sorted(set(both[0].faults) & set(both[1].faults))
    with RichProgress(stderr()) as bars:
        bars.message(f"collecting the cases of {clause.id}")
        bench = ClauseBench(
            checkout(None),
            clause.id,
            deltas,
            common,
            both[0].pipeline,
            limits.width,
            _watch(bars.message),
        )
        bench.narrow()
        found = explain(
            bench,
            deltas,
            Question(*words, clause.id, "clause holds"),
            limits,
            lambda: (None, "a clause is judged by its cases"),
            bars.message,
        )
    if not beyond:
        return found
    names = ", ".join(delta.name for delta in beyond)
    note = f"Cases bring their own settings; these differences do not reach them: {names}."
    return found.model_copy(update={"notes": (*found.notes, note)})


def _watch(tell: Callable[[str], None]) -> Callable[[Subset, Outcome, float | None, float], None]:
    """Tell every run in a line: what GOOD took over, how it ended, its number."""
    done = [0]

    def watch(subset: Subset, outcome: Outcome, number: float | None, seconds: float) -> None:
        done[0] += 1
        names = (
            ", ".join(sorted(name.removeprefix("fault.") for name in subset))
            if len(subset) < 5
            else ""
        )
        said = "" if number is None else f" {number:.4g}"
        tell(
            f"run {done[0]:>3}  {outcome.value:<10}{said:>8}  {seconds:6.1f} s  {len(subset)} taken over: {names or '…'}"
        )

    return watch


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

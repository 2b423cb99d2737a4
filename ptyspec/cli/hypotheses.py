"""`ptyspec hypotheses` and `ptyspec judge`: what is claimed, and what the experiments say of it."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ptyspec.cli import options, output
from ptyspec.cli.options import argument, flag, option
from ptyspec.cli.options import hypotheses as known
from ptyspec.cli.output import INCOMPLETE, VIOLATION, line, print_json, progress, stdout
from ptyspec.front.checkout import Place, place
from ptyspec.render.table import Mark, Table, show

if TYPE_CHECKING:
    from ptyspec.experiments.judge import Judgement
    from ptyspec.experiments.records import Effect, JudgementFile

DIGITS = ".3g"
STYLES = {"CONFIRMED": "bold green", "RULED OUT": "bold cyan", "OPEN": "yellow"}
Names = Annotated[list[str] | None, argument("H-ID", "A hypothesis, or several.", complete=known)]
Committed = Annotated[bool, flag("--from-evidence", "Judge the committed evidence; run nothing.")]
Record = Annotated[
    bool, flag("--record", "Write the evidence, and add the verdict to the history.")
]
Reason = Annotated[str, option("TEXT", "With --record: why it was judged again.", "--reason")]


def hypotheses(root: options.Root = None, as_json: options.Json = False) -> None:
    """Show every hypothesis with its verdict, its effect and its scope, from what is committed; nothing is run."""
    from ptyspec.experiments.judge import board

    found = board(*place(root).hypotheses)
    if as_json:
        return print_json(found)
    cells = []
    for row in found.hypotheses:
        figures = (*_effect(row.effect), Mark(row.margin, form=DIGITS), row.n)
        varied, clauses = _some(row.scope.varied, 3), ", ".join(row.clauses)
        cells.append((row.id, row.verdict, *figures, varied, clauses))
    head = ("hypothesis", "verdict", "effect", "interval", "margin", "pairs", "varied", "clauses")
    stdout().print(Table(head, cells, numbers=False, styles=STYLES).terminal())
    for row in found.hypotheses:
        line(row.id, "bold", end="")
        line(f"  {row.claim}")
        if row.verdict == "OPEN":
            more = f" ({row.needed_n} pairs would settle it)" if row.needed_n else ""
            line(f"  open: {row.reason}{more}", "yellow")
    typer.echo(", ".join(f"{count} {name}" for name, count in found.verdicts.items()))
    return None


def judge(
    names: Names = None,
    everything: Annotated[bool, flag("--all", "Every hypothesis.")] = False,
    committed: Committed = False,
    write: Record = False,
    why: Annotated[str, option("TEXT", "With --record: why it was judged again.", "--reason")] = "",
    processes: options.Processes = 2,
    fresh: Annotated[bool, flag("--fresh", "Make runs again that are in the store.")] = False,
    root: options.Root = None,
    as_json: options.Json = False,
) -> None:
    """Judge a hypothesis: run what the store does not have, and compute what follows.

    Exit codes: 0 judged, 1 the history was altered or says something else than the committed evidence, 2 no such
    hypothesis or a wrong file, 4 OPEN or without evidence.
    """
    from ptyspec.experiments.judge import standing
    from ptyspec.experiments.records import Judgements
    from ptyspec.experiments.registry import EvidenceError, HistoryError
    from ptyspec.runs.environment import FAULTS, active_faults

    if write and (faults := active_faults()):  # what would be recorded is their work
        wrong, found = "nothing is recorded while faults are active", ", ".join(faults)
        more = f"unset {FAULTS}; a hypothesis names the faults of its arms"
        raise EvidenceError(wrong, value=found, source=FAULTS, next_step=more)
    output.fix_threads()  # before an observation loads what can no longer be limited
    here = place(root)
    folders = _wanted(names, everything, here)
    wanted = [*folders]
    if write and not here.whole:
        _only_own(folders, here)
    if committed and (write or fresh):
        raise typer.BadParameter("--record and --fresh are about runs: leave --from-evidence out")
    rows, codes = [], set[int]()
    for name in wanted:
        try:
            folder = folders[name]
            one = _judged(name, folder, committed, processes, fresh)
            added = _recorded(one, folder, why) if write else ""
            broken = standing(name, folder, rerun=False) if committed else []
        except (EvidenceError, HistoryError) as error:
            if len(wanted) == 1:
                raise
            typer.echo(f"error: {error}", err=True)  # the others are looked at all the same
            codes.add(error.exit_code)
            continue
        rows.append(one.document(added, broken))
        if not as_json:
            _print(rows[-1])
    if as_json:
        counts = {name: sum(one.verdict == name for one in rows) for name in STYLES}
        alone = len(wanted) == 1 and not everything
        print_json(rows[0] if alone else Judgements(verdicts=counts, judgements=rows))
    codes |= {VIOLATION for one in rows if one.broken}
    codes |= {INCOMPLETE for one in rows if one.verdict == "OPEN"}
    raise typer.Exit(min(codes, default=0))


def _wanted(names: list[str] | None, everything: bool, here: Place) -> dict[str, Path]:
    """Return the folder of each hypothesis that is asked for; the current folder's own come first."""
    from ptyspec.experiments import registry

    if bool(names) == everything:
        raise typer.BadParameter("name hypotheses, or say --all")
    known = {name: one for one in reversed(here.hypotheses) for name in registry.names(one)}
    found = {}
    for name in sorted(known) if everything else list(names or []):
        found[name] = known.get(name, here.hypotheses[-1])
        registry.hypothesis(name, found[name])  # a wrong one is told before anything runs
    return found


def _only_own(folders: Mapping[str, Path], here: Place) -> None:
    """Refuse to record a verdict inside the installed package."""
    from ptyspec.experiments.registry import EvidenceError

    for name, folder in folders.items():
        if folder != here.hypotheses[0]:
            wrong = "a hypothesis of the installed package gets no verdict of another folder"
            step = f"copy {folder / name}.toml to {here.hypotheses[0]}"
            raise EvidenceError(wrong, value=name, source=folder, next_step=step)


def _judged(name: str, place: Path, committed: bool, processes: int, fresh: bool) -> "Judgement":
    from ptyspec.experiments.judge import from_evidence, judge

    if committed:
        return from_evidence(name, place)
    with progress() as shown:
        shown.stage_started(name)
        watch = partial(shown.step, note=f"runs of {name}")
        return judge(name, place, processes=processes, progress=watch, fresh=fresh)


def _recorded(one: "Judgement", place: Path, why: str) -> str:
    from ptyspec.experiments.judge import record

    entry = record(one, place, why)
    if entry is None:
        return "nothing new: the last entry of the history stands"
    after = f", supersedes {entry.supersedes} ({', '.join(entry.changed)})"
    return f"entry {entry.digest} of the history{after if entry.supersedes else ''}"


def _print(one: "JudgementFile") -> None:
    line(f"{one.id}  ", end="")
    line(one.verdict, STYLES[one.verdict])
    line(f"  {one.claim}\n  {one.reason}")
    rows = []
    for part in [*one.contrasts, *one.controls]:
        side = f" {part.direction}" if part.direction != "either" else ""
        claimed = f"{part.expect} {part.margin:g}{side}"
        rows.append(
            (f"  {part.name}", part.role, claimed, *_effect(part.effect), part.n, part.state)
        )
    head = ("  contrast", "role", "claimed", "found", "interval", "pairs", "")
    stdout().print(Table(head, rows, numbers=False).terminal(fold_first=True))
    if one.margin_source:
        line(f"  margins: {one.margin_source}")
    for kind in ("varied", "held", "not_exercised"):
        line(f"  {kind.replace('_', ' ')}: {_some(getattr(one.scope, kind))}")
    for text in filter(None, [one.recorded, *one.broken]):
        line(f"  {text}")


def _effect(effect: "Effect") -> tuple[Mark, str]:
    """The value, and `low to high unit`; dashes where there is none."""
    value = Mark(effect.value, form=DIGITS)
    if effect.low is None:
        return value, show(None)
    factor = f" (x {effect.factor:.3g})" if effect.factor is not None else ""
    span = f"{show(effect.low, DIGITS)} to {show(effect.high, DIGITS)} {effect.unit}"
    return value, span.rstrip() + factor


def _some(texts: Sequence[str], most: int = 6) -> str:
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ("; ".join(texts[:most]) + more) if texts else "nothing"

"""The end of a session in few lines: clauses by level and state, what failed and what may follow."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from ptyspec.spec.clause import LEVELS, Clause
from ptyspec.spec.finding import Standing, State, failures, follows, standing
from ptyspec.spec.ledger import Outcome

WORDS = (
    "passed",
    "partly run",
    "failed",
    "failed as expected",
    "error",
    "error as expected",
    "not reached",
    "not run",
    "no case",
)
MAX_FAILED = 6


def standings(
    clauses: Iterable[Clause],
    outcomes: Mapping[str, Outcome],
    bound: Mapping[str, Sequence[str]],
    expected: Collection[str] = (),
) -> dict[str, Standing]:
    """Return how each clause stands after a session.

    `bound` gives the clauses of every case that was collected, `expected` the clauses whose checks
    are expected to fail.
    """
    cases = Counter(name for names in bound.values() for name in names)

    def of(name: str) -> Standing:
        rows = [row for row in outcomes.values() if name in row.clauses]
        bad = [row for row in rows if row.clauses[name] in (State.FAILED, State.ERROR)]
        known = all(
            row.expected or (name in expected and row.clauses[name] is State.FAILED) for row in bad
        )
        return standing([row.clauses[name] for row in rows], cases[name], known)

    return {one.id: of(one.id) for one in clauses}


def lines(
    clauses: Sequence[Clause],
    found: Mapping[str, Standing],
    outcomes: Mapping[str, Outcome],
    complete: bool,
) -> Iterator[str]:
    """Yield the summary; clauses without a case are counted where the whole suite was collected."""
    told = [one for one in clauses if found[one.id].cases or complete]
    levels = [text for level in LEVELS if (text := _level(level, told, found))]
    if not levels:
        return
    yield f"clauses: {' · '.join(levels)}"
    yield from _failed(clauses, found)
    errors = [one.id for one in told if found[one.id].word == "error"]
    if errors:
        yield f"  error  {some(errors)}: the case broke, which says nothing of the clause"
    unnamed = [name for name, outcome in outcomes.items() if outcome.clauses and outcome.unnamed]
    if unnamed:
        yield f"  failed, and no check says which clause: {some(unnamed, 2)}"
    notes = Counter(outcome.note for outcome in outcomes.values() if outcome.note)
    yield from (f"  {count} cases: {note}" for note, count in notes.items())
    yield "details: ptyspec trace"


def _level(level: str, clauses: Iterable[Clause], found: Mapping[str, Standing]) -> str:
    counts = Counter(found[one.id].word for one in clauses if one.level == level)
    parts = [f"{counts[word]} {word}" for word in WORDS if counts[word]]
    return f"{level} {', '.join(parts)}" if parts else ""


def _failed(clauses: Sequence[Clause], found: Mapping[str, Standing]) -> Iterator[str]:
    """The failed clauses, the earliest stage first: later ones may follow from it."""
    rows = failures(clauses, found)
    levels = {one.id: one.level for one in clauses}
    cause = follows(rows)
    for row in rows[:MAX_FAILED]:
        after = f"; may follow from {cause[row.clause]}" if cause[row.clause] else ""
        yield f"  failed {row.clause} · {row.what} ({levels[row.clause]}, {row.stage}){after}"
    if len(rows) > MAX_FAILED:
        yield f"  and {len(rows) - MAX_FAILED} more"


def some(names: Sequence[str], most: int = 6) -> str:
    """Return the first of these names, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"

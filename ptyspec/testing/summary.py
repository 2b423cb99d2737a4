"""The end of a session in at most 15 lines: clauses by level, the red ones, margins, where the rest is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ptyspec.spec.clause import LEVELS
from ptyspec.spec.ledger import LOOSE, TIGHT
from ptyspec.testing.verdict import State, Verdict

MAX_RED = 6
MAX_PROBLEMS = 12
STATES: tuple[tuple[State, str], ...] = (
    ("green", "green"),
    ("red", "red"),
    ("open", "open"),
    ("unbound", "without a case"),
)


def lines(found: Verdict) -> Iterator[str]:
    """Yield the summary; nothing where no clause was spoken of."""
    levels = [text for level in LEVELS if (text := _level(found, level))]
    if not levels:
        return
    yield f"clauses: {' · '.join(levels)}"
    for clause in found.red[:MAX_RED]:
        yield f"  red  {clause.id} · {clause.title} ({clause.level}, {clause.place})"
    if len(found.red) > MAX_RED:
        yield f"  and {len(found.red) - MAX_RED} more"
    if found.tight or found.loose:
        yield f"margins: {found.tight} clauses use more than {TIGHT:.0%} of their tolerance, {found.loose} less than {LOOSE:.0%}"
    yield "details: ptyspec trace"


def _level(found: Verdict, level: str) -> str:
    parts = [f"{count} {word}" for state, word in STATES if (count := found.count(level, state))]
    return f"{level} {', '.join(parts)}" if parts else ""


def problem_lines(problems: Sequence[str]) -> Iterator[str]:
    """Yield what fails the session, beyond its failed cases."""
    yield from problems[:MAX_PROBLEMS]
    if len(problems) > MAX_PROBLEMS:
        yield f"and {len(problems) - MAX_PROBLEMS} more"

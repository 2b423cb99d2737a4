"""What the page of one case says in an Allure report: states, rules, observations, and the stages of its runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ptyspec.contracts.records import StageRecord
from ptyspec.render.table import escape, show
from ptyspec.spec.clause import Clause
from ptyspec.spec.finding import Finding, State

MAX_ROWS, LONG = 12, 400


def case_page(
    told: str,
    clauses: Sequence[Clause],
    states: Mapping[str, State],
    findings: Iterable[Finding],
    reproduce: str,
    *,
    passed: bool,
) -> str:
    """Return the case's description as Markdown; `told` is its own docstring.

    A passed case shows what held: what it saw fail on purpose is its business. Text that tests
    supply is escaped.
    """
    rows = [one for one in findings if one.state is State.PASSED or not passed]
    parts = [escape(told, LONG)] if told else []
    for clause in clauses:
        place = f"{clause.level}, stage {clause.place}, {escape(clause.source)}"
        name = f"**{clause.id}: {states.get(clause.id, State.NOT_RUN)}**"
        parts += [
            f"{name} · {escape(clause.title)} ({place})",
            f"> {escape(clause.statement, 2 * LONG)}",
            f"Tolerance: {escape(clause.tolerance, LONG)}",
        ]
    if rows:
        parts.append("\n".join(_observations(rows, several=len({one.clause for one in rows}) > 1)))
    return "\n\n".join([*parts, f"Reproduce:\n\n```sh\n{reproduce}\n```"])


def _observations(rows: Sequence[Finding], several: bool) -> Iterator[str]:
    """Lines, not a table: Allure cuts a table off at the right, where the tolerance stands."""
    first = sorted(rows, key=lambda one: (one.state is State.PASSED, -(one.used or 0.0)))[:MAX_ROWS]
    for one in first:
        mark = "✔" if one.state is State.PASSED else "✘"
        name = f"{one.clause} · " if several else ""
        facts = f"observed **{escape(one.observed)}**, expected **{escape(one.expected)}**"
        share = "" if one.used is None else f", {one.used:.1%} of the tolerance used"
        yield f"- {mark} {name}{escape(one.what)}: {facts}{share}"
    if len(rows) > len(first):
        yield f"- and {len(rows) - len(first)} more that held"


def headline(stage: StageRecord) -> str:
    """Return the line of a stage, such as `normalize · gain 0.24, fits_canvas yes · 0.2 s`."""
    facts = show({**stage.numbers, **stage.flags})
    return " · ".join(filter(None, [stage.name, facts, f"{stage.seconds:.2g} s"]))


def facts(stage: StageRecord) -> Iterator[str]:
    """Yield a line an array of a stage."""
    for name, array in stage.arrays.items():
        mean = "no finite value" if array.mean is None else f"mean {array.mean:.6g}"
        yield f"{name}: {array.dtype}{list(array.shape)}, {mean}, {array.nan_count} NaN"

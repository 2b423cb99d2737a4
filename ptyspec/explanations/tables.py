"""The tables of a story."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ptyspec.contracts.stages import STAGES
from ptyspec.explanations.ddmin import sections
from ptyspec.explanations.explanation import ClaimRow, Explanation, FactorRun, Run, SharesRow
from ptyspec.explanations.plan import Outcome, Subset
from ptyspec.render.table import Mark, Table, show
from ptyspec.render.text import escape

WORDS = {Outcome.PASS: "passes", Outcome.FAIL: "fails", Outcome.UNRESOLVED: "no result"}


def stage_table(found: Explanation) -> list[str]:
    """Return one row a splice."""
    rows = [
        (one.sides(), _verdict(one.outcome), show(one.number), one.how)
        for one in found.stages.splices
    ]
    return Table(("run", "verdict", "number", "made"), rows, numbers=False).markdown()


def tried_table(found: Explanation) -> list[str]:
    """Return one row a difference: alone in GOOD, and left out of BAD without its visible causes."""
    mended = frozenset(found.mended)
    rows = [
        (
            one.text(),
            ", ".join(one.stages) if len(one.stages) < len(STAGES) else "any",
            _role(found, one.name),
            _cell(one.alone),
            _cell(one.left_out),
        )
        for one in found.differences
    ]
    rows += [
        (
            f"{section}, together",
            "",
            "–",
            _cell(found.known.get(frozenset(names))),
            _cell(found.known.get(mended.difference(names))),
        )
        for section, names in sections(one.name for one in found.differences).items()
        if len(names) > 1
    ]
    left_out = "left out of BAD without its visible causes"
    head = ("difference", "stage", "found to be", "alone in GOOD", left_out)
    note = "A dash: the search did not need that run; settings of one section are tried together."
    return [*Table(head, rows, numbers=False).markdown(), "", note]


def share_table(found: Explanation) -> list[str]:
    """Return the combinations, the shares and the interactions."""
    shares = found.shares
    if shares is None:
        return []
    if shares.scale is None or shares.total is None:
        return [f"Not divided: {escape(shares.reason)}."]
    unit = "factor" if shares.scale == "log" else "difference"
    said = (
        "Shapley values of the log of the number, shown as factors: they multiply to the whole."
        if shares.scale == "log"
        else "Shapley values of the number, which is not positive everywhere: they add to the whole."
    )
    if shares.ground:
        said += f" The factors stand on: {escape(', '.join(shares.ground), 1000)}."
    rows: list[Sequence[object]] = [
        (one.name, one.role, _effect(shares.share[one.name], unit)) for one in shares.factors
    ]
    rows += [("together", "", _effect(shares.total, unit)), *_around(found, shares, unit)]
    rows += [
        (" × ".join(one.factors), "interaction", _effect(one.effect, unit))
        for one in shares.interactions
    ]
    runs = [(_combination(one), one.number) for one in shares.runs]
    return [
        said,
        "",
        *Table(("factor", "found to be", unit), rows, numbers=False).markdown(),
        "",
        *Table(("combination", "number"), runs).markdown(),
    ]


def proof_table(found: Explanation) -> list[str]:
    """Return one row a claim, with every run's number."""
    rows = [
        (", ".join(named.members), *_claim(one)) for named in found.named for one in named.claims
    ]
    head = ("cause", "run", "must", "as claimed", "own seed, then other training seeds")
    return Table(head, rows, numbers=False).markdown() if rows else []


def runs_table(found: Explanation) -> list[str]:
    """Return what it took beside one setting at a time."""
    spent, count = found.runs, len(found.differences)
    rows = [
        ("runs of the search", spent.search),
        ("runs with other training seeds", spent.repeats),
        ("spliced runs", spent.splices),
        ("of all, not yet in the store", spent.not_cached),
        ("wall time, s", f"{found.seconds:.0f}"),
        ("CPU time of all runs when they were made, s", f"{found.cpu_seconds:.0f}"),
    ]
    text = (
        f"One at a time would be {count} runs that add one difference to GOOD, which finds no cause of two, and {count} "
        "that leave one out of BAD, which finds none of two independent causes; neither finds what is hidden."
    )
    return [*Table(("", "count"), rows).markdown(), "", text]


def _verdict(outcome: Outcome) -> Mark:
    return Mark(WORDS[outcome], bold=outcome is Outcome.FAIL)


def _combination(run: FactorRun) -> str:
    return ", ".join(run.factors) or "none of them"


def _role(found: Explanation, name: str) -> str:
    roles = [("cause", one.members) for one in found.causes]
    roles += [("hidden", one.members) for one in found.masked]
    roles += [("hides", one.maskers) for one in found.masked]
    return ", ".join(dict.fromkeys(role for role, members in roles if name in members)) or "–"


def _cell(run: Run | None) -> object:
    if run is None or run.number is None:
        return run and _verdict(run.outcome)
    return Mark(f"{WORDS[run.outcome]} {show(run.number)}", bold=run.outcome is Outcome.FAIL)


def _around(found: Explanation, shares: SharesRow, unit: str) -> list[tuple[str, str, str]]:
    """What lies outside the factors: their ground, and all other differences."""
    values = {len(one.factors): one.number for one in shares.runs}
    none, whole = values[0], values[len(shares.factors)]
    good, bad = _number(found, frozenset()), _number(found, found.whole)
    rows = []
    if shares.ground and good is not None:
        rows.append(("their ground, against GOOD", "", _between(good, none, unit)))
    if bad is not None:
        rows.append(("all other differences, up to BAD", "", _between(whole, bad, unit)))
    return rows


def _number(found: Explanation, subset: Subset) -> float | None:
    return found.known[subset].number if subset in found.known else None


def _between(start: float, end: float, unit: str) -> str:
    if unit == "factor":
        return "–" if min(start, end) <= 0 else _effect(math.log(end / start), unit)
    return _effect(end - start, unit)


def _effect(effect: float, unit: str) -> str:
    return f"× {math.exp(effect):.3f}" if unit == "factor" else f"{effect:+.4g}"


def _claim(one: ClaimRow) -> Sequence[object]:
    told = [WORDS[run.outcome] if run.number is None else show(run.number) for run in one.runs]
    holds = "yes" if one.holds else Mark("no", bold=True)
    return (one.text, one.expected.value, holds, ", ".join(told))

"""The tables of a story."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ptyspec.contracts.stages import STAGES
from ptyspec.explanations.causes import Cause, Masked
from ptyspec.explanations.claims import Evidence
from ptyspec.explanations.ddmin import sections
from ptyspec.explanations.deltas import Delta
from ptyspec.explanations.explanation import Explanation
from ptyspec.explanations.plan import Outcome, Subset
from ptyspec.render.text import escape, number, table

MARKS = {Outcome.PASS: "passes", Outcome.FAIL: "**fails**", Outcome.UNRESOLVED: "no result"}


def stage_table(found: Explanation) -> list[str]:
    """Return one row a splice."""
    if found.chain is None:
        return []
    rows = [
        [_sides(splice.count), MARKS[splice.outcome], number(splice.number), splice.how]
        for splice in found.chain.splices.values()
    ]
    return table(["run", "verdict", "number", "made"], rows, numbers=False)


def tried_table(found: Explanation) -> list[str]:
    """Return one row a difference: alone in GOOD, and left out of BAD without its visible causes."""
    rest = found.findings.repaired or frozenset()
    rows = [
        [
            escape(delta.text()),
            ", ".join(delta.stages) if len(delta.stages) < len(STAGES) else "any",
            _role(found, delta),
            _cell(found, frozenset({delta.name})),
            _cell(found, rest - {delta.name}) if delta.name in rest else "–",
        ]
        for delta in found.deltas
    ]
    rows += [
        [
            escape(f"{section}, together"),
            "",
            "–",
            _cell(found, frozenset(names)),
            _cell(found, rest.difference(names)),
        ]
        for section, names in sections(delta.name for delta in found.deltas).items()
        if len(names) > 1
    ]
    head = [
        "difference",
        "stage",
        "found to be",
        "alone in GOOD",
        "left out of BAD without its visible causes",
    ]
    return [
        *table(head, rows, numbers=False),
        "",
        "A dash: the search did not need that run; settings of one section are tried together.",
    ]


def share_table(found: Explanation) -> list[str]:
    """Return the combinations, the shares and the interactions."""
    made = found.factorial
    if made is None:
        return []
    if made.shares is None:
        return [f"Not divided: {escape(made.reason)}."]
    divided, unit = made.shares, "factor" if made.shares.scale == "log" else "difference"
    ground = (
        f" The factors stand on: {escape(', '.join(sorted(made.ground)), 1000)}."
        if made.ground
        else ""
    )
    said = (
        "Shapley values of the log of the number, shown as factors: they multiply to the whole."
        if divided.scale == "log"
        else "Shapley values of the number, which is not positive everywhere: they add to the whole."
    )
    rows = [
        [escape(one.name), one.role, _effect(divided.share[one.name], unit)] for one in made.factors
    ]
    rows += [["together", "", _effect(divided.total, unit)], *_around(found, unit)]
    beyond = [
        [escape(" × ".join(part)), "interaction", _effect(effect, unit)]
        for part, effect in divided.interactions.items()
    ]
    runs = [
        [escape(", ".join(sorted(part)) or "none of them"), number(value)]
        for part, value in made.values.items()
    ]
    return [
        said + ground,
        "",
        *table(["factor", "found to be", unit], [*rows, *beyond], numbers=False),
        "",
        *table(["combination", "number"], runs),
    ]


def proof_table(found: Explanation) -> list[str]:
    """Return one row a claim, with every run's number."""
    rows = []
    every: list[Cause | Masked] = [*found.findings.causes, *found.findings.masked]
    for named in every:
        name = escape(", ".join(named.members), 300)
        rows += [[name, *_claim(one)] for one in found.evidence.get(named.members, ())]
    head = ["cause", "run", "must", "as claimed", "own seed, then other training seeds"]
    return table(head, rows, numbers=False) if rows else []


def runs_table(found: Explanation) -> list[str]:
    """Return what it took beside one setting at a time."""
    spent, count = found.spent, len(found.deltas)
    rows = [
        ["runs of the search", str(spent.runs)],
        ["runs with other training seeds", str(spent.repeats)],
        ["spliced runs", str(spent.splices)],
        ["of all, not yet in the store", str(spent.made)],
        ["wall time, s", f"{spent.seconds:.0f}"],
        ["CPU time of all runs when they were made, s", f"{spent.cpu_seconds:.0f}"],
    ]
    text = (
        f"One at a time would be {count} runs that add one difference to GOOD, which finds no cause of two, and {count} "
        "that leave one out of BAD, which finds none of two independent causes; neither finds what is hidden."
    )
    return [*table(["", "count"], rows), "", text]


def _sides(count: int) -> str:
    if count == 0:
        return "BAD"
    if count == len(STAGES):
        return "GOOD"
    return f"GOOD until {STAGES[count - 1]}, BAD from {STAGES[count]}"


def _role(found: Explanation, delta: Delta) -> str:
    roles = [("cause", cause.members) for cause in found.findings.causes]
    roles += [("hidden", one.members) for one in found.findings.masked]
    roles += [("hides", one.maskers) for one in found.findings.masked]
    return ", ".join(dict.fromkeys(role for role, members in roles if delta.name in members)) or "–"


def _cell(found: Explanation, subset: Subset) -> str:
    if subset not in found.outcomes:
        return "–"
    value = found.numbers.get(subset)
    return MARKS[found.outcomes[subset]] + ("" if value is None else f" {number(value)}")


def _around(found: Explanation, unit: str) -> list[list[str]]:
    """What lies outside the factors: their ground, and all other differences."""
    made = found.factorial
    if made is None or made.shares is None:
        return []
    none, all_ = made.values[frozenset()], made.values[frozenset(one.name for one in made.factors)]
    good, bad = found.number(), found.number(*found.whole)
    rows = []
    if made.ground and good is not None:
        rows.append(["their ground, against GOOD", "", _between(good, none, unit)])
    if bad is not None:
        rows.append(["all other differences, up to BAD", "", _between(all_, bad, unit)])
    return rows


def _between(start: float, end: float, unit: str) -> str:
    if unit == "factor":
        return "–" if min(start, end) <= 0 else _effect(math.log(end / start), unit)
    return _effect(end - start, unit)


def _effect(effect: float, unit: str) -> str:
    return f"× {math.exp(effect):.3f}" if unit == "factor" else f"{effect:+.4g}"


def _claim(one: Evidence) -> Sequence[str]:
    numbers = ", ".join(
        number(value) if value is not None else MARKS[outcome].strip("*")
        for _, outcome, value in one.runs
    )
    return [one.claim.text, one.claim.expected.value, "yes" if one.holds else "**no**", numbers]

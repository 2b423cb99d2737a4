"""How much each of the few factors does that an explanation names: Shapley values over their full factorial."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from ptyspec.explanations.causes import Findings
from ptyspec.explanations.explanation import Combination, FactorRow, SharesRow
from ptyspec.explanations.search import NOTHING, Names, Outcome, Search, Subset
from ptyspec.runs.run_spec import FAULT

MOST_FACTORS = 4


def factorial(found: Findings) -> SharesRow:
    """Run every combination of causes, hidden causes and what hides them, and divide what they do together."""
    search = found.search
    factors, ground = _on_common_ground(search, _factors(found))
    row = SharesRow(factors=tuple(factors), ground=tuple(sorted(ground)))
    if not 1 <= len(factors) <= MOST_FACTORS:
        reason = f"{len(factors)} factors, 1 to {MOST_FACTORS} are divided"
        return row.model_copy(update={"reason": reason})
    members = {one.name: one.members for one in factors}
    taken = {
        part: ground.union(*(members[name] for name in part)) for part in combinations_of(members)
    }
    search.ask(taken.values(), "every combination of the factors")
    numbers = {part: search.known[subset].number for part, subset in taken.items()}
    values = {part: number for part, number in numbers.items() if number is not None}
    if len(values) < len(taken):
        return row.model_copy(update={"reason": "a combination has no number"})
    return row.model_copy(update=divided(factors, values))


def divided(factors: Sequence[FactorRow], values: Mapping[Subset, float]) -> dict[str, Any]:
    """Return scale, total, factors with their shares, and runs; `values` holds the number at every combination.

    A share is the mean of what the factor adds, over all orders in which factors can be put in. An effect is what a set
    does beyond all its smaller sets (Moebius inversion).
    """
    log = all(value > 0 for value in values.values())
    worth = {part: math.log(value) if log else value for part, value in values.items()}

    def effect(part: Subset) -> float:
        inner = combinations_of(sorted(part))
        return math.fsum((-1) ** (len(part) - len(one)) * worth[one] for one in inner)

    effects = {part: effect(part) for part in values}

    def share(name: str) -> float:
        # What several factors do only together belongs to each of them alike.
        return math.fsum(value / len(part) for part, value in effects.items() if name in part)

    runs = (
        Combination(factors=sorted(part), number=value, effect=effects[part])
        for part, value in values.items()
    )
    return {
        "scale": "log" if log else "difference",
        "total": worth[max(worth, key=len)] - worth[NOTHING],
        "factors": tuple(one.model_copy(update={"share": share(one.name)}) for one in factors),
        "runs": tuple(runs),
    }


def combinations_of(factors: Iterable[str]) -> list[Subset]:
    """Return every combination of the factors, the empty one first."""
    names = tuple(factors)
    return [frozenset(part) for size in range(len(names) + 1) for part in combinations(names, size)]


def _factors(found: Findings) -> list[FactorRow]:
    """Causes, hidden causes and what hides them, each difference in one of them."""
    named: list[tuple[str, Names]] = [("cause", cause) for cause in found.causes]
    named += [("hidden", masked.members) for masked in found.masked]
    named += [("hides", masked.maskers) for masked in found.masked]
    factors: list[FactorRow] = []
    for role, members in named:
        factors += _factor(set(members).difference(*(one.members for one in factors)), role)
    return factors


def _on_common_ground(search: Search, factors: list[FactorRow]) -> tuple[list[FactorRow], Subset]:
    """The factors reduced to their faults, and the settings they need, where GOOD passes with those alone."""
    mixed = [one.members for one in factors if any(name.startswith(FAULT) for name in one.members)]
    needed = frozenset(name for names in mixed for name in names if not name.startswith(FAULT))
    why = "settings that factors need"
    if not needed or search.one(needed, why) is not Outcome.PASS:
        return factors, NOTHING
    return [bare for one in factors for bare in _factor({*one.members} - needed, one.role)], needed


def _factor(members: set[str], role: Any) -> list[FactorRow]:
    """One factor, none where it has no member."""
    name = " + ".join(sorted(one.removeprefix(FAULT) for one in members))
    return [FactorRow(name=name, members=tuple(sorted(members)), role=role)] if members else []

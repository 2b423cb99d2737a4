"""How much each of the few factors does that an explanation names: Shapley values over their full factorial."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from ptyspec.explanations.causes import Findings
from ptyspec.explanations.explanation import FactorRow, FactorRun, Interaction, Role, SharesRow
from ptyspec.explanations.plan import Outcome, Plan, Subset, every, one
from ptyspec.runs.run_spec import FAULT

MOST_FACTORS = 4


def factors_of(found: Findings) -> list[FactorRow]:
    """Return causes, hidden causes and what hides them, each difference in one of them."""
    named: list[tuple[Role, tuple[str, ...]]] = [("cause", cause) for cause in found.causes]
    named += [("hidden", masked.members) for masked in found.masked]
    named += [("hides", masked.maskers) for masked in found.masked]
    factors: list[FactorRow] = []
    for role, members in named:
        fresh = set(members).difference(*(factor.members for factor in factors))
        if fresh:
            factors.append(_factor(fresh, role))
    return factors


def on_common_ground(factors: Sequence[FactorRow]) -> Plan[tuple[list[FactorRow], Subset]]:
    """Return the factors reduced to their faults, and the settings they need, where GOOD passes with those alone."""
    needed = frozenset(
        name
        for factor in factors
        if any(map(_is_fault, factor.members))
        for name in factor.members
        if not _is_fault(name)
    )
    if not needed or (yield from one(needed, "settings that factors need")) is not Outcome.PASS:
        return list(factors), frozenset()
    bare = [_factor(set(factor.members) - needed, factor.role) for factor in factors]
    return [factor for factor in bare if factor.members], needed


def factorial(found: Findings, number: Callable[[Subset], float | None]) -> Plan[SharesRow]:
    """Ask for every combination of the factors and divide what they do together; `number` reads a run that was made."""
    factors, ground = yield from on_common_ground(factors_of(found))
    shares_row = SharesRow(factors=tuple(factors), ground=tuple(sorted(ground)))
    if not 1 <= len(factors) <= MOST_FACTORS:
        reason = f"{len(factors)} factors, 1 to {MOST_FACTORS} are divided"
        return shares_row.model_copy(update={"reason": reason})
    names = [factor.name for factor in factors]
    parts = {part: shares_row.taken_over(part) for part in combinations_of(names)}
    yield from every(parts.values(), "every combination of the factors")
    read = {part: number(taken_over) for part, taken_over in parts.items()}
    values = {part: value for part, value in read.items() if value is not None}
    divided: dict[str, Any] = {
        "runs": tuple(FactorRun(factors=sorted(part), number=v) for part, v in values.items())
    }
    whole = len(values) == len(parts)
    divided |= shares(names, values) if whole else {"reason": "a combination has no number"}
    return shares_row.model_copy(update=divided)


def combinations_of(factors: Sequence[str]) -> list[Subset]:
    """Return every combination of the factors, the empty one first."""
    return [
        frozenset(part) for size in range(len(factors) + 1) for part in combinations(factors, size)
    ]


def shares(factors: Sequence[str], values: Mapping[Subset, float]) -> dict[str, Any]:
    """Return scale, total, share and interactions; `values` holds the number at every combination.

    An interaction is what a set of two or more factors does beyond all its smaller sets (Moebius inversion).
    """
    log = all(value > 0 for value in values.values())
    worth = {part: math.log(value) if log else value for part, value in values.items()}
    return {
        "scale": "log" if log else "difference",
        "total": worth[frozenset(factors)] - worth[frozenset()],
        "share": {name: _shapley(name, factors, worth) for name in factors},
        "interactions": tuple(
            Interaction(factors=part, effect=_moebius(part, worth))
            for size in range(2, len(factors) + 1)
            for part in combinations(factors, size)
        ),
    }


def _shapley(name: str, factors: Sequence[str], worth: Mapping[Subset, float]) -> float:
    """Mean of what the factor adds, over all orders in which factors can be put in."""
    others, count = [other for other in factors if other != name], len(factors)
    return math.fsum(
        (worth[frozenset((*part, name))] - worth[frozenset(part)])
        / (count * math.comb(count - 1, size))
        for size in range(count)
        for part in combinations(others, size)
    )


def _moebius(part: Iterable[str], worth: Mapping[Subset, float]) -> float:
    members = sorted(part)
    return math.fsum(
        (-1) ** (len(members) - len(inner)) * worth[inner] for inner in combinations_of(members)
    )


def _factor(members: set[str], role: Role) -> FactorRow:
    name = " + ".join(sorted(one.removeprefix(FAULT) for one in members))
    return FactorRow(name=name, members=tuple(sorted(members)), role=role)


def _is_fault(name: str) -> bool:
    return name.startswith(FAULT)

"""The few factors that an explanation names, and the full factorial of their runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ptyspec.explanations.causes import Findings
from ptyspec.explanations.deltas import FAULT
from ptyspec.explanations.plan import Outcome, Plan, Subset, every, one
from ptyspec.explanations.shares import MOST_FACTORS, Shares, combinations_of, shares


@dataclass(frozen=True)
class Factor:
    """Differences that are put in together; `role` says what the search found them to be."""

    name: str
    members: Subset
    role: str


@dataclass(frozen=True)
class Factorial:
    """The factors on their common ground, the number at every combination, and the shares.

    - ground: settings without which a factor cannot act; GOOD passes with them.
    - shares: None where a combination has no number, or there are too many factors; `reason` tells.
    """

    factors: tuple[Factor, ...]
    ground: Subset
    values: dict[Subset, float]
    shares: Shares | None
    reason: str = ""

    def taken_over(self, part: Subset) -> Subset:
        """Return the differences of a combination of factors, the ground among them."""
        return self.ground.union(
            *(factor.members for factor in self.factors if factor.name in part)
        )


def factors_of(found: Findings) -> list[Factor]:
    """Return causes, hidden causes and what hides them, each difference in one of them."""
    named = [("cause", cause.members) for cause in found.causes]
    named += [("hidden", masked.members) for masked in found.masked]
    named += [("hides", masked.maskers) for masked in found.masked]
    factors: list[Factor] = []
    for role, members in named:
        fresh = frozenset(members).difference(*(factor.members for factor in factors))
        if fresh:
            factors.append(_factor(fresh, role))
    return factors


def on_common_ground(factors: Sequence[Factor]) -> Plan[tuple[list[Factor], Subset]]:
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
    bare = [_factor(factor.members - needed, factor.role) for factor in factors]
    return [factor for factor in bare if factor.members], needed


def factorial(found: Findings, number: Callable[[Subset], float | None]) -> Plan[Factorial]:
    """Ask for every combination of the factors and divide what they do together; `number` reads a run that was made."""
    factors, ground = yield from on_common_ground(factors_of(found))
    if not 1 <= len(factors) <= MOST_FACTORS:
        return Factorial(
            tuple(factors),
            ground,
            {},
            None,
            f"{len(factors)} factors, 1 to {MOST_FACTORS} are divided",
        )
    frame = Factorial(tuple(factors), ground, {}, None)
    names = [factor.name for factor in factors]
    parts = combinations_of(names)
    yield from every([frame.taken_over(part) for part in parts], "every combination of the factors")
    read = {part: number(frame.taken_over(part)) for part in parts}
    values = {part: value for part, value in read.items() if value is not None}
    if len(values) < len(parts):
        return Factorial(tuple(factors), ground, values, None, "a combination has no number")
    return Factorial(tuple(factors), ground, values, shares(names, values))


def _factor(members: Subset, role: str) -> Factor:
    return Factor(" + ".join(sorted(name.removeprefix(FAULT) for name in members)), members, role)


def _is_fault(name: str) -> bool:
    return name.startswith(FAULT)

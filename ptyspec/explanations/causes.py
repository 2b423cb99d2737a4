"""Every cause: independent ones, those that another difference hides, what proves each, and how much each does.

All runs lie on one lattice, the subsets of the difference: the empty one is GOOD, the whole one is BAD."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any, NamedTuple

from ptyspec.explanations.explanation import ClaimRow, Combination, FactorRow, Settled, SharesRow
from ptyspec.explanations.search import NOTHING, Names, Outcome, Search, Subset, sections, smallest
from ptyspec.runs.run_spec import FAULT

FAIL, PASS = Outcome.FAIL, Outcome.PASS
SINGLY = 16
"""Up to so many remaining differences are each tried alone and left out alone; more are tried in groups."""


class Masked(NamedTuple):
    """A cause that BAD, mended of its visible causes, does not show because other differences hide it.

    - maskers: with them beside the cause the symptom is gone: the smallest set that does so.
    """

    members: Names
    maskers: Names


@dataclass
class Findings:
    """What a search has found so far; it stays readable when the budget ends the search."""

    search: Search
    members: Sequence[str]
    near: Sequence[Sequence[str]] = ()
    """Members to search first, such as those that act at one stage: the first of these sets that fails is searched."""
    causes: list[Names] = field(default_factory=list)
    """Each a smallest set of differences that brings the symptom to GOOD."""
    masked: list[Masked] = field(default_factory=list)
    repaired: Subset | None = None
    """BAD without what its visible causes need: the first such run that passes."""
    stage: str = "causes"
    """What the search is doing: causes, masked, done."""

    def find_all(self) -> None:
        """Find independent causes, then masked ones."""
        self.find_causes()
        self.stage = "masked"
        self._tell_apart()
        if self.repaired:
            self._find_masked(tuple(name for name in self.members if name in self.repaired))
        self.stage = "done"

    def find_causes(self) -> None:
        """Find causes until BAD without them passes; GOOD passes and BAD fails, as the caller made sure."""
        left: Names | None = tuple(self.members)
        while left:
            # The first of the near sets that still fails, else everything that is left.
            where = left
            for names in self.near:
                close = tuple(name for name in left if name in names)
                inside = 0 < len(close) < len(left)
                if inside and self.search.one(close, "what acts where the splice flips") is FAIL:
                    where = close
                    break
            cause = smallest(self.search, where)
            self.causes.append(cause)
            left = self._without(left, cause)

    def _without(self, left: Names, cause: Names) -> Names | None:
        """Return what still fails with the cause broken, or None; breaking one member of it may be enough for another cause."""
        parts = [*((member,) for member in cause), cause]
        rests = [tuple(name for name in left if name not in part) for part in parts]
        outcomes = self.search.ask(rests, "BAD without the cause")
        if FAIL in outcomes:
            return rests[outcomes.index(FAIL)]
        if PASS in outcomes:
            self.repaired = frozenset(rests[outcomes.index(PASS)])
        return None

    def _tell_apart(self) -> None:
        """A cause is masked if BAD without all the others passes: a search may meet it although BAD does not show it."""
        for cause in list(self.causes) if len(self.causes) > 1 else ():
            others = {name for one in self.causes if one != cause for name in one} - set(cause)
            rest = tuple(name for name in self.members if name not in others)
            if others and self.search.one(rest, "BAD with this cause alone") is PASS:
                self.causes.remove(cause)
                self._mask(rest, cause)
                self.repaired = frozenset(rest)

    def _mask(self, rest: Names, cause: Names) -> None:
        """Note a masked cause with the smallest set of the others that hides it; all of them do."""
        others = tuple(name for name in rest if name not in cause)
        self.masked.append(Masked(cause, smallest(self.search, others, frozenset(cause), PASS)))

    def _find_masked(self, rest: Names) -> None:
        """Find failing sets within the rest, which passes; and for each the smallest set that hides it."""
        tried = list(dict.fromkeys(probes(rest)))
        outcomes = self.search.ask(tried, "is something hidden")
        failing = [subset for subset, found in zip(tried, outcomes, strict=True) if found is FAIL]
        for probe in sorted(failing, key=len):
            # What made it fail, unless those that are known already do.
            known = {name for cause in self.masked for name in cause.members}
            fresh = tuple(name for name in rest if name in probe - known)
            why = "without the hidden causes that are known"
            if fresh and (not known & probe or self.search.one(fresh, why) is FAIL):
                self._mask(rest, smallest(self.search, fresh))


def probes(members: Sequence[str]) -> Iterator[Subset]:
    """Subsets that expose what is hidden: each alone and each left out; of many, blocks left out and halves.

    Settings of one section go together, for one without another often cannot be run; of few members, each also by
    itself, for one may hide another of its section. The halves tell any two groups apart: by each binary digit of their
    place, one of them is in, the other out.
    """
    whole = frozenset(members)
    groups = [frozenset(names) for names in sections(members).values()]
    if len(groups) <= SINGLY:
        single = [frozenset({name}) for name in members] if len(members) <= SINGLY else []
        yield from (whole - group for group in (*groups, *single))
        yield from (*groups, *single)
        return
    for digit in range(math.ceil(math.log2(len(groups)))):
        inside = (group for at, group in enumerate(groups) if at >> digit & 1)
        half = frozenset[str]().union(*inside)
        yield half
        yield whole - half
    side = math.ceil(math.sqrt(len(groups)))
    for at in range(side):
        yield whole.difference(*groups[at * side : (at + 1) * side])
        yield whole.difference(*groups[at::side])


def claims_of_cause(members: Names, found: Findings) -> tuple[ClaimRow, ...]:
    """Return the claims of a visible cause; BAD is first mended of the other causes, where there are any."""
    cause = frozenset(members)
    others = NOTHING.union(*found.causes) - cause
    rest = frozenset(found.members) - others
    bad = "BAD without the other causes" if others else "BAD"
    return (
        _claim("adding", "GOOD with it", cause, FAIL),
        *((_claim("removing", bad, rest, FAIL),) if others else ()),
        _claim("removing", f"{bad}, without it", rest - cause, PASS),
    )


def claims_of_masked(masked: Masked, found: Findings) -> tuple[ClaimRow, ...]:
    """Return the claims of a hidden cause: it fails alone, passes beside what hides it, and shows without that in BAD."""
    cause, missing = frozenset(masked.members), lacking(masked, found)
    bare = (found.repaired or NOTHING).difference(missing)
    text = f"BAD without its visible causes and {', '.join(missing)}"
    return (
        _claim("adding", "GOOD with it", cause, FAIL),
        _claim("hiding", "GOOD with it and what hides it", cause.union(masked.maskers), PASS),
        _claim("removing", text, bare, FAIL),
        _claim("removing", f"{text}, without it", bare - cause, PASS),
    )


def lacking(masked: Masked, found: Findings) -> Names:
    """Return what BAD must lack beside its visible causes to show a hidden one.

    One member of what hides it is enough; where no such run failed, everything that hides it is taken away.
    """
    mended, known = found.repaired or NOTHING, found.search.known
    failing = (name for name in masked.maskers if mended - {name} in known)
    failing = (name for name in failing if known[mended - {name}].outcome is FAIL)
    return next(((name,) for name in failing), masked.maskers)


def settled(claims: Sequence[ClaimRow]) -> Settled:
    """Return whether a cause is confirmed in both directions; what hides it must hide it as well."""
    ways = {way: [one.holds for one in claims if one.way == way] for way in ("adding", "removing")}
    adding, removing = (bool(held) and all(held) for held in ways.values())
    if adding and removing and all(one.holds for one in claims):
        return "both ways"
    return "one way" if adding or removing else "not confirmed"


def _claim(way: Any, text: str, subset: Iterable[str], expected: Outcome) -> ClaimRow:
    return ClaimRow(way=way, text=text, taken_over=tuple(sorted(subset)), expected=expected)


MOST_FACTORS = 4


def factorial(found: Findings) -> SharesRow:
    """Run every combination of causes, hidden causes and what hides them, and divide what they do together."""
    search = found.search
    # Causes, hidden causes and what hides them, each difference in one of them.
    named = [("cause", cause) for cause in found.causes]
    named += [("hidden", masked.members) for masked in found.masked]
    named += [("hides", masked.maskers) for masked in found.masked]
    apart: list[FactorRow] = []
    for role, names in named:
        apart += _factor(set(names).difference(*(one.members for one in apart)), role)
    factors, ground = _on_common_ground(search, apart)
    row = SharesRow(factors=tuple(factors), ground=tuple(sorted(ground)))
    if not 1 <= len(factors) <= MOST_FACTORS:
        reason = f"{len(factors)} factors, 1 to {MOST_FACTORS} are divided"
        return row.model_copy(update={"reason": reason})
    members = {one.name: one.members for one in factors}
    parts = combinations_of(members)
    taken = {part: ground.union(*(members[name] for name in part)) for part in parts}
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

    runs = [
        Combination(factors=sorted(part), number=value, effect=effects[part])
        for part, value in values.items()
    ]
    shared = tuple(one.model_copy(update={"share": share(one.name)}) for one in factors)
    total = worth[max(worth, key=len)] - worth[NOTHING]
    scale = "log" if log else "difference"
    return {"scale": scale, "total": total, "factors": shared, "runs": tuple(runs)}


def combinations_of(factors: Iterable[str]) -> list[Subset]:
    """Return every combination of the factors, the empty one first."""
    names = tuple(factors)
    return [frozenset(part) for size in range(len(names) + 1) for part in combinations(names, size)]


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

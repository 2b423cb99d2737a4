"""Every cause: independent ones one after the other, and those that another difference hides.

All runs lie on one lattice, the subsets of the difference: the empty one is GOOD, the whole one is BAD.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ptyspec.explanations.ddmin import sections, smallest
from ptyspec.explanations.search import Names, Outcome, Search, Subset

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
            cause = smallest(self.search, self._narrowed(left))
            self.causes.append(cause)
            left = self._without(left, cause)

    def _narrowed(self, left: Names) -> Names:
        """Return the first of the near sets that still fails, else everything that is left."""
        for names in self.near:
            close = tuple(name for name in left if name in names)
            inside = 0 < len(close) < len(left)
            if inside and self.search.one(close, "what acts where the splice flips") is FAIL:
                return close
        return left

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

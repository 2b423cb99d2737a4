"""Every cause: independent ones one after the other, and those that another difference hides.

All runs lie on one lattice, the subsets of the difference: the empty one is GOOD, the whole one is BAD.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ptyspec.explanations.ddmin import sections, smallest
from ptyspec.explanations.plan import Outcome, Plan, Subset, every, one

FAIL, PASS = Outcome.FAIL, Outcome.PASS
Near = Sequence[Sequence[str]]
"""Members to search first, such as those that act at one stage: the first of these sets that fails is searched."""
SINGLY = 16
"""Up to so many remaining differences are each tried alone and left out alone; more are tried in groups."""


@dataclass(frozen=True)
class Masked:
    """A cause that BAD, mended of its visible causes, does not show because other differences hide it.

    - maskers: with them beside the cause the symptom is gone: the smallest set that does so.
    """

    members: tuple[str, ...]
    maskers: tuple[str, ...]


@dataclass
class Findings:
    """What a search has found so far; it stays readable when the budget ends the search."""

    causes: list[tuple[str, ...]] = field(default_factory=list)
    """Each a smallest set of differences that brings the symptom to GOOD."""
    masked: list[Masked] = field(default_factory=list)
    repaired: Subset | None = None
    """BAD without what its visible causes need: the first such run that passes."""
    stage: str = "causes"
    """What the search is doing: causes, masked, done."""


def find_all(members: Sequence[str], found: Findings, near: Near = ()) -> Plan[None]:
    """Find independent causes, then masked ones; `near`: where to look first."""
    yield from find_causes(members, found, near)
    found.stage = "masked"
    yield from _tell_apart(members, found)
    if found.repaired:
        yield from find_masked([name for name in members if name in found.repaired], found)
    found.stage = "done"


def find_causes(members: Sequence[str], found: Findings, near: Near = ()) -> Plan[None]:
    """Find causes until BAD without them passes; GOOD passes and BAD fails, as the caller made sure."""
    left: tuple[str, ...] | None = tuple(members)
    while left:
        within = yield from _narrowed(left, near)
        cause = yield from smallest(within)
        found.causes.append(cause)
        left = yield from _without(left, cause, found)


def _narrowed(left: tuple[str, ...], near: Near) -> Plan[tuple[str, ...]]:
    """Return the first of the near sets that still fails, else everything that is left."""
    for names in near:
        close = tuple(name for name in left if name in set(names))
        inside = 0 < len(close) < len(left)
        if inside and (yield from one(close, "what acts where the splice flips")) is FAIL:
            return close
    return left


def _without(
    left: tuple[str, ...], cause: tuple[str, ...], found: Findings
) -> Plan[tuple[str, ...] | None]:
    """Return what still fails with the cause broken, or None; breaking one member of it may be enough for another cause."""
    broken = [tuple(name for name in left if name != member) for member in cause]
    whole = tuple(name for name in left if name not in cause)
    rests = [*broken, whole]
    outcomes = yield from every(rests, "BAD without the cause")
    failing = next((rest for rest in rests if outcomes[frozenset(rest)] is FAIL), None)
    if failing is None:
        passing = (frozenset(rest) for rest in rests if outcomes[frozenset(rest)] is PASS)
        found.repaired = next(passing, None)
    return failing


def _tell_apart(members: Sequence[str], found: Findings) -> Plan[None]:
    """A cause is masked if BAD without all the others passes: a search may meet it although BAD does not show it."""
    for cause in list(found.causes) if len(found.causes) > 1 else ():
        others = {name for other in found.causes if other != cause for name in other} - set(cause)
        rest = tuple(name for name in members if name not in others)
        if not others or (yield from one(rest, "BAD with this cause alone")) is not PASS:
            continue
        found.causes.remove(cause)
        found.masked.append(Masked(cause, (yield from _maskers(rest, cause))))
        found.repaired = frozenset(rest)


def _maskers(rest: tuple[str, ...], cause: tuple[str, ...]) -> Plan[tuple[str, ...]]:
    """Return the smallest set of the others that hides the cause; all of them do."""
    others = tuple(name for name in rest if name not in cause)
    return (yield from smallest(others, base=frozenset(cause), wanted=PASS))


def find_masked(members: Sequence[str], found: Findings) -> Plan[None]:
    """Find failing sets within `members`, which pass together; and for each the smallest set that hides it."""
    rest = tuple(members)
    outcomes = yield from every(probes(rest), "is something hidden")
    failing = [subset for subset, outcome in outcomes.items() if outcome is FAIL]
    for probe in sorted(failing, key=len):
        yield from _uncover(rest, probe, found)


def _uncover(rest: tuple[str, ...], probe: Subset, found: Findings) -> Plan[None]:
    """Find the cause that made the probe fail, unless those that are known already do."""
    known = {name for cause in found.masked for name in cause.members}
    fresh = tuple(name for name in rest if name in probe - known)
    why = "without the hidden causes that are known"
    if not fresh or (known & probe and (yield from one(fresh, why)) is not FAIL):
        return
    cause = yield from smallest(fresh)
    found.masked.append(Masked(cause, (yield from _maskers(rest, cause))))


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

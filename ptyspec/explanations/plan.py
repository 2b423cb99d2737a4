"""How a search asks for runs: generators that yield questions and receive outcomes; they do nothing else.

A driver answers (drive.py): it owns the cache, the budget and the processes, so that every search is a plain function.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar

Subset = frozenset[str]
"""Names of the differences that GOOD takes over from BAD: none of them is GOOD, all of them are BAD."""


class Outcome(Enum):
    """What the symptom says of one run."""

    PASS = "pass"
    FAIL = "fail"
    UNRESOLVED = "unresolved"
    """No such run exists (the settings contradict each other) or the symptom cannot be read from it."""


@dataclass(frozen=True)
class Ask:
    """Runs that are wanted, the most telling first; none is needed after one that ends as `wanted`.

    - needed: so many of them; the others are likely to be asked next, and made where a process would be idle.
    """

    subsets: tuple[Subset, ...]
    why: str
    wanted: Outcome | None = None
    needed: int | None = None


Answer = Sequence[Outcome | None]
"""One outcome for each subset of an Ask; None where it was no longer needed."""
T = TypeVar("T")
Plan = Generator[Ask, Answer, T]


def expanded(plan: Plan[T], members_of: Mapping[str, Iterable[str]]) -> Plan[T]:
    """Run a plan over groups: in what it asks, the name of a group stands for its members."""
    answer: Answer | None = None
    while True:
        try:
            ask = next(plan) if answer is None else plan.send(answer)
        except StopIteration as end:
            found: T = end.value
            return found
        subsets = [
            frozenset(name for part in subset for name in members_of.get(part, (part,)))
            for subset in ask.subsets
        ]
        answer = yield replace(ask, subsets=tuple(subsets))


def one(subset: Iterable[str], why: str) -> Plan[Outcome]:
    """Ask for a single run."""
    (found,) = yield Ask((frozenset(subset),), why)
    assert found is not None
    return found


def first(subsets: Iterable[Iterable[str]], why: str, wanted: Outcome) -> Plan[int | None]:
    """Return the place of the first of some runs that ends as `wanted`, or None."""
    answer = yield Ask(tuple(frozenset(part) for part in subsets), why, wanted)
    return next((at for at, found in enumerate(answer) if found is wanted), None)


def every(subsets: Iterable[Iterable[str]], why: str) -> Plan[dict[Subset, Outcome]]:
    """Ask for all of some runs."""
    asked = tuple(dict.fromkeys(frozenset(part) for part in subsets))
    answer = yield Ask(asked, why)
    return {subset: found for subset, found in zip(asked, answer, strict=True) if found is not None}

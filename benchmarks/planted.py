"""Worlds with a planted cause: settings of which one to three together bring the symptom, some needing others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ptyspec.explanations.search import Outcome, Run, Subset
from ptyspec.seeds import generator


@dataclass(frozen=True)
class World:
    """Settings and what they do.

    - causes: each fails when all its members are in; hidden: (cause, masker), which fails unless the masker is in.
    - needs: a setting that is refused without another one, so that runs are unresolved.
    """

    members: tuple[str, ...]
    causes: tuple[Subset, ...]
    hidden: tuple[tuple[Subset, str], ...] = ()
    needs: tuple[tuple[str, str], ...] = ()

    def outcome(self, subset: Subset) -> Outcome:
        """Return how the run with these settings ends."""
        if any(name in subset and other not in subset for name, other in self.needs):
            return Outcome.UNRESOLVED
        shown = any(cause <= subset for cause in self.causes)
        uncovered = any(cause <= subset and masker not in subset for cause, masker in self.hidden)
        return Outcome.FAIL if shown or uncovered else Outcome.PASS

    def answer(self, subsets: Sequence[Subset]) -> list[Run]:
        """Return how several end."""
        return [Run(outcome=self.outcome(subset)) for subset in subsets]


def world(seed: int, size: int, *causes: int, hidden: int = 0, needing: int = 0) -> World:
    """Draw a world of `size` settings with disjoint causes of these sizes.

    - hidden: size of one more cause that a further setting masks, 0 for none.
    - needing: harmless settings each of which needs another harmless one.
    """
    draws = generator(seed, f"planted {size} {causes} {hidden} {needing}")
    members = tuple(f"setting-{at:02d}" for at in range(size))
    order = [members[at] for at in draws.permutation(size)]

    def take(count: int) -> list[str]:
        return [order.pop() for _ in range(count)]

    planted = tuple(frozenset(take(count)) for count in causes)
    masked = ((frozenset(take(hidden)), take(1)[0]),) if hidden else ()
    pairs = [take(2) for _ in range(needing)]
    return World(members, planted, masked, tuple((one, other) for one, other in pairs))

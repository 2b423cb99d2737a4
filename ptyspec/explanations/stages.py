"""The stage where the symptom enters: the first of GOOD's stages whose taking over mends BAD, by bisection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ptyspec.contracts.stages import STAGES
from ptyspec.explanations.plan import Outcome

LAST = len(STAGES)
AFTER_TRAINING = STAGES.index("train") + 1


@dataclass(frozen=True)
class Splice:
    """GOOD's first `count` stages with BAD's others.

    - how: `BAD` and `GOOD` themselves, `run`, or `same as BAD` where both hand over the same until there.
    """

    count: int
    outcome: Outcome
    number: float | None
    how: str


@dataclass(frozen=True)
class Chain:
    """All splices that were made, by count, and between which of them the verdict flips.

    - stages: the stage whose taking over flips it: several where those between could not be spliced.
    """

    splices: Mapping[int, Splice]
    stages: tuple[str, ...]
    runs: int = 0
    """Splices that were run, now or before."""
    cpu_seconds: float = 0.0

    @property
    def stage(self) -> str | None:
        """The stage, where it is one."""
        return self.stages[0] if len(self.stages) == 1 else None


def bisect(
    ends: Mapping[int, Splice], same: Callable[[int], bool], make: Callable[[int], Splice]
) -> Chain:
    """Return the chain: `ends` holds 0, which fails, and all stages, which pass.

    `same(k)` costs no training: where both sides hand over the same after k stages, that splice is BAD itself. What
    costs no training either, a swap after it, is made as well: it shows whether the verdict flips once.
    """
    made = dict(ends)
    for count in range(AFTER_TRAINING - 1, 0, -1):
        if same(count):
            shared = [
                Splice(at, made[0].outcome, made[0].number, "same as BAD")
                for at in range(1, count + 1)
            ]
            made |= {splice.count: splice for splice in shared}
            break
    low, high = max(at for at, splice in made.items() if at < LAST and splice.how != "GOOD"), LAST
    while high - low > 1:
        middle = (low + high) / 2
        for count in sorted(range(low + 1, high), key=lambda at: (abs(at - middle), at)):
            if count not in made:
                made[count] = make(count)
            if made[count].outcome is not Outcome.UNRESOLVED:
                break
        else:
            break
        low, high = (count, high) if made[count].outcome is Outcome.FAIL else (low, count)
    for count in range(AFTER_TRAINING, LAST):
        if count not in made:
            made[count] = make(count)
    return Chain(dict(sorted(made.items())), STAGES[low:high])

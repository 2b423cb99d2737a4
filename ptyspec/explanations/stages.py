"""The stage where the symptom enters: the first of GOOD's stages whose taking over mends BAD, by bisection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from ptyspec.contracts.stages import STAGES
from ptyspec.explanations.explanation import ChainRow, SpliceRow
from ptyspec.explanations.plan import Outcome

LAST = len(STAGES)
AFTER_TRAINING = STAGES.index("train") + 1


class Chain(NamedTuple):
    """The chain, the splices that were run now or before, and the CPU time they took."""

    row: ChainRow
    runs: int = 0
    cpu_seconds: float = 0.0


def bisect(
    ends: Mapping[int, SpliceRow], same: Callable[[int], bool], make: Callable[[int], SpliceRow]
) -> ChainRow:
    """Return the splices by their count of GOOD's stages; `ends` holds 0, which fails, and all stages, which pass.

    `same(k)` costs no training: where both sides hand over the same after k stages, that splice is BAD itself. What
    costs no training either, a swap after it, is made as well: it shows whether the verdict flips once.
    """
    made = dict(ends)
    shared = next((count for count in range(AFTER_TRAINING - 1, 0, -1) if same(count)), 0)
    for at in range(1, shared + 1):
        made[at] = SpliceRow.of(at, made[0].outcome, made[0].number, "same as BAD")
    low, high = shared, LAST
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
    made |= {at: make(at) for at in range(AFTER_TRAINING, LAST) if at not in made}
    return ChainRow(stages=STAGES[low:high], splices=tuple(made[at] for at in sorted(made)))

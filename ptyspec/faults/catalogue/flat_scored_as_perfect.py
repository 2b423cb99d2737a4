"""A correlation that is undefined counts as a perfect one (failure signatures 55 and 68)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _perfect(pearson: Callable[..., float | None]) -> Callable[..., float | None]:
    def wrong(first: Array, second: Array, scale: float | None = None) -> float | None:
        found = pearson(first, second, scale)
        return 1.0 if found is None else found

    return wrong


FAULT = Fault(
    id="flat-scored-as-perfect",
    stage="score",
    story="NaN passes every comparison that is written the wrong way round",
    patches=(Patch("ptyspec.scores.numbers:pearson", _perfect),),
    red=("SCORE-008",),
    green=("SCORE-001", "SCORE-003", "SCORE-007"),
    signatures=(55, 68),
)

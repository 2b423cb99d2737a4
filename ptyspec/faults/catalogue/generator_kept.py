"""A generator is kept for its seed: a second run draws on where the first stopped (failure signature 3)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.faults.fault import Fault, Patch


def _kept(generator: Callable[..., np.random.Generator]) -> Callable[..., np.random.Generator]:
    made: dict[tuple[int, str], np.random.Generator] = {}

    def wrong(seed: int, purpose: str) -> np.random.Generator:
        return made.setdefault((seed, purpose), generator(seed, purpose))

    return wrong


FAULT = Fault(
    id="generator-kept",
    stage="run",
    story="equal seeds give one generator, not equal ones",
    patches=(Patch("ptyspec.seeds:generator", _kept),),
    red=("FLOW-003", "DET-002"),
    green=("FLOW-001", "FLOW-005", "FLOW-006"),
    signatures=(3, 10),
)

"""One seed rules every draw: the declared ones have no effect of their own (failure signature 10)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.faults.fault import Fault, Patch


def _fixed(generator: Callable[..., np.random.Generator]) -> Callable[..., np.random.Generator]:
    return lambda seed, purpose: generator(42, purpose)


FAULT = Fault(
    id="one-seed-for-all",
    stage="run",
    story="every generator is made from 42",
    patches=(Patch("ptyspec.seeds:generator", _fixed),),
    red=("DET-002",),
    green=("DET-003", "FLOW-003", "FLOW-006"),
    signatures=(10,),
)

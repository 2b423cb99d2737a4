"""Every draw starts from numpy's global generator (failure signature 10)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.faults.fault import Fault, Patch


def _global(generator: Callable[..., np.random.Generator]) -> Callable[..., np.random.Generator]:
    return lambda seed, purpose: np.random.default_rng(int(vars(np.random)["randint"](2**31 - 1)))


FAULT = Fault(
    id="global-generator",
    stage="run",
    story="generators are seeded by the global random state",
    patches=(Patch("ptyspec.seeds:generator", _global),),
    red=("DET-003", "FLOW-003", "DET-002"),
    green=("FLOW-001", "FLOW-005", "FLOW-006"),
    signatures=(10, 76),
)

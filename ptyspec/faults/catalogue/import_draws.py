"""Importing what trains draws from the global generators (failure signature 5)."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(train: Callable[..., Any]) -> Callable[..., Any]:
    random.random()  # while the module is imported, when a fault takes its place there
    return train


FAULT = Fault(
    id="import-draws",
    stage="run",
    story="whoever imports first has other random numbers afterwards",
    patches=(Patch("ptyspec.pipeline.train:train", _wrong),),
    red=("ANTIPATTERN-001",),
    green=("MATH-POLAR-001",),
    cost="parity",
    signatures=(5,),
    cases=("test_importing_what_trains_draws_no_number", "test_amplitude_two"),
)

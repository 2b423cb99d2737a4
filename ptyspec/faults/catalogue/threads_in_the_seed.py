"""A network starts from the number of its threads."""

from __future__ import annotations

import os
from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _wrong(integer_seed: Callable[[int, str], int]) -> Callable[[int, str], int]:
    return lambda seed, purpose: integer_seed(
        seed, f"{purpose} {os.environ.get('TF_NUM_INTRAOP_THREADS')}"
    )


FAULT = Fault(
    id="threads-in-the-seed",
    stage="run",
    story="the same settings on another machine are another reconstruction",
    patches=(Patch("ptyspec.seeds:integer_seed", _wrong),),
    red=("DET-004",),
    green=("MATH-POLAR-001",),
    cost="parity",
    cases=("test_one_thread_and_two_make_the_same_object", "test_amplitude_two"),
)

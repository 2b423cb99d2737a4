"""A draw's generator is derived from the name's hash, which differs from process to process (failure signature 10)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(generator: Callable[..., Any]) -> Callable[..., Any]:
    return lambda seed, purpose: generator(seed, f"{purpose} {os.getpid()}")


FAULT = Fault(
    id="purpose-hashed",
    stage="run",
    story="equal seeds, equal code, other bits",
    patches=(Patch("ptyspec.seeds:generator", _wrong),),
    red=("DET-001",),
    green=("MATH-POLAR-001",),
    cost="parity",
    signatures=(10,),
    cases=("test_two_processes_with_equal_settings", "test_amplitude_two"),
)

"""The positions of the first scan of a process are those of all that follow (failure signatures 3 and 11)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(make: Callable[..., Any]) -> Callable[..., Any]:
    kept: dict[Any, Any] = {}
    return lambda spec, size, seed: kept.setdefault(
        (spec.n_images, size), make(spec, size, seed)
    ).copy()


FAULT = Fault(
    id="positions-kept",
    stage="run",
    story="the second run of a process scans what the first one scanned",
    patches=(Patch("ptyspec.physics.scan:make_positions", _wrong),),
    red=("DET-005",),
    green=("MATH-POLAR-001",),
    cost="parity",
    signatures=(3, 11),
    cases=("test_a_run_after_another_gives_the_bits", "test_amplitude_two"),
)

"""The trivial estimate stands where the iterative reference should."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(sweep: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(scenario: Any, scan: Any, *rest: Any, **more: Any) -> Any:
        from ptyspec.physics.coarse import trivial_estimate

        return trivial_estimate(scan, scenario.inference.min_coverage)

    return wrong


FAULT = Fault(
    id="reference-is-the-trivial-one",
    stage="score",
    story="the ceiling is as low as the floor, and every network looks perfect beside it",
    patches=(Patch("ptyspec.runs.controls:sweep", _wrong),),
    red=("INFER-008",),
    green=("ITERATIVE-001", "MATH-POLAR-001"),
    cost="parity",
    cases=("test_the_iterative_reference_is_the_ceiling", "test_amplitude_two"),
)

"""Every model that was trained stays in memory (failure signature 74)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wrong(build: Callable[..., Any]) -> Callable[..., Any]:
    kept: list[Any] = []

    def wrong(*args: Any) -> Any:
        kept.append(build(*args))
        return kept[-1]

    return wrong


FAULT = Fault(
    id="models-kept",
    stage="run",
    story="the tenth training of a process ends for want of memory",
    patches=(Patch("ptyspec.pipeline.train:build_model", _wrong),),
    red=("TF-REPEATED-MODEL-OOM-001",),
    green=("MATH-POLAR-001",),
    cost="parity",
    signatures=(74,),
    cases=("test_repeated_trainings_need_no_more_memory", "test_amplitude_two"),
)

"""An interrupt that falls into a step is caught there and forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _deaf(between_steps: Callable[..., Any]) -> Callable[..., Any]:
    @contextmanager
    def wrong() -> Iterator[Callable[[], None]]:
        with between_steps():
            yield lambda: None

    return wrong


FAULT = Fault(
    id="interrupt-forgotten",
    stage="train",
    story="Ctrl-C during a training step changes nothing",
    patches=(Patch("ptyspec.pipeline.interrupts:between_steps", _deaf),),
    red=("STORE-009",),
    green=("STORE-003", "STORE-005", "FLOW-001"),
)

"""Nobody holds a lock while a run is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _unlocked(locked: Callable[..., Any]) -> Callable[..., Any]:
    @contextmanager
    def wrong(store: Any, key: str, on_wait: Any) -> Iterator[None]:
        yield

    return wrong


FAULT = Fault(
    id="lock-ignored",
    stage="run",
    story="two who want one run make it at the same time",
    patches=(Patch("ptyspec.runs.store:RunStore._locked", _unlocked),),
    red=("STORE-005",),
    green=("STORE-003", "STORE-004", "STORE-006"),
)

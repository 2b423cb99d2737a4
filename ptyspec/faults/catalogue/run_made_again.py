"""A kept run is thrown away and made again at every request."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _again(get_or_make: Callable[..., Path]) -> Callable[..., Path]:
    def wrong(store: Any, key: str, make: Callable[[Path], None], on_wait: Any = None) -> Path:
        store.forget_run(key)
        return get_or_make(store, key, make, on_wait)

    return wrong


FAULT = Fault(
    id="run-made-again",
    stage="run",
    story="a stored run is replaced by whoever asks for it",
    patches=(Patch("ptyspec.runs.store:RunStore.get_or_make", _again),),
    red=("STORE-003", "STORE-005"),
    green=("STORE-004", "STORE-006"),
)

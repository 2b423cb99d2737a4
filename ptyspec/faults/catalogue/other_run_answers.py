"""A request is answered with a run of a similar key (failure signature 11)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _similar(find: Callable[..., Path | None]) -> Callable[..., Path | None]:
    def wrong(store: Any, key: str) -> Path | None:
        found = find(store, key)
        if found is not None:
            return found
        near = sorted((store.root / "runs").glob(f"{key[:1]}*"))
        return near[0] if near else None

    return wrong


FAULT = Fault(
    id="other-run-answers",
    stage="run",
    story="runs are found by the first letters of their key",
    patches=(Patch("ptyspec.runs.store:RunStore.find", _similar),),
    red=("STORE-003",),
    green=("STORE-004", "STORE-005", "STORE-006"),
    signatures=(11,),
)

"""A run that broke half-way looks finished."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _kept(get_or_make: Callable[..., Path]) -> Callable[..., Path]:
    def wrong(store: Any, key: str, make: Callable[[Path], None], on_wait: Any = None) -> Path:
        broken: list[BaseException] = []

        def careless(folder: Path) -> None:
            try:
                make(folder)
            except BaseException as error:
                broken.append(error)

        found = get_or_make(store, key, careless, on_wait)
        if broken:
            raise broken[0]
        return found

    return wrong


FAULT = Fault(
    id="partial-run-finished",
    stage="run",
    story="what was made until the interrupt is kept as the run",
    patches=(Patch("ptyspec.runs.store:RunStore.get_or_make", _kept),),
    red=("STORE-004",),
    green=("STORE-003", "STORE-005", "STORE-006"),
)

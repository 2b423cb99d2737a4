"""The replayed script sets the room for jitter of its execution at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _early(init: Callable[..., None]) -> Callable[..., None]:
    def wrong(nphotons: float, loss_fn: str = "nll", cfg: Any = None) -> None:
        from ptyspec.legacy.params import shared

        cfg = shared() if cfg is None else cfg
        init(nphotons, loss_fn, cfg)
        cfg["max_position_jitter"] = 3

    return wrong


FAULT = Fault(
    id="script-jitter-early",
    stage="settings",
    story="max_position_jitter is 3 after the initialisation already",
    patches=(Patch("ptyspec.legacy.dose_experiments:init", _early),),
    red=("DOSE-EXPERIMENTS-001",),
    green=("DOSE-EXPERIMENTS-003", "PARAM-003"),
)

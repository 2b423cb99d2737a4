"""A replayed scenario departs from the script where nobody says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _shorter(meant: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(cfg: Any, *args: Any, **kwargs: Any) -> Any:
        return meant({**cfg, "nepochs": 5}, *args, **kwargs)

    return wrong


FAULT = Fault(
    id="departure-undeclared",
    stage="settings",
    story="the script's dictionary is read with the epochs of the modern scenarios",
    patches=(Patch("ptyspec.legacy.dose_experiments:meant", _shorter),),
    red=("DOSE-EXPERIMENTS-003",),
    green=("DOSE-EXPERIMENTS-002",),
)

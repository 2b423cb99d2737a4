"""The values of a branch that is not taken are read as defaults: the false loss inversion (failure signature 69)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _misread(loss_modes: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def wrong(*args: Any, **kwargs: Any) -> dict[str, Any]:
        made = loss_modes(*args, **kwargs)
        return dict.fromkeys(made, made["mae"])

    return wrong


FAULT = Fault(
    id="branch-not-taken",
    stage="evidence",
    story="the assignments of mae are captured as those of nll",
    patches=(Patch("ptyspec.legacy.dose_experiments:loss_modes", _misread),),
    red=("DOSE-EXPERIMENTS-002",),
    green=("EVID-005",),
    signatures=(69,),
)

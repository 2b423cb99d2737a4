"""A monitor that nothing feeds is accepted: the best epoch is then any epoch (failure signature 79)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _accepted(resolve: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(layers: Any) -> Any:
        from ptyspec.contracts.resolve import Layer
        from ptyspec.errors import ConfigError

        try:
            return resolve(layers)
        except ConfigError as error:
            if "training.monitor" not in str(error):
                raise
            return resolve([*layers, Layer("monitor", {"training": {"monitor": "loss"}})])

    return wrong


FAULT = Fault(
    id="monitor-of-nothing",
    stage="train",
    story="val_loss is watched where no group validates, and where it is missing the loss stands for it",
    patches=(Patch("ptyspec.contracts.resolve:resolve", _accepted),),
    red=("HIST-002",),
    green=("CONFIG-007", "PARAMS-N-DIV4-001"),
    signatures=(79,),
)

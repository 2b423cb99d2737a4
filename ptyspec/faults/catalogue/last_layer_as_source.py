"""Every value is said to come from the last layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ptyspec.contracts.resolve import Layer, Resolved
from ptyspec.faults.fault import Fault, Patch


def _last(resolve: Callable[..., Resolved]) -> Callable[..., Resolved]:
    def wrong(layers: Sequence[Layer]) -> Resolved:
        made = resolve(layers)
        return (
            Resolved(made.scenario, dict.fromkeys(made.provenance, layers[-1].source))
            if layers
            else made
        )

    return wrong


FAULT = Fault(
    id="last-layer-as-source",
    stage="settings",
    story="the command line is recorded as the source of every value",
    patches=(Patch("ptyspec.contracts.resolve:resolve", _last),),
    red=("CONFIG-006", "CONFIG-003", "CONFIG-004"),
    green=("CONFIG-007", "CONFIG-008", "CONFIG-009", "CONFIG-011"),
    signatures=(9,),
)

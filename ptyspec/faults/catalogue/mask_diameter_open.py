"""A value that follows from another is left to whoever needs it first (failure signature 2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ptyspec.contracts.resolve import Layer, Resolved
from ptyspec.faults.fault import Fault, Patch


def _open(resolve: Callable[..., Resolved]) -> Callable[..., Resolved]:
    def wrong(layers: Sequence[Layer]) -> Resolved:
        made = resolve(layers)
        if made.scenario.model.probe_mask:
            return made
        model = made.scenario.model.model_copy(update={"probe_mask_diameter": None})
        return Resolved(made.scenario.model_copy(update={"model": model}), made.provenance)

    return wrong


FAULT = Fault(
    id="mask-diameter-open",
    stage="settings",
    story="the diameter of the probe mask is None after resolution",
    patches=(Patch("ptyspec.contracts.resolve:resolve", _open),),
    red=("CONFIG-005", "CONFIG-009"),
    green=("CONFIG-007", "CONFIG-008", "CONFIG-003"),
    signatures=(2,),
)

"""A null in a later layer displaces the value below it (failure signature 2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ptyspec.contracts.resolve import Layer, Resolved
from ptyspec.faults.fault import Fault, Patch


def _displaced(resolve: Callable[..., Resolved]) -> Callable[..., Resolved]:
    def wrong(layers: Sequence[Layer]) -> Resolved:
        from ptyspec.contracts.resolve import flatten, nest

        kept: list[Layer] = []
        for layer in layers:
            empty = {key for key, value in flatten(layer.values) if value is None}
            kept = [
                Layer(
                    below.source, nest({k: v for k, v in flatten(below.values) if k not in empty})
                )
                for below in kept
            ]
            kept.append(layer)
        return resolve(kept)

    return wrong


FAULT = Fault(
    id="null-overrides",
    stage="settings",
    story="a null in a scenario file takes back what the recipe said",
    patches=(Patch("ptyspec.contracts.resolve:resolve", _displaced),),
    red=("CONFIG-004", "CONFIG-006"),
    green=("CONFIG-003", "CONFIG-007", "CONFIG-008", "CONFIG-009"),
    signatures=(2,),
)

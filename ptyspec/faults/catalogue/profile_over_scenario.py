"""A profile outranks the scenario that it is used with (failure signature 9)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.resolve import Layer, Resolved
from ptyspec.faults.fault import Fault, Patch


def _reordered(resolve: Callable[..., Resolved]) -> Callable[..., Resolved]:
    def rank(layer: Layer) -> int:
        return 2 * (layer.source == "command line") + layer.source.startswith("profile ")

    return lambda layers: resolve(sorted(layers, key=rank))


FAULT = Fault(
    id="profile-over-scenario",
    stage="settings",
    story="profiles are put between the scenario and the command line",
    patches=(Patch("ptyspec.contracts.resolve:resolve", _reordered),),
    red=("CONFIG-003",),
    green=("CONFIG-004", "CONFIG-007", "CONFIG-009"),
    signatures=(9,),
)

"""The recipe outranks what the user said (failure signature 9)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.resolve import Resolved
from ptyspec.faults.fault import Fault, Patch


def _reordered(resolve: Callable[..., Resolved]) -> Callable[..., Resolved]:
    return lambda layers: resolve(
        sorted(layers, key=lambda layer: layer.source.startswith("recipe "))
    )


FAULT = Fault(
    id="recipe-over-command-line",
    stage="settings",
    story="recipes are put on top of the command line",
    patches=(Patch("ptyspec.contracts.resolve:resolve", _reordered),),
    red=("CONFIG-003", "CONFIG-011"),
    green=("CONFIG-004", "CONFIG-007", "CONFIG-009"),
    signatures=(9,),
)

"""What one resolution was told survives into the next (failure signature 3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ptyspec.contracts.resolve import Layer, Resolved
from ptyspec.faults.fault import Fault, Patch


def _remembering(resolve: Callable[..., Resolved]) -> Callable[..., Resolved]:
    memory: dict[str, Any] = {}

    def wrong(layers: Sequence[Layer]) -> Resolved:
        from ptyspec.contracts.resolve import flatten, nest

        made = resolve([Layer("before", nest(memory)), *layers])
        told = {
            k: v
            for layer in layers
            for k, v in flatten(layer.values)
            if k.startswith(("training.", "dose.", "scan.", "model."))
        }
        memory.update({key: value for key, value in told.items() if value is not None})
        return made

    return wrong


FAULT = Fault(
    id="settings-remembered",
    stage="settings",
    story="settings stay in a module's dictionary and are below the next scenario's layers",
    patches=(Patch("ptyspec.contracts.resolve:resolve", _remembering),),
    red=("CONFIG-009",),
    green=("CONFIG-007", "CONFIG-012"),
    signatures=(3,),
)

"""Keys that no setting has are passed over: a misspelt setting has no effect."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ptyspec.contracts.resolve import Layer, Resolved
from ptyspec.faults.fault import Fault, Patch


def _lenient(resolve: Callable[..., Resolved]) -> Callable[..., Resolved]:
    def wrong(layers: Sequence[Layer]) -> Resolved:
        from ptyspec.contracts.resolve import flatten, known_keys, nest

        known = set(known_keys())
        return resolve(
            [
                Layer(a.source, nest({k: v for k, v in flatten(a.values) if k in known}))
                for a in layers
            ]
        )

    return wrong


FAULT = Fault(
    id="unknown-key-accepted",
    stage="settings",
    story="unknown keys are dropped before the layers are joined",
    patches=(Patch("ptyspec.contracts.resolve:resolve", _lenient),),
    red=("CONFIG-007", "CONFIG-012"),
    green=("CONFIG-003", "CONFIG-006", "CONFIG-008"),
)

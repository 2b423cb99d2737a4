"""The two systems' defaults drift apart (failure signature 8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _drifted(legacy_defaults: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    return lambda *branch: {**legacy_defaults(*branch), "nepochs": 50, "probe.mask": False}


FAULT = Fault(
    id="defaults-drift",
    stage="settings",
    story="the dictionary's defaults of epochs and probe mask are the configs'",
    patches=(Patch("ptyspec.legacy.params:legacy_defaults", _drifted),),
    red=("PARAM-001", "BRIDGE-004"),
    green=("BRIDGE-001", "BRIDGE-006", "PARAM-003"),
    signatures=(8,),
)

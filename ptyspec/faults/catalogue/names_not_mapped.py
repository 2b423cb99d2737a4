"""A renamed field keeps its new name, which legacy code does not read (failure signature 51)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _kept(entries: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def wrong(config: Any) -> dict[str, Any]:
        made = entries(config)
        return {"probe_mask" if key == "probe.mask" else key: value for key, value in made.items()}

    return wrong


FAULT = Fault(
    id="names-not-mapped",
    stage="settings",
    story="probe_mask reaches the dictionary as probe_mask",
    patches=(Patch("ptyspec.legacy.bridge:entries", _kept),),
    red=("BRIDGE-001", "BRIDGE-008", "CONFIG-001"),
    green=("BRIDGE-002", "BRIDGE-005", "BRIDGE-006"),
    signatures=(51,),
)

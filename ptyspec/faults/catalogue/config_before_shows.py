"""What only the config before had stays in the dictionary (failure signature 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _never_removed(update: Callable[..., None]) -> Callable[..., None]:
    def wrong(cfg: Any, config: Any) -> None:
        before = dict(cfg)
        update(cfg, config)
        for key in set(before) - set(cfg):
            cfg[key] = before[key]

    return wrong


FAULT = Fault(
    id="config-before-shows",
    stage="settings",
    story="entries are never taken out: the order of two configs shows",
    patches=(Patch("ptyspec.legacy.bridge:update_legacy_dict", _never_removed),),
    red=("BRIDGE-002", "BRIDGE-003"),
    green=("BRIDGE-001", "BRIDGE-005", "BRIDGE-006"),
    signatures=(3,),
)

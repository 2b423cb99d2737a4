"""The bridge begins with a clean dictionary and loses what it does not know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _wiping(update: Callable[..., None]) -> Callable[..., None]:
    def wrong(cfg: Any, config: Any) -> None:
        from ptyspec.legacy.bridge import entries
        from ptyspec.legacy.params import legacy_defaults

        update(cfg, config)
        if getattr(cfg, "sealed", False):
            return
        defaults = legacy_defaults()
        for key in set(cfg) - set(entries(config)):
            if key in defaults:
                cfg[key] = defaults[key]
            else:
                del cfg[key]

    return wrong


FAULT = Fault(
    id="bridge-wipes",
    stage="settings",
    story="entries that stand for no setting go back to the defaults",
    patches=(Patch("ptyspec.legacy.bridge:update_legacy_dict", _wiping),),
    red=("BRIDGE-006",),
    green=("BRIDGE-001", "BRIDGE-002", "BRIDGE-005"),
    signatures=(3,),
)

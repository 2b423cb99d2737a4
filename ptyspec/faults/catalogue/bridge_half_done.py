"""The bridge notices the seal when it has written half of its entries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _half(update: Callable[..., None]) -> Callable[..., None]:
    def wrong(cfg: Any, config: Any) -> None:
        from ptyspec.legacy.bridge import entries
        from ptyspec.legacy.params import SealedError

        try:
            update(cfg, config)
        except SealedError:
            cfg._values["N"] = entries(config)["N"]
            raise

    return wrong


FAULT = Fault(
    id="bridge-half-done",
    stage="settings",
    story="a refused bridge leaves N changed",
    patches=(Patch("ptyspec.legacy.bridge:update_legacy_dict", _half),),
    red=("BRIDGE-005",),
    green=("BRIDGE-001", "BRIDGE-002", "BRIDGE-006"),
)

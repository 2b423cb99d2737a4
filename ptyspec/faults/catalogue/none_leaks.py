"""Fields that are None are passed over by the bridge: the value before survives (failure signatures 2 and 3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _skipping(stale_keys: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    def wrong(cfg: Any, config: Any) -> tuple[Any, ...]:
        from ptyspec.legacy.bridge import entries

        said = entries(config)
        return tuple(entry for entry in stale_keys(cfg, config) if said[entry.key] is not None)

    return wrong


FAULT = Fault(
    id="none-leaks",
    stage="settings",
    story="the bridge skips None, and the guard too",
    patches=(Patch("ptyspec.legacy.bridge:stale_keys", _skipping),),
    red=("BRIDGE-002", "BRIDGE-003"),
    green=("BRIDGE-001", "BRIDGE-006", "BRIDGE-008"),
    signatures=(2, 3),
)

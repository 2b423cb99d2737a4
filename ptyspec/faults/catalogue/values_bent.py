"""Values of another type are converted until they fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _bent(nest: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    def number(value: Any) -> Any:
        if isinstance(value, bool):
            return int(value)
        try:
            found = float(value) if isinstance(value, str) else value
        except ValueError:
            return value
        return int(found) if isinstance(found, float) and found.is_integer() else found

    def wrong(flat: Mapping[str, Any]) -> dict[str, Any]:
        texts = ("name", "description", "path", "sha256", "kind")
        switches = (
            "object_big",
            "probe_big",
            "probe_mask",
            "enable_oversampling",
            "synchronise_phase",
        )
        kept = (*texts, *switches, "intensity_scale_trainable")
        return nest({k: v if k.rpartition(".")[2] in kept else number(v) for k, v in flat.items()})

    return wrong


FAULT = Fault(
    id="values-bent",
    stage="settings",
    story="text that looks like a number becomes one, and so do truth values",
    patches=(Patch("ptyspec.contracts.resolve:nest", _bent),),
    red=("CONFIG-008",),
    green=("CONFIG-003", "CONFIG-006", "CONFIG-007"),
)

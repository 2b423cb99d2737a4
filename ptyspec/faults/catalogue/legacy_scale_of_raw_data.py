"""The dictionary gets the scale of the data before the gain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _raw(run_time_entries: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    return lambda container: {**run_time_entries(container), "intensity_scale": container.scale}


FAULT = Fault(
    id="legacy-scale-of-raw-data",
    stage="normalize",
    story="intensity_scale in the dictionary is s instead of s/g",
    patches=(Patch("ptyspec.legacy.pipeline:run_time_entries", _raw),),
    red=("LEGACY-006",),
    green=("LEGACY-005",),
    signatures=(44,),
)

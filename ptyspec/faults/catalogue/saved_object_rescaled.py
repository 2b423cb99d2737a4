"""The object is brought to the right level before it is saved (failure signature 33)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ptyspec.faults.fault import Fault, Patch


def _rescaled(write_run: Callable[..., None]) -> Callable[..., None]:
    def wrong(folder: Any, result: Any) -> None:
        factor = (result.metrics.get("amplitude") or {}).get("least_squares_scalar") or 1.0
        made = result.reconstruction
        better = made.model_copy(update={"object": made.object * np.float32(factor)})
        write_run(folder, replace(result, reconstruction=better))

    return wrong


FAULT = Fault(
    id="saved-object-rescaled",
    stage="evidence",
    story="the stored object is the scored one times its least-squares scalar",
    patches=(Patch("ptyspec.runs.run_folder:write_run", _rescaled),),
    red=("EVID-004",),
    green=("EVID-002", "REPORTING-ARTIFACT-BOUNDARY-001"),
    signatures=(33, 66),
)

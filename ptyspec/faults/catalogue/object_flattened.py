"""The object collapses to its mean amplitude (failure signature 55)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.faults.fault import Fault, Patch


def _wrong(infer: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(scenario: Any, trained: Any, container: Any) -> Any:
        found = infer(scenario, trained, container)
        made = getattr(found, "object", None)
        if made is None:  # a stand-in of a test
            return found
        level = np.abs(made).mean()
        return found.model_copy(update={"object": (0.1 * made + 0.9 * level).astype(np.complex64)})

    return wrong


FAULT = Fault(
    id="object-flattened",
    stage="infer",
    story="patches are flat: the right level, and nothing to see",
    patches=(Patch("ptyspec.pipeline.infer:infer", _wrong),),
    red=("NET-009",),
    green=("COORDS-001", "FORWARD-001"),
    cost="parity",
    signatures=(55,),
    cases=("test_the_reconstructed_amplitude_has_the_contrast_of_the_truth[gs2-random]",),
)

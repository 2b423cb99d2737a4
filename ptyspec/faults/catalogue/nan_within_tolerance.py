"""The error is looked for with a comparison that NaN passes (failure signature 68)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.faults.fault import Fault, Patch


def _passing(close: Callable[..., None]) -> Callable[..., None]:
    def wrong(check: Any, observed: Any, expected: Any, what: str, tolerance: Any = None) -> None:
        a, b = np.asarray(observed), np.asarray(expected)
        if a.shape == b.shape and a.dtype.kind in "fc" and np.isnan(a).any():
            observed = np.where(np.isnan(a), b, a).astype(a.dtype)
        close(check, observed, expected, what, tolerance)

    return wrong


FAULT = Fault(
    id="nan-within-tolerance",
    stage="evidence",
    story="what is NaN is taken for right",
    patches=(Patch("ptyspec.spec.checks:Check.close", _passing),),
    red=("EVID-006",),
    green=("SCORE-012", "GAUGE-001", "LEGACY-006"),
    signatures=(68,),
)

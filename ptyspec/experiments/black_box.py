"""An observation of a black box: how the call ended, and the scores of its object beside the truth."""

import math
import time
from typing import Any

from ptyspec.checks.box import Box
from ptyspec.errors import ProcessError, PtyspecError

FITS = ("r_factor", "r_factor_truth", "best_factor")
"""R factors of the object and of the truth itself, and the factor on the object that explains the frames best."""


def box_observation(box: Box) -> dict[str, Any]:
    """Return an observation as of any run: outcome, scores on well lit pixels, and R factors as numbers.

    - metrics: as in metrics.json (scores.metrics.score); numbers: `FITS`.
    - outcome: finished, refused (the pipeline said no in an error of this project), or failed: any other error is an
      answer too, a missing file and a lack of memory among them.
    """
    from ptyspec.scores.metrics import score

    begun = time.perf_counter()
    outcome, error = "finished", ""
    metrics: dict[str, Any] = {}
    numbers: dict[str, float] = {}
    try:
        metrics = score(box.plain.seen, box.truth)
        named = zip(FITS, box.fits, strict=True)
        numbers = {name: float(value) for name, value in named if math.isfinite(value)}
    except Exception as problem:
        said = isinstance(problem, PtyspecError)
        outcome = "refused" if said and not isinstance(problem, ProcessError) else "failed"
        error = str(problem) if said else f"{type(problem).__name__}: {problem}"
    return {
        "outcome": outcome,
        "stage": "reconstruct",
        "error": error,
        "metrics": metrics,
        "numbers": numbers,
        "history": {},
        "seconds": round(time.perf_counter() - begun, 2),
    }

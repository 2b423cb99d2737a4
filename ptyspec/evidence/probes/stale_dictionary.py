"""A legacy pipeline on a dictionary that is stale on purpose: does it end, and at which level?"""

from __future__ import annotations

import warnings

import numpy as np

from ptyspec.errors import ConfigError


def walked(seed: int, violation: str, after_another: bool = False) -> dict[str, float]:
    """Return the least-squares scalar and whether the loss stayed finite, of one known violation or of none (`none`).

    `after_another`: a pipeline with a dictionary of its own ran before, in the same process. Numbers: `scalar`, `finite`,
    `ended` (1 where the walk reached its end). Raises ConfigError for an unknown violation.
    """
    from ptyspec.legacy.pipeline import LegacyPipeline
    from ptyspec.legacy.violations import VIOLATIONS, _bound, walk

    known = VIOLATIONS.get("stale-scale" if violation == "none" else violation)
    if known is None:
        raise ConfigError("no such violation", value=violation, limit=", ".join(["none", *VIOLATIONS]), source="arm")
    scenario = known.declared()
    scenario = scenario.model_copy(update={"seeds": scenario.seeds.model_copy(update={"training": seed})})
    if after_another:
        walk(LegacyPipeline(), VIOLATIONS["order-of-two"].declared())
    pipeline = LegacyPipeline() if violation == "none" else LegacyPipeline(known.dictionary(), strict=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Keras's advice on a model that its input does not fit
        found = walk(pipeline, scenario, None if violation == "none" else _bound(known.before, pipeline.cfg))
    numbers = {"ended": float(found.error is None), "finite": float(found.loss is None or np.isfinite(found.loss))}
    return numbers if found.scalar is None else numbers | {"scalar": float(found.scalar)}

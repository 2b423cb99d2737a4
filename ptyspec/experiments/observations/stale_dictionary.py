"""A legacy pipeline on a dictionary that is stale on purpose, beside the same scenario on a right one: does the walk
reach its end, and at which level?"""

import warnings

from ptyspec.experiments.observations import chosen
from ptyspec.legacy.pipeline import LegacyPipeline
from ptyspec.legacy.violations import VIOLATIONS, bound, walk

SEEDED = ("scan", "noise", "split", "grouping", "training")
"""Seeds that follow the pair's, in the declared scenario and in the stale dictionary alike; the object keeps its own."""
OTHER = 1000
"""Distance of another training's seed."""


def walked(
    seed: int,
    violation: str,
    synchronised: bool = False,
    after_another: bool = False,
    other_training: bool = False,
) -> dict[str, float]:
    """Return the least-squares scalar of one known violation, or of its scenario on a right dictionary (`synchronised`).

    `after_another`: a pipeline with a dictionary of its own ran before, in the same process; `other_training`: with
    another seed of training. Numbers: `ended` (1 where the walk reached its end), and then `scalar`.
    Raises ConfigError for an unknown violation.
    """
    known = chosen(VIOLATIONS, violation, "violation")
    seeds = dict.fromkeys(SEEDED, seed) | ({"training": seed + OTHER} if other_training else {})
    scenario = known.declared()
    scenario = scenario.model_copy(update={"seeds": scenario.seeds.model_copy(update=seeds)})
    if after_another:
        walk(LegacyPipeline(), VIOLATIONS["order-of-two"].declared())
    pipeline, before = LegacyPipeline(), None
    if not synchronised:
        pipeline = LegacyPipeline(known.dictionary(), strict=False)
        # Its seeds are the dictionary's: without these every pair would be the same run.
        pipeline.cfg.update({f"seeds.{name}": number for name, number in seeds.items()})
        before = bound(known.before, pipeline.cfg)
    with warnings.catch_warnings():
        # Keras's advice on a model that its input does not fit.
        warnings.simplefilter("ignore", UserWarning)
        found = walk(pipeline, scenario, before)
    ended = {"ended": float(found.error is None)}
    return ended if found.scalar is None else ended | {"scalar": float(found.scalar)}

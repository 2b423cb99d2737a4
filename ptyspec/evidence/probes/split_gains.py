"""The gain that each split would give itself: a property of the data."""

from __future__ import annotations


def gains(seed: int, scenario: str, split: str = "spatial") -> dict[str, float]:
    """Return `train` and `test`: the gain of each split of a scenario at the recorded reduced load."""
    from ptyspec.physics.scale import loader_gain, mean_energy
    from ptyspec.pipeline.reference import ReferencePipeline
    from ptyspec.pipeline.request import request

    asked = request(scenario, profile="stable", seed=seed, settings=[f"split.kind={split}"]).scenario
    walk = ReferencePipeline()
    halves = walk.split(asked, walk.simulate(asked))
    train, test = (loader_gain(mean_energy(part.diff3d), part.N) for part in (halves.train, halves.test))
    return {"train": train, "test": test}

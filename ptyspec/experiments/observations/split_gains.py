"""The gain that each split would give itself: a property of the data."""

import numpy as np

from ptyspec.checks.recorded import SIZE, replayed
from ptyspec.experiments.observations import chosen, stage_outputs
from ptyspec.physics.scale import loader_gain

FRAMES = {"gs1_ideal": 512, "gs2_ideal": 1024}
"""Frames of the recorded scans."""


def gains(
    seed: int,
    scenario: str,
    replay: bool = False,
    mixed: bool = False,
    frames: int | None = None,
    positions: int | None = None,
) -> dict[str, float]:
    """Return `train` and `test`: the gain of each half of a scenario's scan, at the recorded reduced load or of `frames`.

    - replay: the investigation's own scan, its positions, object and noise of seed 42, whatever `seed` is
      (docs/recorded-figures.md). mixed: the halves are every other frame of both splits.
    - positions: another seed of the scan alone. Of 512 frames random halves differ by 1.5 % (standard deviation), since
      the frames' energies differ by a third: a property of the object takes more frames to show.
    Raises ConfigError for a scenario whose scan was not recorded, where that is asked for.
    """
    if replay:
        recorded = replayed(chosen(FRAMES, scenario, "recorded scan"))
        halves, size = (recorded["train"].energy, recorded["test"].energy), SIZE
    else:
        asked_of = {"scan.n_images": frames, "seeds.scan": positions}
        settings = [f"{key}={value}" for key, value in asked_of.items() if value is not None]
        own = stage_outputs(scenario, seed, settings, "stable").halves
        energies = [
            (half.diff3d.astype(np.float64) ** 2).sum(axis=(1, 2)) for half in (own.train, own.test)
        ]
        halves, size = (energies[0], energies[1]), own.train.N
    if mixed:
        every = np.concatenate(halves)
        halves = (every[::2], every[1::2])
    train, test = (loader_gain(float(half.mean()), size) for half in halves)
    return {"train": train, "test": test}

"""What the investigation's scorer says of patches whose quality is known: it lays the canvas wherever its light is, and
counts the dark frame around it (failure signatures 58 and 59; upstream baseline 4, controls)."""

import numpy as np

from ptyspec.contracts.bundles import Patches
from ptyspec.experiments.observations import chosen, stage_outputs
from ptyspec.physics.geometry import extract_patches
from ptyspec.physics.stitch import stitch
from ptyspec.scores.metrics import score
from ptyspec.seeds import generator

GROUPS = 64
"""Frames that the recorded runs reconstructed at most."""


def scores(seed: int, patches: str, groups: int = GROUPS, draw: int = 0) -> dict[str, float]:
    """Return both scorers' words on the true object, a constant 1, or true patches in shuffled places.

    `draw`: which of the draws of so many frames of the same scan. Numbers: `recorded_r`, `recorded_undershoot`,
    `after_scaling` (undershoot after a least-squares scale), `coverage` (part of the frame), `r` and `ratio` in the
    object frame on covered pixels (r absent for a constant).
    Raises ConfigError for other patches.
    """
    half = stage_outputs("gs1_ideal", seed, profile="stable").halves.test
    draws = generator(seed, f"recorded score {draw}" if draw else "recorded score")
    scan = half.take(np.sort(draws.permutation(half.size)[:groups]))
    assert scan.objectGuess is not None
    true = extract_patches(scan.objectGuess, scan.positions, scan.N)
    known = {"truth": true, "constant": np.ones_like(true)}
    known["shuffled"] = true[draws.permutation(len(true))]
    coords = np.asarray(scan.positions, np.float64)[:, None, :, None]
    given = chosen(known, patches, "patches")[..., None]
    made = stitch(Patches(object=given, coords=coords, probe=scan.probeGuess), synchronise=False)
    found = score(made, scan.objectGuess)
    scaled = found["amplitude"]["least_squares_scalar"]
    numbers = {
        "recorded_r": found["as_recorded"]["pearson_r"],
        "recorded_undershoot": found["as_recorded"]["undershoot"],
        "after_scaling": found["as_recorded"]["undershoot"] / scaled,
        "coverage": found["coverage"]["fraction"],
        "r": found["amplitude"]["pearson_r"],
        "ratio": found["amplitude"]["mean_ratio"],
    }
    return {name: float(number) for name, number in numbers.items() if number is not None}

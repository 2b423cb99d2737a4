"""A seeded simulated scan, its groups and its conditioning numbers, by their statistics."""

from __future__ import annotations

import numpy as np
import pytest

from ptyspec.testing.golden.checks import Golden
from ptyspec.testing.golden.files import Tolerance
from tests.golden_numbers import PHOTONS
from tests.tiny_runs import prepared

WHOLE = Tolerance(0, 0, "first run; whole numbers")
TARGETS = ("gs1_custom", "gs2_custom")
NAMES = ("amplitude-*", "dark-part", "x-mean", "y-mean", "scale", "gain", "a0", "offset-rms")


@pytest.mark.golden("regression/tiny_scan.json")
def test_the_seeded_scans_are_the_recorded_ones(golden: Golden) -> None:
    observed = {
        f"{target}.{name}": value for target in TARGETS for name, value in numbers(target).items()
    }
    golden.numbers(observed, {"*.members": WHOLE} | {f"*.{name}": PHOTONS for name in NAMES})


def numbers(target: str) -> dict[str, float]:
    both = prepared(target)
    frames = both.train.groups.scan.diff3d.astype(np.float64)
    groups = both.test.groups
    order = np.arange(1, groups.nn_indices.size + 1).reshape(groups.nn_indices.shape)
    return {
        "amplitude-mean": frames.mean(),
        "amplitude-std": frames.std(),
        "amplitude-max": frames.max(),
        "dark-part": (frames == 0).mean(),
        "x-mean": groups.scan.xcoords.mean(),
        "y-mean": groups.scan.ycoords.mean(),
        "scale": both.train.scale,
        "gain": both.train.gain,
        "a0": both.train.a0,
        "members": int((groups.nn_indices * order).sum()),
        "offset-rms": np.sqrt((groups.coords_relative**2).mean()),
    }

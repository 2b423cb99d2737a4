"""A seeded simulated scan, its groups and its conditioning numbers, by their statistics."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.golden_numbers import check, rows
from tests.tiny_runs import prepared


@cache
def observed(target: str) -> dict[str, float]:
    both = prepared(target)
    frames = both.train.groups.scan.diff3d.astype(np.float64)
    groups = both.test.groups
    return {
        f"{target}.{name}": float(value)
        for name, value in {
            "amplitude-mean": frames.mean(), "amplitude-std": frames.std(), "amplitude-max": frames.max(),
            "dark-part": (frames == 0).mean(), "x-mean": groups.scan.xcoords.mean(), "y-mean": groups.scan.ycoords.mean(),
            "scale": both.train.scale, "gain": both.train.gain, "a0": both.train.a0,
            "members": (groups.nn_indices * np.arange(1, groups.nn_indices.size + 1).reshape(groups.nn_indices.shape)).sum(),
            "offset-rms": np.sqrt((groups.coords_relative**2).mean()),
        }.items()
    }  # fmt: skip


@pytest.mark.parametrize("number", rows("tiny_scan"))
def test_the_seeded_scan_is_the_recorded_one(number: str) -> None:
    check("tiny_scan", number, observed(number.split(".")[0])[number])

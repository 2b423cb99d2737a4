"""Why a scan is off: what was planted in it is the trial that explains its frames best, and nothing explains a right one better."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from ptyspec.checks.box import SMALL, box_of
from ptyspec.checks.finished_cause import LIKELY
from ptyspec.checks.verdict_limits import STRUCTURE
from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.physics.iterative import refine_probe
from ptyspec.pipeline import trials
from ptyspec.pipeline.box import raw_of
from ptyspec.pipeline.boxes import RPIE
from ptyspec.pipeline.trials import EIGHT, moved, transformed, turned

Change = Callable[[RawScan], RawScan]
DISTORTION = next(one for one in STRUCTURE if one.clause == "COORDS-001")


@cache
def control() -> RawScan:
    """100 frames of 32 x 32 on a grid, 1e6 photons a frame."""
    return raw_of(box_of(RPIE(), SMALL).scan)


def conjugated(scan: RawScan) -> RawScan:
    return scan.model_copy(update={"probeGuess": np.conj(scan.probeGuess)})


def rolled(frames: int) -> Change:
    return lambda scan: moved(scan, np.roll(scan.xcoords, frames), np.roll(scan.ycoords, frames))


def lit(scan: RawScan) -> RawScan:
    """Five hundred counts more in each pixel: as much as the frames have."""
    counts = (scan.diff3d * scan.scale) ** 2
    frames = np.sqrt(counts + counts.mean()) / scan.scale
    return scan.model_copy(update={"diff3d": frames.astype(np.float32)})


@pytest.mark.parametrize(
    ("words", "plant"),
    [
        *((EIGHT[name], lambda scan, name=name: turned(scan, name)) for name in ("x", "y", "swap")),
        ("the probe is complex-conjugated", conjugated),
        ("frames lie one place late", rolled(-1)),
        ("frames lie one place early", rolled(1)),
        ("there is a background under the patterns", lit),
    ],
    ids=["sign-x", "sign-y", "swapped", "conjugate", "late", "early", "background"],
)
def test_what_was_planted_explains_the_frames_best(words: str, plant: Change) -> None:
    as_is, found = trials.tried(plant(control()), refine=0, alpha=1.0)
    best, left = found[0]
    assert best.words == words
    assert left.corrected < LIKELY * as_is.corrected


def test_nothing_explains_a_right_scan_better() -> None:
    as_is, found = trials.tried(control(), refine=trials.FOLLOWS, alpha=1.0)
    assert found[0][1].corrected > LIKELY * as_is.corrected
    assert as_is.freedom < trials.FREE


def turn(degrees: float) -> Array:
    angle = np.deg2rad(degrees)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


@pytest.mark.parametrize(
    "matrix",
    [
        np.eye(2) * 0.9,
        np.eye(2) * 1.1,
        np.diag([1.0, 0.85]),
        np.array([[1, 0.15], [0, 1]]),
        turn(5),
    ],
    ids=["smaller", "larger", "rows-closer", "skewed", "turned"],
)
def test_positions_off_by_a_matrix_raise_a_doubt(matrix: Array) -> None:
    wrong = transformed(control(), matrix)
    metrics = {"better_positions": trials.better_matrix(wrong)}
    assert DISTORTION.value(metrics) > DISTORTION.right[1]
    # What fits better undoes a part of it at least.
    undone = np.array(metrics["better_positions"]["matrix"]) @ matrix
    assert np.abs(undone - np.eye(2)).max() < np.abs(matrix - np.eye(2)).max()


@pytest.mark.parametrize("probe", ["known", "guessed"])
def test_right_positions_raise_none(probe: str) -> None:
    scan = control()
    if probe != "known":
        guess = np.abs(scan.probeGuess).astype(np.complex64)
        scan = scan.model_copy(update={"probeGuess": guess})
        # As a measured scan's probe is, before anything is reconstructed.
        found = refine_probe(scan, sweeps=30, seed=0)
        scan = scan.model_copy(update={"probeGuess": found})
    metrics = {"better_positions": trials.better_matrix(scan)}
    assert DISTORTION.value(metrics) <= DISTORTION.right[1]

"""The level of a scan follows from measured pixels alone (SCALE-006)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, RawScan, Reconstruction
from ptyspec.errors import ScanDataError
from ptyspec.physics.coarse import frame_levels
from ptyspec.physics.iterative import reconstruct
from ptyspec.physics.level import light_shares, scan_energy
from ptyspec.physics.scale import mean_energy
from ptyspec.pipeline.simulate import simulate
from ptyspec.scores.metrics import score
from ptyspec.spec.checks import Check
from tests.small_scenes import scenario

N = 32
MIDDLE = slice(14, 18)
MASKS = {
    "four-rows-through-the-beam": (MIDDLE, slice(None)),
    "two-columns-through-the-beam": (slice(None), slice(15, 17)),
    "a-beam-stop": (MIDDLE, MIDDLE),
    "a-gap-beside-the-beam": (slice(None), slice(20, 22)),
}


@cache
def scan() -> RawScan:
    return simulate(
        scenario(
            object={"phase": "texture"}, dose={"nphotons": 1e7}, scan={"n_images": 60, "buffer": 34}
        )
    )


def masked(where: tuple[slice, slice]) -> RawScan:
    mask = np.ones((N, N), bool)
    mask[where] = False
    return RawScan(**{**dict(scan()), "mask": mask})


@pytest.mark.clause("SCALE-006")
@pytest.mark.parametrize("name", MASKS)
def test_a_mask_leaves_energy_and_levels_as_they_are(name: str, clause: Check) -> None:
    hidden = masked(MASKS[name])
    level = np.sqrt(scan_energy(hidden) / scan_energy(scan()))
    clause.within_ratio(level, 1.0, "a0 with a mask over a0 without one")
    levels: Array = frame_levels(hidden) / frame_levels(scan())
    clause.within_ratio(float(levels.mean()), 1.0, "mean level of the frames")


@pytest.mark.clause("SCALE-006")
def test_the_object_behind_a_beam_stop_has_its_level(clause: Check) -> None:
    hidden = masked(MASKS["a-beam-stop"])
    assert light_shares(hidden).max() < 0.6  # nearly half of the light is hidden
    truth = hidden.objectGuess
    assert truth is not None
    block = score(reconstruct(hidden, sweeps=20), truth)["amplitude"]
    clause.within_ratio(block["mean_ratio"], 1.0, "mean amplitude over the true one")
    assert block["pearson_r"] > 0.9


def each_masked(value: float = 0.0) -> RawScan:
    """Two per cent of the pixels of each frame are not measured, others in every frame; `value` stands there."""
    mask = np.random.default_rng(4).random(scan().diff3d.shape) > 0.02
    frames = np.where(mask, scan().diff3d, np.float32(value))
    return scan().model_copy(update={"mask": mask, "diff3d": frames})


@pytest.mark.clause("SCALE-006", "DATA-001")
def test_a_mask_a_frame_leaves_level_and_object(clause: Check) -> None:
    hidden = RawScan(**dict(each_masked(7.0)))
    clause("DATA-001").shape_dtype(hidden.mask, scan().diff3d.shape, np.bool_, "mask")
    assert not hidden.diff3d[~hidden.mask].any()
    level = np.sqrt(scan_energy(hidden) / scan_energy(scan()))
    clause("SCALE-006").within_ratio(level, 1.0, "a0 with masks a frame over a0 without")
    truth = hidden.objectGuess
    assert truth is not None
    block = score(reconstruct(hidden, sweeps=10), truth)["amplitude"]
    clause("SCALE-006").within_ratio(block["mean_ratio"], 1.0, "mean amplitude over the true one")
    assert hidden.take(np.array([3, 1])).mask.shape == (2, N, N)


@pytest.mark.clause("LOSS-008")
def test_what_stands_in_a_frame_s_own_masked_pixels_does_not_matter(clause: Check) -> None:
    truth = scan().objectGuess
    assert truth is not None
    light = np.ones(truth.shape, np.float32)
    start = Reconstruction(object=truth, coverage=light, origin=(0, 0))
    made = [reconstruct(each_masked(value), sweeps=1, start=start) for value in (0.0, 7.0)]
    clause.equal(made[0].object, made[1].object, "object with other values in masked pixels")


def test_without_a_mask_the_energy_is_the_sum_bit_by_bit() -> None:
    whole = scan().model_copy(update={"mask": np.ones((N, N), bool)})
    assert scan_energy(scan()) == scan_energy(whole) == mean_energy(scan().diff3d)


def test_a_mask_that_leaves_no_light_is_refused() -> None:
    with pytest.raises(ScanDataError, match="the mask leaves no measured light"):
        scan_energy(masked((slice(None), slice(None))))

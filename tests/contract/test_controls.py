"""The trivial estimator and the data-space score: what every result stands beside (design 7; prototype 3c)."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ptyspec.contracts.bundles import Patches, RawScan, Reconstruction
from ptyspec.physics.coarse import trivial_estimate
from ptyspec.physics.scale import illumination_weight
from ptyspec.physics.stitch import stitch
from ptyspec.pipeline.score import MOST_FRAMES, predict_frames, score
from ptyspec.pipeline.simulate import simulate
from tests.small_scenes import scenario

SETTINGS = scenario(
    object={"size": 200}, scan={"n_images": 250, "buffer": 40}, dose={"nphotons": 1e6}
)


@cache
def scan() -> RawScan:
    return simulate(SETTINGS)


def truth() -> Reconstruction:
    obj = scan().objectGuess
    assert obj is not None
    return Reconstruction(object=obj, coverage=np.ones(obj.shape, np.float32), origin=(0, 0))


def test_the_trivial_estimator_has_the_right_brightness_and_no_detail() -> None:
    made = trivial_estimate(scan())
    block = score(SETTINGS, scan(), made)["amplitude"]
    assert block["mean_ratio"] == pytest.approx(1, abs=0.02)  # prototype 3c: 1.004 and 1.007
    assert (
        block["highpass_pearson_r"] < 0.3
    )  # prototype 3c: 0.04 and 0.11: a control, not a reconstruction
    assert (
        block["pearson_r"] > 0.5
    )  # brightness as it varies over the scan: prototype 3c 0.86 and 0.90
    assert not made.object.imag[np.isfinite(made.object)].any()


@pytest.mark.parametrize("whole", [False, True], ids=["between-pixels", "on-pixels"])
def test_the_trivial_estimator_paints_every_frame_whole(whole: bool) -> None:
    x, y = np.round(scan().positions).T
    given = scan().model_copy(update={"xcoords": x, "ycoords": y}) if whole else scan()
    made = trivial_estimate(given)
    light = illumination_weight(given.probeGuess).sum(dtype=np.float64)
    assert made.coverage.sum(dtype=np.float64) == pytest.approx(given.size * light, rel=1e-5)


@pytest.mark.clause("SCORE-009")
def test_the_trivial_estimator_paints_the_canvas_of_the_stitched_object() -> None:
    given = scan()
    patches = np.ones((given.size, given.N, given.N, 1), np.complex64)
    coords = given.positions[:, None, :, None]
    stitched = stitch(
        Patches(object=patches, coords=coords, probe=given.probeGuess), synchronise=False
    )
    made = trivial_estimate(given)
    assert (made.object.shape, made.origin) == (stitched.object.shape, stitched.origin)
    np.testing.assert_allclose(made.coverage, stitched.coverage, atol=1e-5)  # float32 sums


@pytest.mark.clause("SCORE-013")
def test_the_truth_explains_the_data_and_a_wrong_amplitude_does_not() -> None:
    right = score(SETTINGS, scan(), truth())["data"]
    wrong = score(
        SETTINGS, scan(), truth().model_copy(update={"object": truth().object * np.float32(1.1)})
    )["data"]
    flat = score(SETTINGS, scan(), trivial_estimate(scan()))["data"]
    # A photon's deviance is about 1 where rates exceed one photon and less in dark pixels.
    assert 0.3 < right["poisson_deviance_per_pixel"] < 1.3
    assert wrong["r_factor"] > 0.08  # 10 % of every amplitude
    for other in (wrong, flat):
        assert other["poisson_deviance_per_pixel"] > 5 * right["poisson_deviance_per_pixel"]
        assert other["r_factor"] > 1.5 * right["r_factor"]


@pytest.mark.clause("SCORE-011")
def test_without_a_truth_the_score_is_of_the_data_alone() -> None:
    blind = scan().model_copy(update={"objectGuess": None})
    block = score(SETTINGS, blind, truth())
    assert set(block) == {"coverage", "has_nan", "data"}
    assert block["data"] == score(SETTINGS, scan(), truth())["data"]
    assert block["coverage"] == {"pixels": 200 * 200, "fraction": 1.0}


def test_predicted_frames_are_those_of_the_rows_asked_for_wherever_the_origin_lies() -> None:
    rows = np.array([5, 1, 100])
    whole = predict_frames(scan(), truth(), rows)
    np.testing.assert_allclose(
        whole, scan().diff3d[rows], atol=3 / scan().scale
    )  # shot noise: 1/(2s) a pixel, 6 sigma
    moved = Reconstruction(
        object=truth().object[4:, 7:], coverage=truth().coverage[4:, 7:], origin=(7, 4)
    )
    np.testing.assert_allclose(
        predict_frames(scan(), moved, rows), whole, rtol=1e-4, atol=1e-4
    )  # complex64


def test_the_data_score_looks_at_frames_over_the_whole_scan() -> None:
    assert scan().size <= MOST_FRAMES  # all of them here
    spoilt = scan().diff3d.copy()
    spoilt[-1] *= 3
    given = scan().model_copy(update={"diff3d": spoilt})
    assert (
        score(SETTINGS, given, truth())["data"]["r_factor"]
        > score(SETTINGS, scan(), truth())["data"]["r_factor"]
    )


def test_masked_pixels_do_not_count_in_the_data_score() -> None:
    mask = np.ones((32, 32), bool)
    mask[10:14] = False
    spoilt = np.where(mask, scan().diff3d, np.float32(9))
    plain = scan().model_copy(update={"mask": mask})
    given = plain.model_copy(update={"diff3d": spoilt})
    whole = truth()  # covered everywhere: the fill value a0 does not enter
    assert score(SETTINGS, given, whole)["data"] == score(SETTINGS, plain, whole)["data"]

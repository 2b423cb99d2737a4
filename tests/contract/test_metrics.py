"""Scores of a reconstruction against a known object (no TensorFlow)."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, shift
from skimage.metrics import structural_similarity

from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.contracts.resolve import flatten
from ptyspec.errors import ScanDataError
from ptyspec.scores.amplitude import highpass
from ptyspec.scores.frame import has_nan, largest_rectangle
from ptyspec.scores.metrics import score
from ptyspec.seeds import generator
from ptyspec.spec.checks import Check
from tests.scored_objects import TRUTH, as_reconstruction, half_covered, smooth


@pytest.mark.clause("SCORE-007")
def test_a_perfect_reconstruction_scores_one_everywhere() -> None:
    metrics = score(as_reconstruction(TRUTH), TRUTH)
    ones = [
        metrics["amplitude"][key]
        for key in ("mean_ratio", "least_squares_scalar", "pearson_r", "ssim")
    ]
    ones += [metrics["amplitude"]["highpass_pearson_r"], metrics["amplitude"]["ratio"]["p95"]]
    ones += [metrics["phase"]["pearson_r"], metrics["phase"]["highpass_pearson_r"]]
    ones += [metrics["complex"]["correlation_mean_free"], metrics["coverage"]["fraction"]]
    ones += [
        metrics["frc"][kind][key]
        for kind in ("amplitude", "complex")
        for key in ("first_crossing_half",)
    ]
    ones += metrics["frc"]["complex"]["curve"] + metrics["frc"]["amplitude"]["curve"]
    np.testing.assert_allclose(ones, 1.0, rtol=0, atol=1e-6)
    zeros = [metrics["amplitude"][key] for key in ("mae", "rmse", "max_abs")]
    zeros += [
        metrics["phase"]["mae"],
        metrics["complex"]["nrmse"],
        metrics["gauge"]["aligned"]["nrmse"],
    ]
    np.testing.assert_allclose(zeros, 0.0, rtol=0, atol=1e-6)


@pytest.mark.clause("SCORE-005", "SCORE-008")
def test_metrics_are_json_without_nan_and_without_psnr(clause: Check) -> None:
    text = json.dumps(score(half_covered(TRUTH), TRUTH), allow_nan=False)
    clause("SCORE-005").holds("psnr" not in text.lower(), "no noise ratio")
    blocks = {"amplitude", "phase", "complex", "frc", "gauge", "coverage", "has_nan", "as_recorded"}
    clause("SCORE-008").equal(set(json.loads(text)), blocks, "blocks of strict JSON")


@pytest.mark.clause("SCORE-003")
@pytest.mark.parametrize("factor", [0.25, 2.0])
def test_a_scaled_reconstruction_moves_the_level_and_leaves_the_structure(factor: float) -> None:
    rec = half_covered(TRUTH)
    one = score(rec, TRUTH)["amplitude"]
    other = score(rec.model_copy(update={"object": rec.object * np.float32(factor)}), TRUTH)[
        "amplitude"
    ]
    assert other["mean_ratio"] == pytest.approx(factor * one["mean_ratio"], rel=1e-6)
    assert other["least_squares_scalar"] == pytest.approx(
        one["least_squares_scalar"] / factor, rel=1e-6
    )
    assert other["pearson_r"] == pytest.approx(one["pearson_r"], abs=1e-9)
    assert other["mae"] > 3 * one["mae"]


def test_a_global_phase_changes_no_score() -> None:
    rec = half_covered(TRUTH)
    turned = rec.model_copy(update={"object": (rec.object * np.exp(2.2j)).astype(np.complex64)})
    one, other = score(rec, TRUTH), score(turned, TRUTH)
    for block, keys in {
        "phase": ("pearson_r", "highpass_pearson_r", "mae"),
        "complex": ("nrmse",),
    }.items():
        assert [other[block][key] for key in keys] == pytest.approx(
            [one[block][key] for key in keys], abs=1e-6
        )
    assert other["frc"]["complex"]["curve"] == pytest.approx(
        one["frc"]["complex"]["curve"], abs=1e-5
    )
    assert other["amplitude"]["mean_ratio"] == pytest.approx(
        one["amplitude"]["mean_ratio"], rel=1e-6
    )


@pytest.mark.clause("SCORE-001")
@pytest.mark.parametrize("fill", [0.0, np.nan], ids=["zeros", "nan"])
def test_padding_the_frame_changes_no_score_in_the_object_frame(fill: float) -> None:
    rec = half_covered(TRUTH)
    grow = ((70, 9), (31, 50))
    padded = Reconstruction(
        object=np.pad(rec.object, grow, constant_values=fill),
        coverage=np.pad(rec.coverage, grow),
        origin=(rec.origin[0] - 31, rec.origin[1] - 70),
    )
    assert score(padded, TRUTH) == score(rec, TRUTH)


@pytest.mark.clause("SCORE-002")
def test_values_of_uncovered_pixels_never_reach_a_score() -> None:
    rec = half_covered(TRUTH)
    dark = rec.coverage == 0
    painted = rec.model_copy(
        update={"object": np.where(dark, 99.0 * np.exp(1j), rec.object).astype(np.complex64)}
    )
    assert score(painted, TRUTH) == score(rec, TRUTH)


@pytest.mark.clause("SCORE-002")
def test_phase_error_of_zero_valued_uncovered_pixels_is_not_counted() -> None:
    rec = half_covered(TRUTH)
    zeroed = rec.model_copy(update={"object": np.nan_to_num(rec.object)})
    assert score(zeroed, TRUTH)["phase"] == score(rec, TRUTH)["phase"]
    counted = zeroed.model_copy(update={"coverage": np.ones_like(rec.coverage)})
    assert (
        score(counted, np.abs(TRUTH))["phase"]["mae"]
        < 0.95 * score(rec, np.abs(TRUTH))["phase"]["mae"]
    )


@pytest.mark.clause("SCORE-001")
def test_the_part_beyond_the_object_is_left_out() -> None:
    wide = np.full((140, 170), 5.0 + 0j)
    wide[10:130, 12:152] = TRUTH
    metrics = score(as_reconstruction(wide, origin=(-12, -10)), TRUTH)
    assert metrics["coverage"] == {"fraction": 1.0, "pixels": TRUTH.size, "reason": None}
    assert metrics["amplitude"]["pearson_r"] == pytest.approx(1.0)


WRONG = {
    "conj-rot180": (lambda image: np.conj(image[::-1, ::-1]), 0.5),
    "shift-8px": (lambda image: np.roll(image, 8, axis=1), 0.5),
    "flip": (lambda image: image[:, ::-1], 0.5),
    "phase-free": (
        lambda image: image * np.exp(1j * generator(3, "p").uniform(-np.pi, np.pi, image.shape)),
        0.1,
    ),
}


@pytest.mark.clause("SCORE-007")
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_object_scores_badly(name: str) -> None:
    change, limit = WRONG[name]
    metrics = score(as_reconstruction(change(TRUTH)), TRUTH)
    assert abs(metrics["phase"]["pearson_r"]) < limit
    assert metrics["complex"]["correlation_mean_free"] < limit
    assert metrics["frc"]["complex"]["first_crossing_half"] < 0.1


@pytest.mark.clause("SCORE-007")
def test_a_conjugate_twin_also_fails_in_amplitude() -> None:
    metrics = score(as_reconstruction(np.conj(TRUTH[::-1, ::-1])), TRUTH)["amplitude"]
    assert abs(metrics["pearson_r"]) < 0.3
    assert metrics["ssim"] < 0.4
    assert metrics["mean_ratio"] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.clause("SCORE-010")
def test_high_pass_correlation_sees_the_blur_that_pearson_forgives() -> None:
    coarse = smooth((120, 140), "coarse", 12.0)
    truth = 3 + coarse + 0.25 * smooth((120, 140), "fine", 1.0)
    blurred = gaussian_filter(truth, 5.0)
    amplitude = score(as_reconstruction(blurred), truth)["amplitude"]
    assert amplitude["pearson_r"] > 0.9
    assert amplitude["highpass_pearson_r"] < 0.5


@pytest.mark.clause("SCORE-008")
def test_a_constant_reconstruction_is_not_evaluated_where_correlation_is_undefined() -> None:
    metrics = score(as_reconstruction(np.ones(TRUTH.shape)), TRUTH)
    json.dumps(metrics, allow_nan=False)
    for block, key in (
        ("amplitude", "pearson_r"),
        ("phase", "pearson_r"),
        ("complex", "correlation_mean_free"),
    ):
        assert metrics[block][key] is None
        assert "constant" in metrics[block]["reason"]
    assert metrics["amplitude"]["highpass_pearson_r"] is None
    assert metrics["frc"]["complex"]["first_crossing_half"] is None
    assert metrics["gauge"]["aligned"]["amplitude_pearson_r"] is None
    assert "not evaluated" in metrics["gauge"]["reason"]
    assert metrics["amplitude"]["mean_ratio"] == pytest.approx(1 / np.abs(TRUTH).mean())


EMPTY = {
    "all-nan": as_reconstruction(TRUTH, np.zeros(TRUTH.shape, bool)),
    "nan-where-lit": Reconstruction(
        object=np.full(TRUTH.shape, np.nan, np.complex64),
        coverage=np.ones(TRUTH.shape, np.float32),
        origin=(0, 0),
    ),
    "elsewhere": as_reconstruction(TRUTH, origin=(1000, 0)),
}


@pytest.mark.clause("SCORE-008")
@pytest.mark.parametrize("name", EMPTY)
def test_nothing_covered_gives_none_and_a_reason_in_every_block(name: str) -> None:
    metrics = score(EMPTY[name], TRUTH)
    json.dumps(metrics, allow_nan=False)
    for block in ("frc", "gauge"):
        assert metrics[block]["reason"], block
    for block in ("amplitude", "phase", "complex", "coverage"):
        assert metrics[block]["reason"] == "no covered pixel lies inside the object", block
    told = {key: value for key, value in flatten(metrics["amplitude"]) if key != "reason"}
    assert set(told.values()) == {None}
    assert metrics["phase"]["mae"] is None
    assert metrics["coverage"]["pixels"] == 0
    assert metrics["has_nan"] is (name == "nan-where-lit")


@pytest.mark.clause("SCORE-010")
@pytest.mark.parametrize("period", [12, 16, 24])
def test_the_high_pass_takes_out_a_gaussian_mean_of_four_pixels(period: int) -> None:
    wave = np.tile(np.cos(2 * np.pi * np.arange(96) / period), (96, 1))
    left = 1 - np.exp(-2 * (np.pi * 4.0 / period) ** 2)  # a Gaussian's own Fourier transform
    middle = np.s_[20:-20, 20:-20]
    np.testing.assert_allclose(
        highpass(wave, np.ones(wave.shape, bool))[middle], left * wave[middle], atol=0.002
    )


TWO_AREAS = np.zeros((40, 120), bool)
TWO_AREAS[:, :40] = TWO_AREAS[:, 80:] = True  # too far apart for a mean over neighbours
SIDES = np.where(np.arange(120) < 60, -1.0, 1.0) * np.ones((40, 1))


@pytest.mark.clause("SCORE-008")
@pytest.mark.parametrize("block", ["amplitude", "phase"])
def test_the_rounding_of_single_precision_is_no_fine_detail(block: str) -> None:
    """Each area is constant, the two differ: there is something to correlate, but nothing fine."""
    amplitude, phase = np.abs(TRUTH[:40, :120]), np.angle(TRUTH[:40, :120])
    image = (
        (2 + SIDES) * np.exp(1j * phase)
        if block == "amplitude"
        else amplitude * np.exp(0.7j + 0.005j * SIDES)
    )
    rec = as_reconstruction(image, TWO_AREAS)
    metrics = score(rec, rec.object)[block]
    assert metrics["pearson_r"] == pytest.approx(1.0)
    assert metrics["highpass_pearson_r"] is None
    assert "high-pass" in metrics["reason"]


@pytest.mark.clause("SCORE-008")
def test_a_pixel_where_the_truth_is_zero_has_no_ratio() -> None:
    truth = np.abs(TRUTH)
    truth[30:50, 30:50] = 0
    ratio = score(as_reconstruction(2 * truth + 0.5 * (truth == 0)), truth)["amplitude"]["ratio"]
    assert ratio == pytest.approx({"mean": 2.0, "median": 2.0, "p05": 2.0, "p95": 2.0})


def test_an_object_that_fills_the_range_of_zero_to_one_is_scored_as_any_other() -> None:
    truth = np.abs(TRUTH) - np.abs(TRUTH).min()
    block = score(as_reconstruction(truth / truth.max()), truth / truth.max())["amplitude"]
    assert block["ssim"] == pytest.approx(1.0)
    assert block["reason"] is None


@pytest.mark.clause("SCORE-008")
def test_a_truth_of_one_amplitude_says_that_it_has_no_structure() -> None:
    amplitude = score(as_reconstruction(TRUTH), np.ones(TRUTH.shape))["amplitude"]
    assert amplitude["ssim"] is None
    assert amplitude["reason"].split("; ") == [
        "an amplitude is constant: no correlation",
        "the truth's amplitude is constant: no SSIM",
    ]


@pytest.mark.clause("SCORE-008")
def test_a_single_covered_pixel_is_scored_as_far_as_it_goes() -> None:
    lit = np.zeros(TRUTH.shape, bool)
    lit[7, 9] = True
    metrics = score(as_reconstruction(TRUTH, lit), TRUTH)
    assert metrics["phase"]["mae"] == pytest.approx(0, abs=1e-6)
    assert metrics["complex"]["nrmse"] == pytest.approx(0, abs=1e-6)
    assert "constant" in metrics["phase"]["reason"]
    assert "constant" in metrics["complex"]["reason"]


def test_a_random_phase_borrows_no_correlation_from_the_truth() -> None:
    random = generator(5, "phase").uniform(-np.pi, np.pi, TRUTH.shape)
    assert (
        abs(
            score(as_reconstruction(np.abs(TRUTH) * np.exp(1j * random)), TRUTH)["phase"][
                "pearson_r"
            ]
        )
        < 0.05
    )


def test_has_nan_names_a_hole_but_not_the_weak_border_that_stitching_left_out() -> None:
    weight = np.outer(np.hanning(60), np.hanning(60)).astype(np.float32)
    image = np.where(weight > 0.05, 1.0 + 0j, np.nan).astype(np.complex64)
    rec = Reconstruction(object=image, coverage=weight, origin=(0, 0))
    assert not has_nan(rec)
    image[30, 30] = np.nan
    assert has_nan(rec)


def test_an_infinite_pixel_is_reported_and_excluded() -> None:
    rec = as_reconstruction(TRUTH)
    rec.object[5, 5] = np.inf
    rec.coverage[5, 5] = 2.0
    metrics = score(rec, TRUTH)
    json.dumps(metrics, allow_nan=False)
    assert metrics["has_nan"] is True
    assert metrics["coverage"]["pixels"] == TRUTH.size - 1


@pytest.mark.clause("SCORE-002")
def test_ssim_averages_the_windows_that_lie_inside_the_covered_area() -> None:
    rec = half_covered(TRUTH)
    lit = rec.coverage > 0
    known, found = (
        np.abs(TRUTH[60:]).astype(float),
        np.where(lit, np.abs(rec.object), 50.0).astype(float),
    )
    span = np.ptp(known[lit])
    _, local = structural_similarity(
        found,
        known,
        data_range=span,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    windows = np.lib.stride_tricks.sliding_window_view(lit, (11, 11)).all(axis=(2, 3))
    expected = local[5:-5, 5:-5][windows].mean()
    assert 0.3 < expected < 0.97
    assert score(rec, TRUTH)["amplitude"]["ssim"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("coverage_shape", "truth"),
    [((3, 3), TRUTH), (TRUTH.shape, TRUTH[None])],
    ids=["coverage-shape", "truth-stack"],
)
def test_arrays_of_the_wrong_shape_are_refused(
    coverage_shape: tuple[int, int], truth: Array
) -> None:
    rec = Reconstruction(object=TRUTH, coverage=np.ones(coverage_shape, np.float32), origin=(0, 0))
    with pytest.raises(ScanDataError):
        score(rec, truth)


@pytest.mark.parametrize("side", [17, 900], ids=["exact", "in-blocks"])
def test_the_largest_rectangle_lies_inside_the_mask(side: int) -> None:
    mask = np.zeros((side, side), bool)
    mask[side // 5 : -side // 5, side // 8 : -side // 8] = True
    expected = int(mask.sum())
    mask[:, side // 3] = False
    window = largest_rectangle(mask)
    assert mask[window].all()
    assert 0.6 * expected < mask[window].size < 0.8 * expected


@pytest.mark.clause("GAUGE-003")
def test_a_shift_of_one_pixel_lowers_the_raw_scores_and_the_aligned_block_restores_them() -> None:
    moved = shift(TRUTH.real, (0, 1), mode="nearest") + 1j * shift(
        TRUTH.imag, (0, 1), mode="nearest"
    )
    metrics = score(as_reconstruction(moved), TRUTH)
    assert metrics["amplitude"]["pearson_r"] < 0.97
    assert metrics["gauge"]["raw"]["amplitude_pearson_r"] < 0.97
    assert metrics["gauge"]["aligned"]["amplitude_pearson_r"] > 0.999
    assert metrics["gauge"]["aligned"]["shift"] == pytest.approx([1.0, 0.0], abs=0.02)

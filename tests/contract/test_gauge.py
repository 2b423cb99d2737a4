"""Gauges, agreement of two reconstructions and ring correlation (no TensorFlow)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import fourier_shift, gaussian_filter

from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.errors import AlignmentError, ScanDataError
from ptyspec.scores.agreement import agreement, agreement_with_array, find_origin, half_set_frc
from ptyspec.scores.frc import crossing, half_bit, ring_correlation
from ptyspec.scores.gauge import align
from ptyspec.scores.metrics import score
from ptyspec.seeds import generator
from ptyspec.spec.checks import Check

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def smooth(shape: tuple[int, int], purpose: str, sigma: float) -> Array:
    field = gaussian_filter(generator(11, purpose).normal(size=shape), sigma, mode="wrap")
    return np.asarray(field / field.std())


def make_object(
    shape: tuple[int, int] = (256, 256), amplitude: float = 0.5, phase: float = 0.5
) -> Array:
    modulus = np.abs(2.7 + amplitude * smooth(shape, "amplitude", 2.5))
    return np.asarray(modulus * np.exp(1j * phase * smooth(shape, "phase", 3.0)))


def regauged(
    image: Array, shift: tuple[float, float], ramp: tuple[float, float], scale: complex = 1
) -> Array:
    """The periodic image shifted by (x, y) pixels, with a ramp of (x, y) cycles per pixel and a complex scale."""
    moved = np.fft.ifft2(fourier_shift(np.fft.fft2(image), shift[::-1]))
    rows, columns = np.mgrid[: image.shape[0], : image.shape[1]]
    return np.asarray(scale * moved * np.exp(2j * np.pi * (ramp[0] * columns + ramp[1] * rows)))


def as_reconstruction(
    image: Array, mask: Array | None = None, origin: tuple[int, int] = (0, 0)
) -> Reconstruction:
    lit = np.ones(image.shape, bool) if mask is None else mask
    held = np.where(lit, image, np.nan).astype(np.complex64)
    return Reconstruction(object=held, coverage=lit.astype(np.float32), origin=origin)


def noisy(image: Array, purpose: str, level: float) -> Array:
    noise = generator(5, purpose).normal(size=(2, *image.shape))
    return np.asarray(image + level * (noise[0] + 1j * noise[1]))


TRUTH = make_object()
BOX = (slice(40, 180), slice(30, 210))
ORIGIN = (30, 40)
FULL = np.ones(TRUTH[BOX].shape, bool)
GAUGES = {
    "sub-pixel": ((0.37, -0.61), (0.003, -0.0021)),
    "many-pixels": ((-4.6, 7.3), (0.013, -0.021)),
    "steep-ramp": ((20.4, -14.7), (0.11, -0.21)),
    "ramp-alone": ((0.0, 0.0), (0.3, 0.05)),
}


@pytest.mark.parametrize("name", GAUGES)
def test_ramp_shift_and_scale_are_found_and_removed(name: str) -> None:
    shift, ramp = GAUGES[name]
    found = align(regauged(TRUTH, shift, ramp, 0.43 * np.exp(1.1j))[BOX], TRUTH[BOX], FULL)
    assert np.linalg.norm(found.rec - found.truth) < 0.003 * np.linalg.norm(found.truth)
    assert found.shift == pytest.approx(shift, abs=0.02)
    assert found.ramp == pytest.approx(ramp, abs=1e-5)
    assert abs(found.scale) == pytest.approx(0.43, rel=1e-3)
    assert found.truth.shape == TRUTH[BOX][found.window].shape


def test_the_rectangle_that_is_told_is_the_largest_one_trimmed_by_the_shift_and_four_pixels() -> (
    None
):
    mask = np.zeros(FULL.shape, bool)
    mask[12:100, 25:160] = True
    found = align(regauged(TRUTH, (5.3, -2.8), (0.02, -0.01))[BOX], TRUTH[BOX], mask)
    assert found.window == (slice(12 + 7, 100 - 7), slice(25 + 10, 160 - 10))
    np.testing.assert_array_equal(found.truth, TRUTH[BOX][found.window])


def test_a_shift_is_found_up_to_a_quarter_of_the_rectangle_and_no_further() -> None:
    within, beyond = (np.roll(TRUTH, FULL.shape[0] // 4 + away, axis=0)[BOX] for away in (-1, 1))
    assert align(within, TRUTH[BOX], FULL).shift == pytest.approx((0, 34), abs=0.02)
    with pytest.raises(AlignmentError, match="within reach"):
        align(beyond, TRUTH[BOX], FULL)


def test_a_rectangle_of_32_pixels_is_the_smallest_that_is_registered() -> None:
    image, mask = regauged(TRUTH, (0.3, -0.2), (0, 0))[BOX], np.zeros(FULL.shape, bool)
    mask[5:37, 5:60] = True
    assert align(image, TRUTH[BOX], mask).shift == pytest.approx((0.3, -0.2), abs=0.05)
    mask[5] = False
    with pytest.raises(AlignmentError, match="too small"):
        align(image, TRUTH[BOX], mask)


@pytest.mark.parametrize(
    ("amplitude", "phase"), [(0.5, 0.0), (0.02, 0.6)], ids=["amplitude-object", "phase-object"]
)
def test_pure_amplitude_and_pure_phase_objects_align_too(amplitude: float, phase: float) -> None:
    truth = make_object(amplitude=amplitude, phase=phase)
    found = align(regauged(truth, (5.3, -2.8), (0.02, -0.01))[BOX], truth[BOX], FULL)
    assert found.shift == pytest.approx((5.3, -2.8), abs=0.02)
    assert np.linalg.norm(found.rec - found.truth) < 0.01 * np.linalg.norm(found.truth)


def test_noise_does_not_mislead_the_alignment() -> None:
    found = align(
        noisy(regauged(TRUTH, (3.4, -6.2), (0.01, 0.02)), "a", 0.3)[BOX], TRUTH[BOX], FULL
    )
    assert found.shift == pytest.approx((3.4, -6.2), abs=0.05)
    assert found.ramp == pytest.approx((0.01, 0.02), abs=1e-4)


@pytest.mark.clause("GAUGE-002", "GAUGE-003")
def test_the_gauge_block_reports_a_ramp_beside_raw_scores_that_suffer_from_it(
    clause: Check,
) -> None:
    gauge = score(
        as_reconstruction(regauged(TRUTH, (0, 0), (0.004, -0.003), 1.3)[BOX], origin=ORIGIN), TRUTH
    )["gauge"]
    raw, aligned = gauge["raw"], gauge["aligned"]
    suffers = clause("GAUGE-003")
    suffers.holds(raw["nrmse"] > 0.5, "raw error", raw["nrmse"], "> 0.5")
    suffers.holds(abs(raw["phase_pearson_r"]) < 0.6, "raw phase", raw["phase_pearson_r"], "< 0.6")
    suffers.holds(raw["amplitude_ratio"] == pytest.approx(1.3, rel=1e-4), "raw ratio", raw, 1.3)
    beside = clause("GAUGE-002")
    beside.holds(aligned["nrmse"] < 0.01, "aligned error", aligned["nrmse"], "< 0.01")
    beside.holds(aligned["phase_pearson_r"] > 0.999, "aligned phase", aligned, "> 0.999")
    beside.holds(aligned["ramp"] == pytest.approx([0.004, -0.003], abs=1e-5), "ramp", aligned)
    beside.holds(aligned["scale"]["modulus"] == pytest.approx(1.3, rel=1e-3), "scale", aligned, 1.3)


@pytest.mark.clause("GAUGE-008")
def test_a_reconstruction_in_the_right_gauge_has_nothing_to_remove() -> None:
    gauge = score(as_reconstruction(TRUTH[BOX], origin=ORIGIN), TRUTH)["gauge"]
    removed = gauge["aligned"]
    found = [
        *removed["ramp"],
        *removed["shift"],
        removed["scale"]["phase"],
        removed["scale"]["modulus"] - 1,
    ]
    np.testing.assert_allclose(found, 0, atol=1e-6)


@pytest.mark.clause("GAUGE-005")
def test_twins_are_never_undone() -> None:
    gauge = score(as_reconstruction(np.conj(TRUTH[::-1, ::-1])[BOX], origin=ORIGIN), TRUTH)["gauge"]
    best = gauge["aligned"]["amplitude_pearson_r"]
    assert best is None or best < 0.5


REFUSED = {
    "flat": (np.ones(FULL.shape), FULL),
    "small": (TRUTH[BOX], np.pad(np.ones((20, 20), bool), ((0, 120), (0, 160)))),
    "out-of-reach": (np.roll(TRUTH, 45, axis=0)[BOX], FULL),
}


@pytest.mark.clause("GAUGE-006")
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_aligned_is_an_error_and_never_a_score(name: str) -> None:
    image, mask = REFUSED[name]
    with pytest.raises(AlignmentError):
        align(image, TRUTH[BOX], mask)


@pytest.mark.clause("GAUGE-006")
@pytest.mark.parametrize("whose", ["reconstruction", "truth"])
def test_an_object_in_the_trimmed_border_alone_is_not_aligned(whose: str) -> None:
    rim = TRUTH[BOX].copy()
    rim[3:-3, 3:-3] = 0
    rec, truth = (rim, TRUTH[BOX]) if whose == "reconstruction" else (TRUTH[BOX], rim)
    with pytest.raises(AlignmentError, match="constant"):
        align(rec, truth, FULL)


def test_two_reconstructions_are_compared_where_both_are_covered() -> None:
    first = as_reconstruction(noisy(TRUTH, "a", 0.1)[20:160, 10:200], origin=(10, 20))
    second = as_reconstruction(noisy(TRUTH, "b", 0.1)[60:220, 30:240], origin=(30, 60))
    block = agreement(first, second)
    json.dumps(block, allow_nan=False)
    assert block["pixels"] == (160 - 60) * (200 - 30)
    assert block["raw"]["amplitude_pearson_r"] > 0.95
    assert block["raw"]["correlation_mean_free"] > 0.95
    assert block["frc"]["rectangle"] == [30, 60, 170, 100]


def test_agreement_tells_another_gauge_from_another_object() -> None:
    first = as_reconstruction(TRUTH[BOX], origin=ORIGIN)
    other_gauge = as_reconstruction(
        regauged(TRUTH, (1.6, -2.3), (0.01, 0.0), 2.0)[BOX], origin=ORIGIN
    )
    other_object = as_reconstruction(make_object()[::-1].T[BOX], origin=ORIGIN)
    same, different = agreement(other_gauge, first), agreement(other_object, first)
    assert same["raw"]["correlation_mean_free"] < 0.5
    assert same["aligned"]["correlation_mean_free"] > 0.999
    assert same["aligned"]["frc"]["last_crossing_half"] > 0.3
    assert (
        different["aligned"]["correlation_mean_free"] is None
        or different["aligned"]["correlation_mean_free"] < 0.5
    )


@pytest.mark.clause("GAUGE-001")
def test_a_phase_factor_costs_two_reconstructions_no_agreement() -> None:
    image = noisy(TRUTH, "a", 0.1)[BOX]  # no ring is empty
    first, turned = as_reconstruction(image), as_reconstruction(image * np.exp(1.1j))
    np.testing.assert_allclose(agreement(turned, first)["raw"]["frc"]["curve"], 1.0, atol=1e-6)


@pytest.mark.clause("GAUGE-006")
def test_disjoint_reconstructions_agree_on_nothing() -> None:
    block = agreement(as_reconstruction(TRUTH[BOX]), as_reconstruction(TRUTH[BOX], origin=(900, 0)))
    json.dumps(block, allow_nan=False)
    assert block["pixels"] == 0
    assert block["aligned"]["amplitude_pearson_r"] is None
    assert "not evaluated" in block["reason"]


def covered_disc(shape: tuple[int, int]) -> Array:
    y, x = np.mgrid[: shape[0], : shape[1]]
    return np.asarray(np.hypot((y - shape[0] / 2) / shape[0], (x - shape[1] / 2) / shape[1]) < 0.48)


@pytest.mark.parametrize("unit", [1e-4, 1e4])
def test_the_origin_does_not_depend_on_the_unit_of_the_objects(unit: float) -> None:
    rec = as_reconstruction(unit * noisy(TRUTH, "a", 0.1)[BOX], covered_disc(FULL.shape), ORIGIN)
    other = unit * regauged(TRUTH, (0, 0), (0.02, -0.01))[20:170, 50:240]
    assert find_origin(rec, other) == (50, 20)


@pytest.mark.parametrize(
    ("x0", "y0"), [(0, 0), (17, -9), (-25, 31)], ids=["same", "right-up", "left-down"]
)
def test_the_origin_of_an_unknown_array_is_found(x0: int, y0: int) -> None:
    rec = as_reconstruction(noisy(TRUTH, "a", 0.1)[BOX], covered_disc(FULL.shape), ORIGIN)
    top, left = 30 + y0, 28 + x0
    other = regauged(TRUTH, (0, 0), (0.02, -0.01), 0.5)[top : top + 150, left : left + 190]
    block = agreement_with_array(rec, other)
    assert block["origin"] == [left, top]
    assert block["aligned"]["amplitude_pearson_r"] > 0.95
    assert block["aligned"]["shift"] == pytest.approx([0, 0], abs=0.1)


def test_a_flat_array_has_no_origin() -> None:
    block = agreement_with_array(as_reconstruction(TRUTH[BOX]), np.ones((140, 150)))
    assert block["origin"] is None
    assert block["reason"]
    assert block["aligned"]["nrmse"] is None


def test_an_array_that_is_no_image_is_refused() -> None:
    with pytest.raises(ScanDataError):
        agreement_with_array(as_reconstruction(TRUTH[BOX]), TRUTH[None])


def test_an_independent_reconstruction_of_real_data_is_registered_onto_itself() -> None:
    path = DATA / "siemens_star_64_lsqml_object.npy"
    if not path.exists():
        pytest.skip(f"{path.name} is not in ../shared/data")
    known = np.load(path)
    inside = known[50:200, 45:190]
    rec = as_reconstruction(noisy(inside, "real", 0.01), covered_disc(inside.shape), (45, 50))
    assert find_origin(rec, known) == (0, 0)
    assert agreement_with_array(rec, known)["aligned"]["phase_pearson_r"] > 0.99


def test_half_sets_of_one_object_correlate_up_to_their_noise() -> None:
    def crossings(level: float) -> float:
        halves = (as_reconstruction(noisy(TRUTH, name, level)[BOX]) for name in ("a", "b"))
        block = half_set_frc(*halves)["complex"]
        assert block["half_bit_crossing"] <= block["half_bit_last_crossing"] <= 1
        return float(block["half_bit_crossing"])

    assert crossings(0.5) < 0.8 * crossings(0.02) < 0.8


def test_ring_correlation_of_independent_noise_is_near_zero_and_below_half_bit() -> None:
    random = generator(2, "rings")
    block = ring_correlation(*random.normal(size=(2, 256, 256)))
    curve, limit = np.array(block["curve"]), np.array(block["half_bit"])
    assert abs(curve[8:].mean()) < 0.02
    assert np.abs(curve[60:]).max() < 0.2
    assert (curve < limit)[3:].all()
    assert block["first_crossing_half"] < 0.05


def test_two_independent_noise_images_rarely_pass_the_half_bit_threshold() -> None:
    passed = 0
    for seed in range(30):
        block = ring_correlation(*generator(seed, "half-bit").normal(size=(2, 128, 128)))
        passed += int((np.array(block["curve"]) > np.array(block["half_bit"])).sum())
    assert passed <= 8, (
        "of 1920 rings; the window couples Fourier pixels, and counting them all lets 1 % pass"
    )


@pytest.mark.clause("SCORE-010")
def test_a_common_mean_is_no_correlation() -> None:
    first, second = generator(4, "mean").normal(size=(2, 128, 128))
    plain, raised = ring_correlation(first, second), ring_correlation(first + 1000, second + 1000)
    assert raised["curve"] == pytest.approx(plain["curve"], abs=1e-6)


@pytest.mark.clause("SCORE-010")
def test_unlike_detail_on_a_common_ramp_correlates_at_the_ramps_frequencies_alone() -> None:
    first, second = generator(6, "ramp").normal(size=(2, 128, 128))
    ramp = np.linspace(0, 100, 128)[:, None]  # what a window keeps from jumping at the edge
    curve = np.array(ring_correlation(first + ramp, second + ramp)["curve"])
    assert curve[:3].min() > 0.99
    assert np.abs(curve[8:]).max() < 0.5
    assert abs(curve[8:].mean()) < 0.1


def test_ring_correlation_of_known_signal_to_noise_is_its_expectation() -> None:
    random = generator(2, "snr")
    signal = random.normal(size=(200, 300))
    first, second = (signal + 0.5 * random.normal(size=signal.shape) for _ in range(2))
    curve = np.array(ring_correlation(first, second)["curve"])
    assert curve[10:].mean() == pytest.approx(1 / 1.25, abs=0.02)


def test_the_half_bit_threshold_falls_from_one_towards_its_limit() -> None:
    limit = half_bit(np.array([1.0, 10.0, 1e3, 1e12]))
    assert limit[0] == pytest.approx(1.0, abs=1e-4)
    assert (np.diff(limit) < 0).all()
    assert limit[-1] == pytest.approx(0.2071 / 1.2071, abs=1e-4)


CURVES = {
    "never": ([0.4, 0.3, 0.2, 0.1], 1.0, 1.0),
    "at-once": ([-0.1, -0.2, -0.3, -0.4], 0.0, 0.0),
    "once": ([0.3, 0.1, -0.1, -0.2], 0.5, 0.5),
    "one-empty-ring": ([0.3, -0.3, 0.2, -0.2], 0.3, 0.7),
    "no-power": ([0.3, np.nan, 0.2, 0.2], 0.2 + 0.2 * 0.3 / 1.3, 1.0),
}


@pytest.mark.parametrize("name", CURVES)
def test_first_and_last_crossing_are_both_told(name: str) -> None:
    excess, first, last = CURVES[name]
    frequency = np.array([0.2, 0.4, 0.6, 0.8])
    assert crossing(frequency, np.array(excess), last=False) == pytest.approx(first)
    assert crossing(frequency, np.array(excess), last=True) == pytest.approx(last)

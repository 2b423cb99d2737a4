"""The equations of the absolute gauge, one by one (design 3; clause NORMALIZATION-001)."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.physics.diffraction import expected_amplitude
from ptyspec.physics.scale import (
    BACKGROUND,
    CHUNK,
    closed_form_scale,
    illumination_weight,
    intensity_scale,
    loader_gain,
    mean_energy,
    poisson_deviance,
    probe_energy,
    rms_amplitude,
)
from ptyspec.spec.checks import Check
from ptyspec.spec.clause import Tolerance
from tests.small_scenes import cut, scattered, small_probe, textured_object

N, M = 32, 20
PROBE = small_probe(N)
PATCHES = cut(textured_object(90, 70), scattered(M, 90, 70, 16), N)
X = expected_amplitude(PROBE, PATCHES).astype(np.float32)
SINGLE = 1e-6
"""Relative: float32 amplitudes."""


def test_the_mean_energy_is_photons_a_frame_in_field_units() -> None:
    assert mean_energy(np.full((3, 8, 8), 2.0)) == 3 * 64 * 4 / 3
    assert mean_energy(X) == pytest.approx((X.astype(np.float64) ** 2).sum() / M, rel=1e-12)
    # Parseval: the same number from the exit waves.
    assert mean_energy(X) == pytest.approx(
        (np.abs(PROBE * PATCHES) ** 2).sum(axis=(1, 2)).mean(), rel=SINGLE
    )


@pytest.mark.clause("NORM-005")
@pytest.mark.parametrize("count", [1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 3])
def test_the_mean_energy_counts_every_frame_once_whatever_the_chunks(count: int) -> None:
    frames = np.arange(1.0, count + 1)[:, None, None] * np.ones((1, 2, 2))
    expected = 4 * (np.arange(1.0, count + 1) ** 2).mean()
    assert mean_energy(frames) == pytest.approx(expected, rel=1e-12)


@pytest.mark.clause("NORM-004")
@pytest.mark.parametrize("dtype", [np.uint16, np.uint8, np.int16, np.float32])
def test_integer_frames_have_the_energy_of_the_same_numbers_in_double_precision(
    dtype: type, clause: Check
) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (4, 8, 8)).astype(dtype)
    if dtype is np.uint16:
        frames = np.full(
            (4, 8, 8), 300, np.uint16
        )  # NORMALIZE-DATA-UINT16-001: 300^2 wraps to 24464
    wide = frames.astype(np.float64)
    clause.equal(mean_energy(frames), (wide**2).sum() / 4, "mean energy")
    clause.equal(loader_gain(mean_energy(frames), 8), loader_gain(mean_energy(wide), 8), "gain")


@pytest.mark.clause("NORM-004")
def test_small_amplitudes_beside_large_ones_are_not_lost_in_the_sum(clause: Check) -> None:
    frames = np.ones((1, 64, 64), np.float32)
    frames[0, 0, 0] = 2**14  # 2^28 + 4095: a float32 sum cannot hold the ones
    clause.equal(mean_energy(frames), float(2**28 + 4095), "mean energy")


@pytest.mark.parametrize("nphotons", [1e4, 1e6, 1e9])
def test_s_turns_field_energy_into_the_declared_photons_a_frame(nphotons: float) -> None:
    s = intensity_scale(nphotons, mean_energy(X))
    assert s == pytest.approx(math.sqrt(nphotons / mean_energy(X)), rel=1e-15)
    assert ((s * X.astype(np.float64)) ** 2).sum(axis=(1, 2)).mean() == pytest.approx(
        nphotons, rel=1e-12
    )


@pytest.mark.clause("SCALE-001")
@pytest.mark.parametrize(
    ("size", "recorded", "digit"), [(64, 988.2118, 5e-5), (128, 494.106, 5e-4)], ids=["n64", "n128"]
)
def test_the_closed_form_scale_is_the_recorded_one(
    size: int, recorded: float, digit: float, clause: Check
) -> None:
    last = Tolerance(digit, "absolute", "derived", "half a unit of the last recorded digit")
    clause.close(closed_form_scale(1e9, size), recorded, "closed form", last)


@pytest.mark.clause("SCALE-001")
def test_the_closed_form_is_the_datasets_scale_for_normalised_data_and_no_other(
    clause: Check,
) -> None:
    normalised = loader_gain(mean_energy(X), N) * X.astype(np.float64)
    clause.close(
        intensity_scale(1e6, mean_energy(normalised)),
        closed_form_scale(1e6, N),
        "scale after the gain",
    )
    assert abs(intensity_scale(1e6, mean_energy(X)) / closed_form_scale(1e6, N) - 1) > 0.1


@pytest.mark.clause("NORM-001")
def test_the_gain_brings_the_mean_energy_to_half_n_squared(clause: Check) -> None:
    gain = loader_gain(mean_energy(X), N)
    clause.close(
        mean_energy(gain * X.astype(np.float64)), (N / 2) ** 2, "mean energy after the gain"
    )
    assert gain != pytest.approx(1, abs=0.1)  # the test data would not tell a gain from none


@pytest.mark.clause("NORM-003")
def test_normalised_data_have_gain_one(clause: Check) -> None:
    gain = loader_gain(mean_energy(X), N)
    clause.close(loader_gain(mean_energy(gain * X.astype(np.float64)), N), 1, "second gain")


@pytest.mark.clause("NORM-003")
@pytest.mark.parametrize("factor", [0.25, 3.0])
def test_the_gain_undoes_any_factor_on_the_data(factor: float, clause: Check) -> None:
    gain = loader_gain(mean_energy(X), N)
    clause.close(
        loader_gain(mean_energy(factor * X.astype(np.float64)), N),
        gain / factor,
        "gain of scaled data",
    )


@pytest.mark.clause("SCALE-005")
@pytest.mark.parametrize("level", [0.5, 2.7])
def test_a0_is_the_amplitude_of_a_flat_object(level: float, clause: Check) -> None:
    frames = expected_amplitude(PROBE, np.full((3, N, N), level, np.complex64))
    clause.close(rms_amplitude(mean_energy(frames), PROBE), level, "a0 of a flat object")


@pytest.mark.clause("SCALE-005")
def test_a0_is_the_rms_amplitude_under_the_probe(clause: Check) -> None:
    weight = np.abs(PROBE).astype(np.float64) ** 2
    expected = math.sqrt((weight * np.abs(PATCHES) ** 2).sum() / (M * weight.sum()))
    clause.close(rms_amplitude(mean_energy(X), PROBE), expected, "a0")


@pytest.mark.clause("SCALE-005")
@pytest.mark.parametrize("factor", [2.0, 10.0])
def test_a0_goes_with_the_object_and_against_the_probe(factor: float, clause: Check) -> None:
    a0 = rms_amplitude(mean_energy(X), PROBE)
    clause.close(
        rms_amplitude(mean_energy(factor * X), PROBE), factor * a0, "a0 of a stronger object"
    )
    clause.close(
        rms_amplitude(mean_energy(X), factor * PROBE), a0 / factor, "a0 under a stronger probe"
    )


def test_the_probe_energy_is_the_sum_of_its_squared_modulus() -> None:
    assert probe_energy(np.array([[3 + 4j, 0], [1j, 2]])) == 25 + 1 + 4


def test_the_weight_is_the_probes_intensity_over_its_largest() -> None:
    weight = illumination_weight(PROBE)
    assert weight.dtype == np.float32
    assert weight.max() == 1
    assert (weight >= 0).all()
    intensity = np.abs(PROBE).astype(np.float64) ** 2
    np.testing.assert_allclose(weight, intensity / intensity.max(), rtol=SINGLE)


# The loss: Poisson negative log-likelihood minus its saturated value, the same background on both sides.

INTENSITY = X.astype(np.float64) ** 2
E = BACKGROUND * INTENSITY.mean()


def deviance(predicted: Array, background: float = E) -> float:
    return float(poisson_deviance(predicted, INTENSITY, background).sum())


def test_the_background_is_a_thousandth_of_the_mean_pixel_energy() -> None:
    assert BACKGROUND == 1e-3  # design 3


def test_the_deviance_is_the_poisson_likelihood_minus_its_saturated_value() -> None:
    from scipy.stats import poisson

    counts, rate = np.array([0.0, 1.0, 7.0, 100.0]), np.array([0.5, 2.0, 7.0, 80.0])
    expected = poisson.logpmf(counts, np.maximum(counts, 1e-300)) - poisson.logpmf(counts, rate)
    np.testing.assert_allclose(
        poisson_deviance(rate, counts, 1e-12), expected, atol=1e-9
    )  # background 1e-12


@pytest.mark.clause("POISSON-LADDER-001")
def test_the_deviance_is_zero_at_the_truth_and_positive_elsewhere(clause: Check) -> None:
    clause.close(deviance(INTENSITY), 0, "deviance at the truth")
    for other in (
        0.9 * INTENSITY,
        1.1 * INTENSITY,
        np.roll(INTENSITY, 1, axis=-1),
        np.zeros_like(INTENSITY),
    ):
        values = poisson_deviance(other, INTENSITY, E)
        assert values.min() >= -1e-12 * INTENSITY.max()  # rounding of rate - count
        assert values.sum() > 1e-4 * INTENSITY.sum()


@pytest.mark.clause("LOSS-002")
@pytest.mark.parametrize("measured", [0.0, 1e-6, 1.0, 1e6])
def test_the_deviance_of_a_zero_field_is_finite(measured: float, clause: Check) -> None:
    clause.finite(
        poisson_deviance(np.zeros(3), np.full(3, measured), E), "deviance of a zero field"
    )


@pytest.mark.clause("LOSS-002")
def test_the_deviance_of_nothing_against_nothing_is_zero(clause: Check) -> None:
    clause.equal(poisson_deviance(np.zeros(3), np.zeros(3), E), np.zeros(3), "deviance of darkness")


@pytest.mark.clause("POISSON-LADDER-001")
@pytest.mark.parametrize("scale", [0.5, 0.9, 0.99, 1.01, 1.1, 2.0])
def test_the_deviance_is_least_at_scale_one(scale: float) -> None:
    assert deviance(scale**2 * INTENSITY) > deviance(INTENSITY)


@pytest.mark.clause("LOSS-003", "LOSS-001")
@pytest.mark.parametrize("background", [1e-9, 1e-3, 1e-1])
def test_the_derivative_along_the_scale_vanishes_at_the_truth_whatever_the_background(
    background: float, clause: Check
) -> None:
    def at(log_scale: float) -> float:
        return deviance(INTENSITY * math.exp(2 * log_scale), background * INTENSITY.mean())

    step = 1e-4
    slope, curvature = (
        (at(step) - at(-step)) / (2 * step),
        (at(step) + at(-step) - 2 * at(0.0)) / step**2,
    )
    assert curvature > 0
    # A central difference of a cubic remainder: step^2 of the curvature; an optimum moved by 1e-3 would be 1e-3 of it.
    clause.close(slope / curvature, 0, "slope along the scale over curvature")
    clause("LOSS-001").close(slope / curvature, 0, "slope along the scale over curvature")


@pytest.mark.parametrize("side", ["predicted", "measured"])
def test_a_background_on_one_side_alone_would_move_the_optimum(side: str) -> None:
    """Positive control: the test above can fail."""
    shift = 0.1 * INTENSITY.mean()
    rate, count = (
        (INTENSITY + shift, INTENSITY) if side == "predicted" else (INTENSITY, INTENSITY + shift)
    )

    def at(log_scale: float) -> float:
        factor = math.exp(2 * log_scale)
        return float(poisson_deviance(rate * factor, count, 1e-12).sum())

    step = 1e-4
    assert abs(at(step) - at(-step)) / (2 * step) > 1e-2 * INTENSITY.sum()

"""Scores that need no truth: predicted against measured diffraction (no TensorFlow)."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from ptyspec.errors import ScanDataError
from ptyspec.scores.dataspace import (
    RATE_FLOOR,
    data_scores,
    noise_deviance_per_pixel,
    poisson_deviance_per_pixel,
    r_factor,
    r_squared,
)
from ptyspec.seeds import generator

RATE = generator(1, "rate").uniform(5, 200, size=(40, 32, 32))
COUNTS = generator(1, "counts").poisson(RATE).astype(np.float64)


def test_identical_patterns_have_no_residual() -> None:
    assert r_factor(COUNTS, COUNTS) == 0
    assert r_squared(COUNTS, COUNTS) == 0
    assert poisson_deviance_per_pixel(COUNTS, COUNTS) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("factor", [0.5, 1.1])
def test_a_scaled_prediction_has_the_analytic_residual(factor: float) -> None:
    assert r_factor(factor * COUNTS, COUNTS) == pytest.approx(abs(factor - 1))
    assert r_squared(factor * COUNTS, COUNTS) == pytest.approx((factor - 1) ** 2)


def test_the_deviance_of_poisson_samples_at_their_own_rate_is_one_a_pixel() -> None:
    assert poisson_deviance_per_pixel(RATE, COUNTS) == pytest.approx(1.0, abs=0.03)


@pytest.mark.clause("SCORE-013")
@pytest.mark.parametrize("factor", [0.9, 1.1])
def test_the_true_rate_has_the_smallest_deviance(factor: float) -> None:
    assert poisson_deviance_per_pixel(factor * RATE, COUNTS) > 1.3 * poisson_deviance_per_pixel(
        RATE, COUNTS
    )


def test_the_deviance_is_finite_for_no_photon_and_for_no_expectation() -> None:
    assert poisson_deviance_per_pixel(np.array([0.5]), np.array([0.0])) == pytest.approx(1.0)
    expected = 2 * (3 * math.log(3 / RATE_FLOOR) - (3 - RATE_FLOOR))
    assert poisson_deviance_per_pixel(np.array([0.0]), np.array([3.0])) == pytest.approx(expected)


@pytest.mark.parametrize("expected", [0.5, 3.0])
def test_a_single_photon_has_the_deviance_of_its_definition(expected: float) -> None:
    found = poisson_deviance_per_pixel(np.array([expected]), np.array([1.0]))
    assert found == pytest.approx(2 * (math.log(1 / expected) - (1 - expected)))


@pytest.mark.clause("SCORE-008")
@pytest.mark.filterwarnings("error")
def test_no_pixel_and_no_finite_rate_have_no_deviance() -> None:
    assert math.isnan(poisson_deviance_per_pixel(RATE, COUNTS, np.zeros((32, 32), bool)))
    assert math.isnan(poisson_deviance_per_pixel(np.array([np.inf, 1.0]), np.array([0.0, 1.0])))


@pytest.mark.parametrize("unit", [1e-9, 1e9])
def test_residuals_do_not_depend_on_the_unit_of_the_amplitude(unit: float) -> None:
    assert r_factor(unit * 0.9 * COUNTS, unit * COUNTS) == pytest.approx(0.1)
    assert r_squared(unit * 0.9 * COUNTS, unit * COUNTS) == pytest.approx(0.01)


def test_masked_pixels_do_not_count() -> None:
    mask = np.ones((32, 32), bool)
    mask[10:12] = False
    spoiled = COUNTS.copy()
    spoiled[:, 10:12] = 1e6
    for measure in (r_factor, r_squared, poisson_deviance_per_pixel):
        assert measure(RATE, spoiled, mask) == measure(RATE, COUNTS, mask)
        assert measure(RATE, spoiled) > 10 * measure(RATE, COUNTS)


@pytest.mark.clause("SCORE-008")
def test_undefined_scores_are_none_with_a_reason() -> None:
    nothing = data_scores(np.ones((2, 4, 4)), np.zeros((2, 4, 4)), 10.0)
    diverged = data_scores(np.full((2, 4, 4), np.nan), np.ones((2, 4, 4)), 10.0)
    json.dumps([nothing, diverged], allow_nan=False)
    assert nothing["r_factor"] is None
    assert nothing["reason"]
    assert diverged["poisson_deviance_per_pixel"] is None
    assert diverged["reason"]


@pytest.mark.parametrize("rate", [0.01, 0.3, 2.0, 40.0])
def test_the_noise_alone_leaves_the_deviance_that_is_expected_of_it(rate: float) -> None:
    counts = generator(4, "expected deviance").poisson(rate, 200_000).astype(float)
    rates = np.full(counts.shape, rate)
    left = poisson_deviance_per_pixel(rates, counts)
    assert noise_deviance_per_pixel(rates) == pytest.approx(left, rel=0.05)


def test_data_scores_use_counts_for_the_deviance_and_amplitudes_for_the_residuals() -> None:
    scale = 7.0
    block = data_scores(np.sqrt(RATE) / scale, np.sqrt(COUNTS) / scale, scale)
    assert block["poisson_deviance_per_pixel"] == pytest.approx(
        poisson_deviance_per_pixel(RATE, COUNTS)
    )
    assert block["r_factor"] == pytest.approx(r_factor(np.sqrt(RATE), np.sqrt(COUNTS)))
    assert block["reason"] is None


BAD = {
    "shape": (np.ones((2, 4, 4)), np.ones((2, 4, 5))),
    "negative": (np.ones((2, 4, 4)), np.full((2, 4, 4), -1.0)),
    "nan": (np.ones((2, 4, 4)), np.full((2, 4, 4), np.nan)),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("measure", [r_factor, r_squared, poisson_deviance_per_pixel])
def test_measurements_that_cannot_be_are_refused(measure, name: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ScanDataError):
        measure(*BAD[name])

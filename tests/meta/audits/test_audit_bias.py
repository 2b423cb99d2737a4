"""What the audit `bias` computes without a network: how the error splits, and what a scalar can do."""

from __future__ import annotations

import numpy as np
import pytest

from ptyspec.checks.bias import decomposition, least_squares
from ptyspec.seeds import generator

DRAWS = generator(3, "amplitudes")
TRUTH = 2.7 + 0.6 * DRAWS.standard_normal(4000)
NOISE = 0.2 * DRAWS.standard_normal(4000)


@pytest.mark.parametrize("factor", [1.0, 0.272, 2.0], ids=["as-it-is", "gained", "doubled"])
def test_level_contrast_and_structure_are_the_whole_error(factor: float) -> None:
    prediction = factor * (TRUTH + NOISE)
    parts = decomposition(prediction, TRUTH)
    error = np.mean((prediction - TRUTH) ** 2)
    assert parts["before"] == pytest.approx(error, rel=1e-12)
    whole = sum(parts[name] or 0.0 for name in ("level", "contrast", "structure"))
    assert whole == pytest.approx(1.0, rel=1e-12)
    fitted = np.polynomial.Polynomial.fit(TRUTH + NOISE, TRUTH, 1)(TRUTH + NOISE)
    assert parts["rest_floor"] == pytest.approx(np.mean((fitted - TRUTH) ** 2) / error, rel=1e-9)


def test_a_prediction_of_zeros_has_no_scalar() -> None:
    parts = decomposition(np.zeros_like(TRUTH), TRUTH)
    assert [parts[name] for name in ("least_squares", "removed", "rest_floor")] == [None] * 3


def test_no_scalar_is_better_than_the_least_squares_one() -> None:
    prediction = 0.56 * (TRUTH + NOISE)
    best = least_squares(prediction, TRUTH) or 0.0
    errors = {
        scalar: float(np.mean((scalar * prediction - TRUTH) ** 2))
        for scalar in (1.0, 1 / 0.56, 0.999 * best, best, 1.001 * best)
    }
    assert min(errors, key=lambda scalar: errors[scalar]) == best


def test_a_scalar_removes_a_gain_and_nothing_of_the_structure() -> None:
    gained, structured = decomposition(0.272 * TRUTH, TRUTH), decomposition(TRUTH + NOISE, TRUTH)
    assert gained["removed"] == pytest.approx(1.0)
    assert gained["least_squares"] == pytest.approx(1 / 0.272)
    assert structured["removed"] is not None
    assert structured["removed"] < 0.02
    assert structured["structure"] is not None
    assert structured["structure"] > 0.8

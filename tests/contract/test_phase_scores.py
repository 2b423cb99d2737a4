"""The phase block: what is correlated, from which direction it is counted, and what is named where there is none."""

from __future__ import annotations

import numpy as np
import pytest

from ptyspec.scores.metrics import score
from ptyspec.scores.phase import nrmse, phase_images
from ptyspec.spec.checks import Check
from tests.scored_objects import TRUTH, as_reconstruction, half_covered


@pytest.mark.clause("SCORE-006")
def test_the_phase_of_a_zero_phase_truth_is_not_correlated() -> None:
    truth = np.abs(TRUTH)
    metrics = score(as_reconstruction(TRUTH), truth)
    assert metrics["phase"]["pearson_r"] is None
    assert metrics["phase"]["highpass_pearson_r"] is None
    assert "truth's phase is constant" in metrics["phase"]["reason"]
    assert metrics["phase"]["mae"] > 0.1
    assert metrics["amplitude"]["pearson_r"] == pytest.approx(1.0)


@pytest.mark.clause("SCORE-006", "SCORE-008")
@pytest.mark.parametrize("whose", ["truth", "reconstruction"])
def test_a_phase_that_is_constant_but_for_rounding_is_named_and_not_correlated(
    clause: Check, whose: str
) -> None:
    flat = (np.abs(TRUTH) * np.exp(0.7j)).astype(np.complex64)
    rec, truth = (TRUTH, flat) if whose == "truth" else (flat, TRUTH)
    phase = score(as_reconstruction(rec), truth)["phase"]
    scores = phase["pearson_r"], phase["highpass_pearson_r"]
    clause("SCORE-006").equal(scores, (None, None), "correlations of a constant phase")
    reason = f"the {whose}'s phase is constant"
    clause("SCORE-008").holds(phase["reason"].startswith(reason), "why", phase["reason"], reason)


@pytest.mark.parametrize("angle", [1.6, 3.0])
def test_phases_are_counted_from_the_direction_of_the_object_wherever_that_points(
    angle: float,
) -> None:
    rec, turn = half_covered(TRUTH), np.exp(1j * angle)
    turned = rec.model_copy(update={"object": (rec.object * turn).astype(np.complex64)})
    one, other = score(rec, TRUTH)["phase"], score(turned, TRUTH * turn)["phase"]
    assert other == pytest.approx(one, abs=1e-6)
    assert one["wrapped_fraction"] == 0


def test_an_object_whose_directions_cancel_has_a_phase_too() -> None:
    image = np.array([1, 1j, -1, -1j])
    np.testing.assert_allclose(
        phase_images(image, image), [[0, np.pi / 2, np.pi, -np.pi / 2]] * 2, atol=1e-12
    )


def test_an_orthogonal_object_is_compared_as_it_stands() -> None:
    assert nrmse(np.array([1.0, 1.0]), np.array([1.0, -1.0])) == pytest.approx(np.sqrt(2))


@pytest.mark.parametrize(
    ("rec", "truth", "fraction"),
    [
        pytest.param(-3.0, 3.0, 0.1, id="on-either-side-of-the-cut"),
        pytest.param(3.0, 3.0, 0.0, id="equal"),
        pytest.param(0.0, np.pi, 0.0, id="opposite"),
    ],
)
def test_phases_on_either_side_of_the_cut_are_counted_as_wrapped(
    rec: float, truth: float, fraction: float
) -> None:
    found, known = (np.ones((2, 5), complex) for _ in range(2))
    found[1, 2], known[1, 2] = 0.1 * np.exp(1j * rec), 0.1 * np.exp(1j * truth)
    assert score(as_reconstruction(found), known)["phase"]["wrapped_fraction"] == pytest.approx(
        fraction
    )

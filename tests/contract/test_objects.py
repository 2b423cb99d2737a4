"""Simulated objects: the recorded lines object, seeds, phases (upstream facts 3.1; design: golden facts)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.scenario import ObjectSpec
from ptyspec.physics.objects import AMPLITUDES, grf, lines, make_object
from ptyspec.spec.checks import Check

KINDS = list(AMPLITUDES)


@pytest.fixture(scope="module")
def recorded_lines() -> Array:
    return lines(392, 42)


@pytest.mark.clause("OBJECT-001")
@pytest.mark.parametrize(
    ("statistic", "recorded"),
    [
        pytest.param(np.mean, 2.7082475, id="mean"),
        pytest.param(np.std, 0.6410303, id="std"),
        pytest.param(np.min, 0.6128977, id="min"),
        pytest.param(np.max, 4.8561266, id="max"),
    ],
)
def test_the_lines_object_of_seed_42_has_the_recorded_statistics(
    recorded_lines: Array, statistic: Callable[[Array], float], recorded: float, clause: Check
) -> None:
    clause.close(statistic(recorded_lines), recorded, "statistic of the lines object")


@pytest.mark.clause("OBJECT-001")
def test_the_object_that_is_measured_is_the_recorded_one_to_single_precision(
    recorded_lines: Array,
) -> None:
    made = make_object(ObjectSpec(size=392), 42)
    assert made.dtype == np.complex64
    np.testing.assert_allclose(made, recorded_lines, rtol=2**-23)  # one rounding to float32


@pytest.mark.parametrize("phase", ["none", "set_phi", "texture"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_finite_positive_square_and_complex64(kind: str, phase: str) -> None:
    made = make_object(ObjectSpec(kind=kind, size=64, phase=phase), 3)  # type: ignore[arg-type]
    assert made.shape == (64, 64)
    assert made.dtype == np.complex64
    assert np.isfinite(made).all()
    assert (
        np.abs(made).min() > 0.05
    )  # transmission never vanishes, else its phase would mean nothing
    assert np.abs(made).std() > 0.05  # and it is an object, not a constant


@pytest.mark.clause("SIMULATE-001")
@pytest.mark.parametrize("kind", KINDS)
def test_equal_seeds_give_equal_bytes_and_other_seeds_give_others(kind: str) -> None:
    spec = ObjectSpec(kind=kind, size=48, phase="texture")  # type: ignore[arg-type]
    first, again, other = (make_object(spec, seed) for seed in (5, 5, 6))
    assert first.tobytes() == again.tobytes()
    assert np.abs(np.abs(first) - np.abs(other)).max() > 0.05


@pytest.mark.clause("SIMULATE-001")
@pytest.mark.parametrize("kind", KINDS)
def test_making_an_object_leaves_the_global_generator_alone(kind: str) -> None:
    before = np.random.get_state()[1].tobytes()  # type: ignore[index, union-attr]
    make_object(ObjectSpec(kind=kind, size=48, phase="texture"), 5)  # type: ignore[arg-type]
    assert np.random.get_state()[1].tobytes() == before  # type: ignore[index, union-attr]


def test_without_phase_the_object_is_its_own_modulus() -> None:
    made = make_object(ObjectSpec(size=48), 1)
    assert not made.imag.any()


@pytest.mark.clause("OBJECT-002")
@pytest.mark.parametrize("std", [0.2, 0.5])
def test_a_phase_texture_has_the_standard_deviation_that_was_asked_for(
    std: float, clause: Check
) -> None:
    made = make_object(ObjectSpec(kind="grf", size=96, phase="texture", phase_std=std), 3)
    clause.close(
        np.angle(made).std(), std, "standard deviation of the phase"
    )  # wrapping would show at once
    clause.close(np.angle(made).mean(), 0, "mean of the phase")


@pytest.mark.clause("OBJECT-002")
def test_a_phase_texture_is_no_function_of_the_amplitude() -> None:
    made = make_object(ObjectSpec(size=96, phase="texture"), 42)
    # Independent textures with detail of 10 pixels have some 30 degrees of freedom here: |r| < 0.5 is 3 sigma.
    assert abs(np.corrcoef(np.abs(made).ravel(), np.angle(made).ravel())[0, 1]) < 0.5


@pytest.mark.clause("MATH-POLAR-001")
def test_set_phi_is_the_recorded_function_of_the_amplitude(clause: Check) -> None:
    made = make_object(ObjectSpec(kind="grf", size=48, phase="set_phi"), 3)
    amplitude = grf(48, 3)
    expected = np.pi * np.tanh(
        (amplitude - amplitude.max() / 2) / (3 * amplitude.mean())
    )  # upstream facts 3.1
    np.testing.assert_allclose(
        np.angle(made), expected, atol=2e-6
    )  # float32 phase of a float64 value
    clause.close(np.abs(made), amplitude, "modulus of the object")
    clause.close(made, amplitude * (np.cos(expected) + 1j * np.sin(expected)), "object")


def test_a_gaussian_random_field_has_the_stated_mean_and_spread() -> None:
    field = grf(96, 3)
    assert field.mean() == pytest.approx(
        1, abs=1e-3
    )  # exact but for the clip at 0.1, which 3.6 sigma rarely meet
    assert field.std() == pytest.approx(0.25, rel=1e-2)
    assert field.min() >= 0.1

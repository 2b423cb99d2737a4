"""Automatic differentiation | finite differences: what trains descends the loss of physics/ (design 3)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from ptyspec.contracts.bundles import Array
from ptyspec.networks import reconstructor
from ptyspec.networks.forward import Field, ForwardModel
from ptyspec.physics.diffraction import expected_amplitude
from ptyspec.physics.geometry import extract_patches
from ptyspec.physics.scale import (
    BACKGROUND,
    loader_gain,
    mean_energy,
    poisson_deviance,
    probe_energy,
)
from ptyspec.spec.checks import Check
from tests.small_scenes import cut, scattered, small_probe, textured_object

N, M = 32, 6
OBJECT, PROBE = textured_object(90, 80), small_probe(N)
AT = scattered(M, 90, 80, 18)
TRUTH = cut(OBJECT, AT, N)
X = expected_amplitude(PROBE, TRUTH).astype(np.float32)
ENERGY = mean_energy(X)
A0 = (ENERGY / probe_energy(PROBE)) ** 0.5
START = (
    TRUTH
    + 0.2 * A0 * np.random.default_rng(3).standard_normal((*TRUTH.shape, 2)).view(complex)[..., 0]
)


def loss(patches: Array) -> float:
    """The loss of physics/, in double precision."""
    field = np.fft.fft2(PROBE.astype(complex) * patches, norm="ortho")
    predicted = np.abs(np.fft.fftshift(field, axes=(-2, -1))) ** 2
    background = BACKGROUND * ENERGY / N**2
    return float(poisson_deviance(predicted, X.astype(float) ** 2, background).sum() / M / ENERGY)


def network_loss(patches: Array, log_scale: Any = 0.0) -> Any:
    """The loss that trains, in single precision."""
    from ptyspec.networks.framework import ops

    predicted = ForwardModel(PROBE, 1, N).intensity(
        Field(np.float32(patches.real), np.float32(patches.imag))
    )
    return reconstructor.poisson(predicted * ops.exp(2.0 * log_scale), X, ENERGY)


def gradients() -> tuple[Array, Array]:
    """d loss / d (real, imaginary) of every pixel at START, by the tape."""
    from ptyspec.networks.framework import tensorflow as tf

    re, im = (tf.Variable(np.float32(part)) for part in (START.real, START.imag))
    with tf.GradientTape() as tape:
        value = reconstructor.poisson(ForwardModel(PROBE, 1, N).intensity(Field(re, im)), X, ENERGY)
    made = tape.gradient(value, [re, im])
    return np.asarray(made[0]), np.asarray(made[1])


GRADIENTS = gradients()
BRIGHTEST = tuple(int(i) for i in np.unravel_index(np.argmax(np.abs(PROBE)), PROBE.shape))
LARGEST = float(np.abs(GRADIENTS).max())
PIXELS = [BRIGHTEST, (N // 2, N // 2), (N // 2 - 3, N // 2 + 4), (N // 4, N // 2), (1, 2)]


@pytest.mark.clause("LOSS-006")
@pytest.mark.parametrize("frame", [0, M - 1])
@pytest.mark.parametrize("part", [0, 1], ids=["real", "imaginary"])
@pytest.mark.parametrize(
    "pixel", PIXELS, ids=["brightest", "centre", "off-centre", "flank", "tail"]
)
def test_the_tapes_slope_is_the_finite_difference(
    pixel: tuple[int, int], part: int, frame: int, clause: Check
) -> None:
    step = np.zeros_like(START)
    step[(frame, *pixel)] = (1e-4 * A0) * (1, 1j)[part]
    slope = (loss(START + step) - loss(START - step)) / (2e-4 * A0)
    clause.close(
        GRADIENTS[part][(frame, *pixel)] / LARGEST, slope / LARGEST, "slope in units of the largest"
    )


@pytest.mark.clause("LOSS-006")
def test_the_slopes_that_are_compared_are_not_all_near_zero() -> None:
    largest = max(np.abs(part).max() for part in GRADIENTS)
    assert abs(GRADIENTS[0][(0, *BRIGHTEST)]) > 0.02 * largest


@pytest.mark.clause("LOSS-001")
def test_the_loss_does_not_change_to_first_order_with_the_scale_at_the_truth(clause: Check) -> None:
    from ptyspec.networks.framework import tensorflow as tf

    log_scale = tf.Variable(0.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            value = network_loss(TRUTH, log_scale)
        slope = inner.gradient(value, log_scale)
    curvature = float(outer.gradient(slope, log_scale))
    # loss = 2 L^2 <lambda^2 / (lambda + e)> / energy about the truth: curvature 4 or a little less, slope 0.
    assert 3 < curvature < 4
    clause.close(float(slope) / curvature, 0, "slope along the scale over curvature")


def shifted(by: tuple[float, float]) -> Array:
    return extract_patches(OBJECT, AT + np.array(by), N)


WRONG = {
    "dimmer": 0.9 * TRUTH,
    "brighter": 1.1 * TRUTH,
    "blurred": gaussian_filter(TRUTH.real, (0, 1, 1)) + 1j * gaussian_filter(TRUTH.imag, (0, 1, 1)),
    "shifted-x": shifted((1.0, 0.0)),
    "shifted-y": shifted((0.0, -1.0)),
    "twin": TRUTH[:, ::-1, ::-1].conj(),
    "flat": np.full_like(TRUTH, A0),
}


@pytest.mark.clause("POISSON-LADDER-001")
@pytest.mark.parametrize("wrong", WRONG)
def test_the_true_object_has_the_smallest_loss(wrong: str, clause: Check) -> None:
    here = float(network_loss(TRUTH))
    there = float(network_loss(WRONG[wrong]))
    clause.close(here, 0, "loss of the true object")
    clause.holds(
        there > 100 * abs(here) + 1e-4,
        f"loss of the object {wrong}",
        there,
        "far above the truth's",
    )
    assert there == pytest.approx(loss(WRONG[wrong]), rel=1e-4)


@pytest.mark.clause("PHASE-001")
@pytest.mark.parametrize("phase", [0.7, -2.5])
def test_a_patchs_phase_does_not_change_its_loss(phase: float, clause: Check) -> None:
    clause.close(
        float(network_loss(START * np.exp(1j * phase))),
        float(network_loss(START)),
        "loss of a turned patch",
    )


def loss_at(name: str, patches: Array, amplitude: Array = X) -> float:
    predicted = ForwardModel(PROBE, 1, N).intensity(
        Field(np.float32(patches.real), np.float32(patches.imag))
    )
    return float(reconstructor.LOSSES[name](predicted, amplitude, ENERGY))


def asymmetry(name: str, amplitude: Array) -> float:
    """Slope over curvature along the object's scale at the truth, in units of the step."""
    less, here, more = (
        loss_at(name, np.exp(step) * TRUTH, amplitude) for step in (-0.01, 0.0, 0.01)
    )
    return (more - less) / (more + less - 2 * here)


@pytest.mark.clause("LOSS-004")
@pytest.mark.parametrize("name", sorted(reconstructor.LOSSES))
def test_one_percent_more_and_one_percent_less_object_cost_the_same(
    name: str, clause: Check
) -> None:
    assert loss_at(name, 1.01 * TRUTH) > 1e-5  # a loss that sees no scale would pass
    clause.close(asymmetry(name, X), 0, f"asymmetry of the {name} loss about the truth")


@pytest.mark.clause("LOSS-004")
@pytest.mark.parametrize("name", sorted(reconstructor.LOSSES))
def test_the_asymmetry_sees_measurements_in_another_gauge(name: str, clause: Check) -> None:
    """Positive control: labels or measurements with a gain left in them, the loader's or a small one."""
    for gain in (loader_gain(ENERGY, N), 1.01, 0.99):
        clause.detects(
            lambda seen: asymmetry(name, seen),
            X,
            np.float32(gain) * X,
            f"gain {gain:.3g}",
            at_least=0.1,
        )


@pytest.mark.clause("LOSS-002")
@pytest.mark.parametrize("dark", ["prediction", "measurement", "both"])
@pytest.mark.parametrize("name", sorted(reconstructor.LOSSES))
def test_loss_and_gradient_of_darkness_are_finite(name: str, dark: str, clause: Check) -> None:
    from ptyspec.networks.framework import tensorflow as tf

    amplitude = np.zeros_like(X) if dark in ("measurement", "both") else X
    patches = np.zeros_like(TRUTH) if dark in ("prediction", "both") else TRUTH
    re, im = tf.Variable(np.float32(patches.real)), tf.Variable(np.float32(patches.imag))
    with tf.GradientTape() as tape:
        value = reconstructor.LOSSES[name](
            ForwardModel(PROBE, 1, N).intensity(Field(re, im)), amplitude, ENERGY
        )
    clause.finite(np.asarray(value), "loss")
    for part in tape.gradient(value, [re, im]):
        clause.finite(np.asarray(part), "gradient")

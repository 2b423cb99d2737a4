"""Automatic differentiation | finite differences: what trains descends the loss of physics/ (design 3)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from ptyspec.contracts.arrays import Array
from ptyspec.networks import losses
from ptyspec.networks.field import Field
from ptyspec.networks.forward import ForwardModel
from ptyspec.physics.diffraction import expected_amplitude
from ptyspec.physics.geometry import extract_patches
from ptyspec.physics.scale import BACKGROUND, mean_energy, poisson_deviance, probe_energy
from tests.small_scenes import cut, scattered, small_probe, textured_object

N, M = 32, 6
OBJECT, PROBE = textured_object(90, 80), small_probe(N)
AT = scattered(M, 90, 80, 18)
TRUTH = cut(OBJECT, AT, N)
X = expected_amplitude(PROBE, TRUTH).astype(np.float32)
ENERGY = mean_energy(X)
A0 = (ENERGY / probe_energy(PROBE)) ** 0.5
START = TRUTH + 0.2 * A0 * np.random.default_rng(3).standard_normal((*TRUTH.shape, 2)).view(complex)[..., 0]


def loss(patches: Array) -> float:
    """The loss of physics/, in double precision."""
    field = np.fft.fft2(PROBE.astype(complex) * patches, norm="ortho")
    predicted = np.abs(np.fft.fftshift(field, axes=(-2, -1))) ** 2
    background = BACKGROUND * ENERGY / N**2
    return float(poisson_deviance(predicted, X.astype(float) ** 2, background).sum() / M / ENERGY)


def network_loss(patches: Array, log_scale: Any = 0.0) -> Any:
    """The loss that trains, in single precision."""
    from keras import ops

    predicted = ForwardModel(PROBE, 1, N).intensity(Field(np.float32(patches.real), np.float32(patches.imag)))
    return losses.poisson(predicted * ops.exp(2.0 * log_scale), X, ENERGY)


def gradients() -> tuple[Array, Array]:
    """d loss / d (real, imaginary) of every pixel at START, by the tape."""
    import tensorflow as tf

    re, im = (tf.Variable(np.float32(part)) for part in (START.real, START.imag))
    with tf.GradientTape() as tape:
        value = losses.poisson(ForwardModel(PROBE, 1, N).intensity(Field(re, im)), X, ENERGY)
    made = tape.gradient(value, [re, im])
    return np.asarray(made[0]), np.asarray(made[1])


GRADIENTS = gradients()
BRIGHTEST = tuple(int(i) for i in np.unravel_index(np.argmax(np.abs(PROBE)), PROBE.shape))
FLOOR = 1e-5 * float(np.abs(GRADIENTS).max())
PIXELS = [BRIGHTEST, (N // 2, N // 2), (N // 2 - 3, N // 2 + 4), (N // 4, N // 2), (1, 2)]


@pytest.mark.parametrize("frame", [0, M - 1])
@pytest.mark.parametrize("part", [0, 1], ids=["real", "imaginary"])
@pytest.mark.parametrize("pixel", PIXELS, ids=["brightest", "centre", "off-centre", "flank", "tail"])
def test_the_tapes_slope_is_the_finite_difference(pixel: tuple[int, int], part: int, frame: int) -> None:
    step = np.zeros_like(START)
    step[(frame, *pixel)] = (1e-4 * A0) * (1, 1j)[part]
    slope = (loss(START + step) - loss(START - step)) / (2e-4 * A0)
    # 1e-5 of the largest slope: single precision summed over N^2 pixels; the difference's own error is 1e-8.
    assert GRADIENTS[part][(frame, *pixel)] == pytest.approx(slope, rel=1e-3, abs=FLOOR)


def test_the_slopes_that_are_compared_are_not_all_near_zero() -> None:
    largest = max(np.abs(part).max() for part in GRADIENTS)
    assert abs(GRADIENTS[0][(0, *BRIGHTEST)]) > 0.02 * largest


def test_the_loss_does_not_change_to_first_order_with_the_scale_at_the_truth() -> None:
    import tensorflow as tf

    log_scale = tf.Variable(0.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            value = network_loss(TRUTH, log_scale)
        slope = inner.gradient(value, log_scale)
    curvature = float(outer.gradient(slope, log_scale))
    # loss = 2 L^2 <lambda^2 / (lambda + e)> / energy about the truth: curvature 4 or a little less, slope 0.
    assert 3 < curvature < 4
    assert abs(float(slope)) < 1e-6 * curvature


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


@pytest.mark.parametrize("wrong", WRONG)
def test_the_true_object_has_the_smallest_loss(wrong: str) -> None:
    here = float(network_loss(TRUTH))
    there = float(network_loss(WRONG[wrong]))
    assert abs(here) < 1e-6
    assert there > 100 * abs(here)
    assert there == pytest.approx(loss(WRONG[wrong]), rel=1e-4)


@pytest.mark.parametrize("phase", [0.7, -2.5])
def test_a_patchs_phase_does_not_change_its_loss(phase: float) -> None:
    assert float(network_loss(START * np.exp(1j * phase))) == pytest.approx(float(network_loss(START)), rel=1e-5)

"""Relations of dose, scale and gain for arbitrary factors: what exchanges with what, and what nothing changes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.scenario import DoseSpec
from ptyspec.physics.scale import loader_gain, mean_energy, poisson_deviance, rms_amplitude
from ptyspec.physics.simulate import measure
from ptyspec.spec.checks import Check
from tests.properties import given, st
from tests.small_scenes import scattered, small_probe, textured_object

N = 16
SEEDS = st.integers(0, 2**16)
FACTORS = st.floats(0.05, 20.0)
DOSES = st.floats(3.0, 9.0).map(lambda power: 10.0**power)
PROBE = small_probe(32)[8:24, 8:24]
OBJECT = textured_object(46, 38)
POSITIONS = scattered(6, 46, 38, 9)


def exact(probe: Array = PROBE, obj: Array = OBJECT, nphotons: float = 1e6) -> tuple[Array, float]:
    """Noise-free amplitudes and the scale."""
    return measure(obj, probe, POSITIONS, DoseSpec(nphotons=nphotons, noise="none"), 0)


X, S = exact()


@pytest.mark.clause("DOSE-004", "DOSE-001")
@given(nphotons=DOSES)
def test_the_dose_moves_the_scale_by_its_root_and_leaves_the_amplitudes(
    clause: Check, nphotons: float
) -> None:
    amplitude, scale = exact(nphotons=nphotons)
    clause.close(amplitude, X, "expected amplitudes at another dose")
    clause("DOSE-001").close(scale / S, math.sqrt(nphotons / 1e6), "ratio of the scales")


@pytest.mark.clause("DOSE-001")
@given(nphotons=DOSES, factor=FACTORS)
def test_scale_and_field_energy_give_the_declared_photons(
    clause: Check, nphotons: float, factor: float
) -> None:
    amplitude, scale = exact(probe=(factor * PROBE).astype(np.complex64), nphotons=nphotons)
    clause.close(scale**2 * mean_energy(amplitude), nphotons, "photons a frame")


@pytest.mark.clause("SCALE-004")
@given(factor=FACTORS, angle=st.floats(-3, 3))
def test_probe_times_c_and_object_over_c_are_one_measurement(
    clause: Check, factor: float, angle: float
) -> None:
    c = factor * np.exp(1j * angle)
    amplitude, scale = exact((c * PROBE).astype(np.complex64), (OBJECT / c).astype(np.complex64))
    clause.close(amplitude, X, "amplitudes after the exchange")
    clause.close(scale, S, "scale after the exchange")


@pytest.mark.clause("SCALE-004")
@given(factor=FACTORS)
def test_a_factor_on_the_object_alone_is_seen(clause: Check, factor: float) -> None:
    """Positive control: the amplitudes follow the object; the exchange above is not blindness."""
    clause.close(
        exact(obj=(factor * OBJECT).astype(np.complex64))[0],
        factor * X,
        "amplitudes of a stronger object",
    )


@pytest.mark.clause("SCALE-005")
@given(data=FACTORS, probe=FACTORS)
def test_a0_moves_by_data_over_probe(clause: Check, data: float, probe: float) -> None:
    before = rms_amplitude(mean_energy(X), PROBE)
    after = rms_amplitude(mean_energy(data * X.astype(float)), probe * PROBE.astype(complex))
    clause.close(after, data / probe * before, "a0")


@pytest.mark.clause("NORM-003", "NORM-001")
@given(factor=FACTORS)
def test_normalised_data_are_the_same_whatever_factor_they_had(
    clause: Check, factor: float
) -> None:
    plain, scaled = X.astype(float), factor * X.astype(float)
    g, h = (loader_gain(mean_energy(data), N) for data in (plain, scaled))
    clause.close(h * factor, g, "gain times the factor that it undoes")
    clause("NORM-001").close(mean_energy(h * scaled), (N / 2) ** 2, "mean energy after the gain")


@pytest.mark.clause("NORM-005")
@given(copies=st.integers(1, 5))
def test_frames_that_are_there_several_times_change_no_mean(clause: Check, copies: int) -> None:
    """A frame is a member of several groups; powers of two keep the sums exact."""
    frames = np.float32(2.0) ** np.arange(4)[:, None, None] * np.ones((1, 4, 4), np.float32)
    clause.equal(mean_energy(np.tile(frames, (copies, 1, 1))), mean_energy(frames), "mean energy")


@pytest.mark.clause("POISSON-LADDER-001", "LOSS-002")
@given(seed=SEEDS, background=st.sampled_from([1e-6, 1e-3, 0.1]), dark=st.floats(0, 1))
def test_no_rate_has_a_smaller_deviance_than_the_counts(
    clause: Check, seed: int, background: float, dark: float
) -> None:
    draws = np.random.default_rng(seed)
    counts = draws.poisson(3.0, 64) * (draws.random(64) > dark)
    rate = draws.exponential(3.0, 64) * (draws.random(64) > dark)
    values = poisson_deviance(rate.astype(float), counts.astype(float), background)
    clause("LOSS-002").finite(values, "deviance of rates and counts with zeros")
    clause.holds(values.min() >= -1e-12, "least deviance", values.min(), ">= 0")
    clause.close(
        poisson_deviance(counts.astype(float), counts.astype(float), background),
        np.zeros(64),
        "at the counts",
    )

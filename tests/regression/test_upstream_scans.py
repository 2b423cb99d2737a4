"""Scans that the upstream simulator wrote: our forward model, reader, scale and gain on data that are not ours."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.files.scan_file import read_scan
from ptyspec.physics.diffraction import expected_amplitude
from ptyspec.physics.geometry import extract_patches
from ptyspec.physics.interpolate import sampling_matrix
from ptyspec.physics.scale import (
    intensity_scale,
    loader_gain,
    mean_energy,
    probe_energy,
    rms_amplitude,
)
from ptyspec.spec.checks import Check
from ptyspec.testing.golden.checks import Golden
from ptyspec.testing.golden.files import Tolerance
from tests.shared_data import shared_file
from tests.tiny_runs import relative_l2

SCANS = {"gs1_custom": "scenario_gs1_custom.npz", "gs2_ideal": "scenario_gs2_ideal.npz"}
LANCZOS = 0.012
"""Their bilinear interpolation against our Lanczos: measured 0.0059 (gs1_custom) and 0.0051 (gs2_ideal); a shift of
half a pixel is 0.020 at least, exchanged axes 0.22."""
SHOT = 0.0015
"""Bilinear on both sides leaves the photons alone: sqrt(pixels / 4) / sqrt(1e9) = 0.0010; measured 0.00105, 0.00103."""


@cache
def scan(name: str) -> RawScan:
    return read_scan(shared_file(SCANS[name]))


def sample(name: str) -> tuple[Array, Array, Array, Array]:
    """(positions, measured amplitudes, probe, object) of every eighth frame."""
    it = scan(name)
    assert it.objectGuess is not None
    rows = np.arange(0, it.size, 8)
    return it.positions[rows], it.diff3d[rows].astype(float), it.probeGuess, it.objectGuess


@pytest.mark.clause("TRANSLATE-001", "TRANSLATE-002")
@pytest.mark.parametrize("name", SCANS)
def test_the_true_object_through_our_forward_model_is_their_measurement(
    clause: Check, name: str
) -> None:
    at, measured, probe, obj = sample(name)
    ours = expected_amplitude(probe, extract_patches(obj, at, 64))
    error = relative_l2(ours, measured)
    for rule in ("TRANSLATE-001", "TRANSLATE-002"):
        clause(rule).holds(error < LANCZOS, "error of amplitudes", error, LANCZOS)
    # Measured 7e-4: bilinear interpolation dims.
    assert mean_energy(ours) == pytest.approx(mean_energy(measured), rel=0.002)


@pytest.mark.parametrize("name", SCANS)
def test_with_their_interpolation_nothing_but_photon_noise_remains(name: str) -> None:
    at, measured, probe, obj = sample(name)
    height, width = obj.shape
    low = at - 32
    patches = (
        sampling_matrix(64, height, low[:, 1], "linear")
        @ obj
        @ np.swapaxes(sampling_matrix(64, width, low[:, 0], "linear"), -1, -2)
    )
    assert relative_l2(expected_amplitude(probe, patches), measured) < SHOT


WRONG = {
    "axes": lambda at: at[:, ::-1],
    "half-pixel": lambda at: at + 0.5,
    "next-pixel": lambda at: at - [1, 0],
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("name", SCANS)
def test_another_convention_of_positions_would_show(name: str, wrong: str) -> None:
    """Positive control."""
    at, measured, probe, obj = sample(name)
    assert (
        relative_l2(expected_amplitude(probe, extract_patches(obj, WRONG[wrong](at), 64)), measured)
        > 1.5 * LANCZOS
    )


@cache
def observed(name: str) -> dict[str, float]:
    it = scan(name)
    part = {"all": slice(None), "train": it.metadata["train_idx"], "test": it.metadata["test_idx"]}
    gains = {
        f"gain-{k}": loader_gain(mean_energy(it.diff3d[rows]), it.N) for k, rows in part.items()
    }
    modulus = np.abs(it.probeGuess.astype(complex))
    numbers = {
        **gains,
        "scale": it.scale,
        "amplitude-mean": float(it.diff3d.mean(dtype=float)),
        "probe-mean": modulus.mean(),
        "probe-l2": np.sqrt((modulus**2).sum()),
        "dark-part": float((it.diff3d == 0).mean()),
    }
    return {f"{name}.{key}": float(value) for key, value in numbers.items()}


DIGITS = "upstream baseline section 2, rounding of the recorded digits"
TOLERANCES = {
    "*.gain-*": Tolerance(6e-5, 0, DIGITS),
    "*.*-mean": Tolerance(6e-5, 0, DIGITS),
    "*.probe-l2": Tolerance(0.006, 0, DIGITS),
    "*.dark-part": Tolerance(0.0006, 0, DIGITS),
    "*.scale": Tolerance(0, 1e-6, "sqrt(1e9 / mean energy), first run on the file"),
}


@pytest.mark.golden("regression/upstream_scans.json")
def test_the_recorded_numbers_of_the_upstream_scans_come_out(golden: Golden) -> None:
    golden.numbers(
        {key: value for name in SCANS for key, value in observed(name).items()}, TOLERANCES
    )


@pytest.mark.parametrize("name", SCANS)
def test_the_scale_is_that_of_the_declared_photons(name: str) -> None:
    it = scan(name)
    assert it.scale == pytest.approx(intensity_scale(1e9, mean_energy(it.diff3d)), rel=1e-12)
    counts = (it.scale * it.diff3d[:16].astype(float)) ** 2
    assert (
        np.abs(counts - np.round(counts))[counts < 1000].max() < 0.05
    )  # whole photons, where single precision tells


def test_the_two_scans_were_split_with_unequal_gains_by_their_own_loader() -> None:
    """What NORMALIZATION-001 forbids: 3.4 and 6.3 % between the gains of the two halves."""
    for name, ratio in (("gs1_custom", 1.034), ("gs2_ideal", 1.063)):
        numbers = observed(name)
        assert numbers[f"{name}.gain-test"] / numbers[f"{name}.gain-train"] == pytest.approx(
            ratio, abs=0.001
        )


def test_the_measured_siemens_star_is_read() -> None:
    it = read_scan(shared_file("siemens_star_64.npz"))
    assert (it.size, it.N) == (516, 64)
    assert it.objectGuess is None  # the file's is all ones, which is no truth
    facts: dict[str, Any] = dict(it.metadata)
    assert "assumed" in facts["scale_source"]
    # A transparent sample: the rms amplitude of the gauge that the file's probe sets is near 1.
    assert rms_amplitude(mean_energy(it.diff3d), it.probeGuess) == pytest.approx(0.98, abs=0.01)
    assert probe_energy(it.probeGuess) == pytest.approx(456448, rel=1e-5)

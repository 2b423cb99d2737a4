"""The whole simulation stage against the physics core: positions, mask, scales, gauge, likelihood."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from scipy.ndimage import gaussian_filter

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.contracts.scenario import Scenario, TrainingConfig
from ptyspec.physics.geometry import extract_patches
from ptyspec.physics.probes import central_mask, make_probe
from ptyspec.physics.scale import closed_form_scale, mean_energy, poisson_deviance
from ptyspec.pipeline.simulate import simulate
from ptyspec.spec.checks import Check
from tests.small_scenes import cut, scenario, textured_object

N = 32
PHOTONS = 1e4


def scan_of(**parts: dict[str, Any]) -> tuple[Scenario, RawScan]:
    base: dict[str, dict[str, Any]] = {
        "dose": {"nphotons": PHOTONS},
        "object": {"kind": "grf", "phase": "set_phi"},
        "scan": {"n_images": 40},
    }
    settings = scenario(**(base | parts))
    return settings, simulate(settings)


def intensity(probe: Array, patches: Array) -> Array:
    """|F(P o)|^2 in double precision, written out once more."""
    field = np.fft.fft2(probe.astype(np.complex128) * patches, norm="ortho")
    return np.asarray(np.abs(np.fft.fftshift(field, axes=(-2, -1))) ** 2)


def truth_of(scan: RawScan) -> Array:
    assert scan.objectGuess is not None
    return cut(scan.objectGuess, scan.positions, scan.N)


# Positions


@pytest.mark.clause("TRANSLATE-002")
@pytest.mark.parametrize(
    ("x", "y"),
    [
        pytest.param(20, 40, id="inside"),
        pytest.param(8, 60, id="first-column"),
        pytest.param(45, 3, id="beyond-the-upper-right"),
        pytest.param(-4, 71, id="beyond-the-lower-left"),
    ],
)
def test_a_patch_is_the_plain_cut_around_its_pixel_half_n(x: int, y: int, clause: Check) -> None:
    obj = textured_object(70, 50)
    framed = np.pad(obj, 32)  # object pixel (row, column) is framed pixel (row + 32, column + 32)
    expected = framed[y - 8 + 32 : y + 8 + 32, x - 8 + 32 : x + 8 + 32]
    clause.close(extract_patches(obj, np.array([[x, y]], float), 16)[0], expected, "patch")


# Probe and mask


@pytest.mark.clause("PROBE-MASK-DEFAULT-001")
@pytest.mark.parametrize(
    ("requested", "diameter"),
    [(False, None), (True, None), (True, 20)],
    ids=["none", "default", "twenty-pixels"],
)
def test_the_mask_on_the_probe_is_the_requested_one(
    requested: bool, diameter: int | None, clause: Check
) -> None:
    settings, scan = scan_of(model={"probe_mask": requested, "probe_mask_diameter": diameter})
    probe = make_probe(settings.probe, N, settings.model.probe_scale, settings.seeds.probe)
    mask = central_mask(N, diameter) if requested else np.ones((N, N), bool)
    clause.equal(scan.probeGuess, probe * mask, "probe of the scan")
    assert np.abs(probe)[~central_mask(N)].max() > 1e-3  # there is light that a mask would cut


@pytest.mark.clause("PROBE-MASK-DEFAULT-001")
def test_no_mask_is_the_default(clause: Check) -> None:
    plain, off = (scan_of(model=model)[1].probeGuess for model in ({}, {"probe_mask": False}))
    clause.equal(plain, off, "probe when nothing is requested")


# Scales


@pytest.mark.clause("SCALE-003", "SCALE-001")
def test_twice_the_probe_scale_halves_the_probe_and_doubles_the_scale(clause: Check) -> None:
    (_, one), (_, other) = (
        scan_of(model={"probe_scale": probe_scale}) for probe_scale in (4.0, 8.0)
    )
    clause.equal(other.probeGuess, one.probeGuess / np.complex64(2), "probe")
    clause.equal(other.scale, 2 * one.scale, "s")
    clause.equal(mean_energy(other.diff3d), mean_energy(one.diff3d) / 4, "mean energy")
    # The closed form knows no probe scale, so it is none of these two scales.
    clause("SCALE-001").holds(one.scale != other.scale, "the scale is the data's own")


@pytest.mark.clause("SCALE-001")
@pytest.mark.parametrize("nphotons", [1e4, 1e9])
def test_the_scale_of_a_simulated_scan_is_its_own_and_not_the_closed_form(
    nphotons: float, clause: Check
) -> None:
    _, scan = scan_of(dose={"nphotons": nphotons, "noise": "none"})
    closed = closed_form_scale(nphotons, N)
    clause.holds(
        abs(scan.scale / closed - 1) > 0.1, "s over the closed form", scan.scale / closed, "not one"
    )
    normalised = np.sqrt((N / 2) ** 2 / mean_energy(scan.diff3d)) * scan.diff3d.astype(float)
    clause.close(
        np.sqrt(nphotons / mean_energy(normalised)), closed, "scale of the normalised data"
    )


@pytest.mark.clause("SCALE-002")
@pytest.mark.parametrize("kind", ["ideal", "custom"])
def test_the_true_object_predicts_the_energy_that_the_stage_stored(
    kind: str, clause: Check
) -> None:
    _, scan = scan_of(probe={"kind": kind})
    predicted = intensity(scan.probeGuess, truth_of(scan)).sum(axis=(1, 2)).mean()
    clause.close(predicted, mean_energy(scan.diff3d), "predicted over measured energy")
    clause.close(scan.scale**2 * predicted, PHOTONS, "predicted photons a frame")


@pytest.mark.clause("SCALE-002")
@pytest.mark.parametrize(
    "factor", [0.98, 1.02, 4.0], ids=["dimmer", "brighter", "probe-scale-twice"]
)
def test_the_closure_sees_a_factor_on_the_probe(factor: float, clause: Check) -> None:
    """Positive control."""
    _, scan = scan_of()

    def closure(probe: Array) -> float:
        return float(
            intensity(probe, truth_of(scan)).sum(axis=(1, 2)).mean() / mean_energy(scan.diff3d)
        )

    clause.detects(
        closure, scan.probeGuess, factor * scan.probeGuess, "a factor on the probe", at_least=0.01
    )


# The likelihood


def deviance(scan: RawScan, patches: Array, background: float = 1e-12) -> Array:
    """Deviance a pixel in counts."""
    rate = scan.scale**2 * intensity(scan.probeGuess, patches)
    return poisson_deviance(rate, (scan.scale * scan.diff3d.astype(np.float64)) ** 2, background)


@pytest.mark.clause("LOSS-007")
@pytest.mark.parametrize("nphotons", [1e6, 1e8])
def test_the_deviance_of_poisson_counts_at_the_truth_is_one_half_a_pixel(
    nphotons: float, clause: Check
) -> None:
    _, scan = scan_of(dose={"nphotons": nphotons})
    bright = scan.scale**2 * intensity(scan.probeGuess, truth_of(scan)) > 20
    assert bright.sum() > 10_000
    clause.close(
        2 * deviance(scan, truth_of(scan))[bright].mean(), 1, "twice the deviance of a bright pixel"
    )


PERTURBED: dict[str, Callable[[Array], Array]] = {
    "dimmer": lambda o: 0.9 * o,
    "brighter": lambda o: 1.1 * o,
    "blurred": lambda o: (
        gaussian_filter(o.real, (0, 1, 1)) + 1j * gaussian_filter(o.imag, (0, 1, 1))
    ),
    "shifted": lambda o: np.roll(o, 1, axis=1),
    "without-phase": np.abs,
    "neighbour": lambda o: np.roll(o, 1, axis=0),
}


@pytest.mark.clause("POISSON-LADDER-001")
@pytest.mark.parametrize("change", PERTURBED)
def test_with_photon_noise_too_the_true_object_is_the_likeliest(change: str, clause: Check) -> None:
    _, scan = scan_of()
    truth = truth_of(scan)
    clause.detects(
        lambda patches: float(deviance(scan, patches, 1e-3).sum()),
        truth,
        PERTURBED[change](truth),
        change,
    )
    wrong, right = (
        deviance(scan, patches, 1e-3).sum() for patches in (PERTURBED[change](truth), truth)
    )
    clause.holds(
        wrong > right + 10,
        "deviance of the perturbed object",
        wrong,
        f"> {right:.0f}, the true object's",
    )


# Terms


@pytest.mark.clause("LOSS-005")
@pytest.mark.parametrize(
    "name", ["realspace_weight", "realspace_mae_weight", "mae_weight", "nll_weight", "tv_weight"]
)
def test_a_weight_for_a_term_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        TrainingConfig.model_validate({name: 0.1})

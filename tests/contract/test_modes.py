"""A probe of several incoherent modes: their intensities add, from file and simulator to the object."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.errors import ProbeError
from ptyspec.files.scan_file import read_scan, write_scan
from ptyspec.files.scan_parts import read_probe
from ptyspec.physics.diffraction import expected_amplitude, far_field
from ptyspec.physics.iterative import reconstruct, refine_probe
from ptyspec.physics.probes import mode_powers, with_modes
from ptyspec.physics.scale import illumination_weight, probe_energy
from ptyspec.physics.scan_facts import ScanFacts, lit_diameter
from ptyspec.pipeline.simulate import simulate
from ptyspec.scores.metrics import score
from ptyspec.spec.checks import Check
from tests.small_scenes import cut, scattered, scenario, small_probe, textured_object

N = 32
POWERS = (0.7, 0.3)


@cache
def scan() -> RawScan:
    return simulate(
        scenario(
            object={"phase": "texture"},
            probe={"modes": POWERS},
            dose={"nphotons": 1e7},
            scan={"n_images": 60, "buffer": 34},
        )
    )


@pytest.mark.clause("FORWARD-007")
@pytest.mark.parametrize("powers", [(0.7, 0.3), (5, 3, 2), (1, 1, 1, 1)], ids=["two", "three", "4"])
def test_the_pattern_is_the_sum_of_the_modes_intensities(
    powers: tuple[float, ...], clause: Check
) -> None:
    modes = with_modes(small_probe(N), powers)
    patches = cut(textured_object(90, 76), scattered(5, 90, 76, 20), N)
    fields = np.stack([far_field(mode.astype(complex) * patches) for mode in modes])
    expected = (np.abs(fields) ** 2).sum(axis=0)
    clause.close(expected_amplitude(modes, patches) ** 2, expected, "intensity")


@pytest.mark.clause("FORWARD-007")
def test_a_probe_told_as_two_halves_of_itself_is_that_probe(clause: Check) -> None:
    probe, patches = small_probe(N), cut(textured_object(90, 76), scattered(5, 90, 76, 20), N)
    halves = np.stack([probe, 1j * probe]) * np.sqrt(0.5)
    clause.close(expected_amplitude(halves, patches), expected_amplitude(probe, patches), "pattern")
    np.testing.assert_allclose(illumination_weight(halves), illumination_weight(probe), rtol=1e-5)


def test_simulated_modes_are_orthogonal_and_share_the_probe_s_energy() -> None:
    modes, whole = scan().probeGuess, small_probe(N, 1084)
    np.testing.assert_allclose(mode_powers(modes), POWERS, rtol=1e-5)
    assert probe_energy(modes) == pytest.approx(probe_energy(whole), rel=1e-5)
    assert abs(np.vdot(modes[0], modes[1])) < 1e-4 * probe_energy(whole)
    np.testing.assert_allclose(modes[0], np.sqrt(0.7) * whole, rtol=1e-5)  # the probe itself


@pytest.mark.clause("ITERATIVE-003")
def test_the_iterative_reference_reaches_the_object_of_two_modes(clause: Check) -> None:
    truth = scan().objectGuess
    assert truth is not None
    block = score(reconstruct(scan(), sweeps=20), truth)["amplitude"]
    clause.close(block["mean_ratio"], 1, "mean amplitude over the true one")
    assert block["pearson_r"] > 0.9  # measured: 0.947, and 0.984 with one mode
    first = scan().model_copy(update={"probeGuess": scan().probeGuess[0]})
    alone = score(reconstruct(first, sweeps=20), truth)["amplitude"]
    assert alone["mean_ratio"] > 1.1  # positive control: the power of the other mode is missing


def test_refined_modes_keep_their_energy_and_come_back_orthogonal() -> None:
    modes = scan().probeGuess
    mixed = np.stack([modes[0] + 0.2 * modes[1], modes[1] - 0.1 * modes[0]]).astype(np.complex64)
    made = refine_probe(scan().model_copy(update={"probeGuess": mixed}), sweeps=4)
    assert probe_energy(made) == pytest.approx(probe_energy(mixed), rel=1e-4)
    assert abs(np.vdot(made[0], made[1])) < 1e-4 * probe_energy(made)
    overlap = abs(np.vdot(made[0], modes[0])) / np.linalg.norm(made[0]) / np.linalg.norm(modes[0])
    assert overlap > 0.99  # measured: 0.999


def stacked(*axes: int | slice | None) -> Array:
    """The modes with axes of length one put between theirs."""
    return np.asarray(scan().probeGuess[axes])


FORMS = {
    "modes": (slice(None),),
    "ptychodus": (None, slice(None)),
    "ptylab-six-axes": (None, None, slice(None), None),
    "weakest-first": (slice(None, None, -1),),
}


@pytest.mark.clause("PROBE-007", "DATA-001")
@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_modes_is_read(form: str, clause: Check, tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.npz", scan())
    np.save(tmp_path / "probe.npy", stacked(*FORMS[form]))
    made = read_scan(tmp_path / "scan.npz", probe=tmp_path / "probe.npy").probeGuess
    clause("PROBE-007").equal(made, scan().probeGuess, "modes, strongest first")
    clause("DATA-001").shape_dtype(made, (2, N, N), np.complex64, "probeGuess")
    again = read_scan(tmp_path / "scan.npz").probeGuess
    clause("PROBE-007").equal(again, scan().probeGuess, "modes that were saved with the scan")


def test_one_mode_is_a_probe_without_an_axis_for_it() -> None:
    one = RawScan(**{**dict(scan()), "probeGuess": scan().probeGuess[:1]})
    assert one.probeGuess.shape == (N, N)


def test_a_probe_that_varies_over_the_scan_is_refused_with_advice_that_works(
    tmp_path: Path,
) -> None:
    varying = np.stack([scan().probeGuess, 0.1 * scan().probeGuess])
    np.save(tmp_path / "probe.npy", varying)
    with pytest.raises(ProbeError, match="varies over the scan") as refused:
        read_probe(tmp_path / "probe.npy")
    assert "probe[0]" in str(refused.value)
    np.save(tmp_path / "probe.npy", varying[0])
    assert read_probe(tmp_path / "probe.npy").shape == (2, N, N)


OF_ITS_OWN = {
    "frame": (lambda: np.repeat(scan().probeGuess[:1], scan().size, 0), "for every frame"),
    "ptychi-opr": (lambda: scan().probeGuess[:, None], "varies over the scan"),
    "ptylab-colours": (lambda: scan().probeGuess[:, None, None, None], "varies over the scan"),
    "ptylab-objects": (lambda: scan().probeGuess[None, :, None, None], "varies over the scan"),
}


@pytest.mark.parametrize(("probe", "words"), OF_ITS_OWN.values(), ids=OF_ITS_OWN)
def test_probes_that_are_no_modes_are_never_added_up(
    probe: Callable[[], Array], words: str, tmp_path: Path
) -> None:
    np.save(tmp_path / "probe.npy", probe())
    write_scan(tmp_path / "scan.npz", scan())
    with pytest.raises(ProbeError, match=words):
        read_scan(tmp_path / "scan.npz", probe=tmp_path / "probe.npy")


@pytest.mark.clause("FORWARD-007")
def test_the_first_look_at_a_scan_adds_the_modes_patterns(clause: Check) -> None:
    fields = far_field(scan().probeGuess.astype(complex))
    clause.close(ScanFacts(scan()).pattern, (np.abs(fields) ** 2).sum(axis=0), "pattern")
    assert lit_diameter(scan().probeGuess) > lit_diameter(scan().probeGuess[0])

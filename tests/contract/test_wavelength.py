"""The wavelength of a scan's beam: the photons' and not the machine's, the electrons' and not the photons'."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import RawScan
from ptyspec.errors import InputFileError
from ptyspec.files.scan_file import read_scan
from ptyspec.spec.checks import Check
from tests import cxi_files
from tests import foreign_files as foreign
from tests.cxi_files import DETECTOR, DISTANCE, SOURCE, WAVELENGTH, far_field_scan
from tests.cxi_files import with_unit as unit


def source_energy(value: float, word: str | None) -> dict[str, Any]:
    return {f"{SOURCE}/energy": unit(value, word) if word else value}


KEV = foreign.EV / 1e3
ENERGIES = [
    pytest.param({"beam_1/energy": unit(KEV, "keV")}, id="beam-energy"),
    pytest.param({"beam_1/incident_energy": unit(foreign.EV, "eV")}, id="incident"),
    pytest.param({"beam_1/incident_beam_energy": unit(foreign.EV, "eV")}, id="incident-beam"),
    pytest.param({"beam_1/incident_wavelength": unit(1.0, "angstrom")}, id="angstrom"),
    pytest.param({"monochromator_1/energy": unit(KEV, "keV")}, id="monochromator"),
]


@pytest.mark.clause("FILE-012")
@pytest.mark.parametrize("ring", [(3.0, "GeV"), (6000.0, "MeV")], ids=["gev", "mev"])
@pytest.mark.parametrize("beam", ENERGIES)
def test_the_wavelength_is_that_of_the_photons(
    beam: dict[str, Any], ring: tuple[float, str], tmp_path: Path, clause: Check
) -> None:
    changes = {f"entry_1/instrument_1/{key}": value for key, value in beam.items()}
    path = cxi_files.write(tmp_path / "s.cxi", **source_energy(*ring), **changes)
    geometry = read_scan(path).metadata["geometry"]
    clause.close(geometry["wavelength_m"], WAVELENGTH, "wavelength")


PHOTON, ELECTRON = 1.239841984e-9, {80.0: 4.1757e-12, 200.0: 2.5079e-12, 300.0: 1.9687e-12}
"""Wavelength in m of 1 keV of photons; of electrons by keV (Kirkland, Advanced Computing in Electron Microscopy)."""


def at_distance(metres: float) -> float:
    """So far away a wavelength gives the object pixel of the scan."""
    return DISTANCE * WAVELENGTH / metres


def cxi(kev: float, metres: float, **more: Any) -> foreign.Writer:
    facts = {**source_energy(kev, "keV"), f"{DETECTOR}/distance": at_distance(metres), **more}
    return lambda folder: {"path": cxi_files.write(folder / "s.cxi", **facts)}


def nxptycho(kev: float, metres: float, **more: Any) -> foreign.Writer:
    beam = {"entry_1/instrument_1/beam_1/energy": unit(kev * 1e3, "eV")}
    facts = {**source_energy(3.0, "GeV"), f"{DETECTOR}/distance": at_distance(metres)}
    return lambda folder: {"path": cxi_files.write(folder / "s.cxi", **facts, **beam, **more)}


def ptypy(kev: float, metres: float, **more: Any) -> foreign.Writer:
    return foreign.ptypy(**{"meta/energy": kev, "meta/distance": at_distance(metres)}, **more)


def right_wavelength(clause: Check, scan: RawScan, metres: float) -> None:
    found = scan.metadata["geometry"]["wavelength_m"]
    clause.holds(abs(found / metres - 1) < 3e-5, "wavelength, m", found, metres)
    right_positions(scan)


def right_positions(scan: RawScan) -> None:
    origin, corners = scan.positions - scan.positions.min(axis=0), far_field_scan()[1]
    assert np.abs(origin - corners + corners.min(axis=0)).max() < 1e-3


@pytest.mark.clause("FILE-012")
@pytest.mark.parametrize("write", [cxi, nxptycho, ptypy])
@pytest.mark.parametrize("kev", ELECTRON)
def test_an_energy_of_electrons_gives_their_wavelength_and_is_asked_about_first(
    write: Any, kev: float, tmp_path: Path, clause: Check
) -> None:
    given = {"probe": foreign.probe_file(tmp_path), **write(kev, ELECTRON[kev])(tmp_path)}
    with pytest.raises(InputFileError) as caught:
        read_scan(**given)
    asked = str(caught.value)
    clause.holds("--particle electron" in asked, "what is asked", asked, "--particle electron")
    right_wavelength(clause, read_scan(**given, particle="electron"), ELECTRON[kev])


SHINES = {name: {f"{SOURCE}/probe": np.bytes_(name)} for name in ("electron", "x-ray")}
SYNCHROTRON = {f"{SOURCE}/type": np.bytes_("Synchrotron X-ray Source")}
SAYS = {
    "cxi-electron": (cxi, 80.0, ELECTRON[80.0], SHINES["electron"]),
    "nexus-electron": (nxptycho, 300.0, ELECTRON[300.0], SHINES["electron"]),
    "slow-electrons": (cxi, 20.0, 8.5885e-12, SHINES["electron"]),
    "hard-x-rays": (cxi, 33.0, PHOTON / 33, SHINES["x-ray"]),
    "synchrotron": (nxptycho, 60.0, PHOTON / 60, SYNCHROTRON),
    "wavelength-too": (nxptycho, 80.0, 4.1757e-12, {f"{SOURCE}/wavelength": 4.1757e-12}),
    "ptypy-electrons": (ptypy, 296.9178, 4.1757e-12, {"info/electron_data": True}),
    "photons-below-30": (cxi, 29.0, PHOTON / 29, {}),
}


@pytest.mark.clause("FILE-012")
@pytest.mark.parametrize(("write", "kev", "metres", "more"), SAYS.values(), ids=SAYS)
def test_a_file_that_says_what_has_the_energy_is_not_asked_about(
    write: Any, kev: float, metres: float, more: dict[str, Any], tmp_path: Path, clause: Check
) -> None:
    given = {"probe": foreign.probe_file(tmp_path), **write(kev, metres, **more)(tmp_path)}
    scan = read_scan(**given)
    right_wavelength(clause, scan, metres)
    assert not [said for said in scan.metadata.get("warnings", []) if "wavelength" in said]


@pytest.mark.clause("FILE-012")
def test_an_energy_that_decides_no_pixel_is_not_asked_about(tmp_path: Path, clause: Check) -> None:
    given = foreign.pair(**{"@probe_energy_eV": 80e3})(tmp_path)
    right_wavelength(clause, read_scan(**given, particle="photon"), PHOTON / 80)
    right_positions(read_scan(**given))
    given = {**foreign.ptypy(**{"meta/energy": 300.0})(tmp_path), "object_pixel": "125nm"}
    assert "wavelength_m" not in read_scan(**given).metadata["geometry"]


def test_a_statement_against_the_file_is_followed_and_said(tmp_path: Path) -> None:
    energy = source_energy(80.0, "keV")
    path = cxi_files.write(tmp_path / "s.cxi", **energy, **SHINES["electron"])
    scan = read_scan(path, particle="photon")
    assert scan.metadata["geometry"]["wavelength_m"] == pytest.approx(15.498e-12, rel=1e-4)
    assert "the file says electron" in " ".join(scan.metadata["warnings"])

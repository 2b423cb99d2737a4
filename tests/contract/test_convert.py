"""A scan written as NPZ, CXI or NXptycho comes back bit by bit; frames behind filters that HDF5 lacks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.contracts.bundles import RawScan
from ptyspec.errors import InputFileError, OutputExistsError, PtyspecError
from ptyspec.extras import installed
from ptyspec.files.scan_file import read_scan
from ptyspec.files.scan_written import write_as
from ptyspec.files.stated import with_lengths
from ptyspec.seeds import generator
from ptyspec.spec.checks import Check
from tests import cxi_files
from tests.cxi_files import DISTANCE, PIXEL, WAVELENGTH, M, N, far_field_scan
from tests.npz_files import full_scan

LENGTHS = (f"{WAVELENGTH} m", f"{DISTANCE * 1e3}mm", f"{PIXEL * 1e6:.0f} um")


def whole(**changes: Any) -> RawScan:
    """Amplitudes that are roots of no whole numbers, a mask, labels, an object, and metadata of their own."""
    scan = of_counts()
    draw = generator(5, "labels")
    mask = draw.random((N, N)) > 0.05
    known = {
        "diff3d": np.where(mask, scan.diff3d * np.float32(1.1), np.float32(0)),
        "mask": mask,
        "Y": (draw.normal(size=(M, N, N)) + 1j).astype(np.complex64),
        "objectGuess": draw.normal(size=(60, 50)).astype(np.complex64),
        "scan_index": np.arange(M) % 3,
        "metadata": {**scan.metadata, "note": "Ångström \u0000 end", "list": [1, 2.5, None]},
    }
    return scan.model_copy(update=known | changes)


def of_counts() -> RawScan:
    """Whole counts with a scale: stored as whole numbers."""
    counts, corners, probe = far_field_scan()
    x, y = corners.T + N / 2 + 0.25
    positions = {"xcoords": x, "ycoords": y, "xcoords_start": x + 1, "ycoords_start": y}
    amplitude = (np.sqrt(counts) / 3.7).astype(np.float32)
    index = np.zeros(M, np.int64)
    scan = RawScan(
        **positions,
        diff3d=amplitude,
        scale=3.7,
        probeGuess=probe / np.float32(3.7),
        scan_index=index,
    )
    return with_lengths(scan, *LENGTHS)


def of_electrons() -> RawScan:
    """80 keV, whose wavelength is a 24th of the photons'; so far away that the pixels stay."""
    scan = of_counts()
    geometry = {**scan.metadata["geometry"], "wavelength_m": 4.1757e-12, "particle": "electron"}
    geometry["distance_m"] *= WAVELENGTH / geometry["wavelength_m"]
    return scan.model_copy(update={"metadata": {**scan.metadata, "geometry": geometry}})


SCANS = {
    "electrons": of_electrons,
    "labels": whole,
    "no-truth": lambda: whole(objectGuess=None, Y=None),
    "no-mask": lambda: whole(mask=None),
    "counts": of_counts,
}


def same(clause: Check, back: RawScan, scan: RawScan) -> None:
    for name in set(RawScan.model_fields) - {"source"}:
        value = getattr(back, name)
        value = np.array(value) if isinstance(value, np.ndarray) else value
        clause.equal(value, getattr(scan, name), name)


@pytest.mark.clause("FILE-016")
@pytest.mark.parametrize("suffix", [".npz", ".cxi", ".nxs"], ids=["npz", "cxi", "nxptycho"])
@pytest.mark.parametrize("kind", SCANS)
def test_a_converted_scan_comes_back_bit_for_bit(
    kind: str, suffix: str, tmp_path: Path, clause: Check
) -> None:
    scan = SCANS[kind]()
    same(clause, read_scan(write_as(tmp_path / f"s{suffix}", scan)), scan)


def test_a_converted_file_is_a_cxi_file_for_others(tmp_path: Path) -> None:
    path = write_as(tmp_path / "s.nxs", of_counts())
    with h5py.File(path, "a") as file:
        assert file["entry_1/data_1/data"].dtype == np.uint16
        assert file["entry_1/definition"][()] == b"NXptycho"
        del file["entry_1/ptyspec_1"]
    scan = read_scan(path)
    np.testing.assert_allclose(scan.diff3d**2, far_field_scan()[0], rtol=1e-6)
    moves = scan.positions - of_counts().positions
    np.testing.assert_allclose(moves - moves[0], 0, atol=1e-9)
    np.testing.assert_allclose(scan.probeGuess, far_field_scan()[2], rtol=1e-6, atol=1e-6)


def test_a_converted_file_says_that_the_energy_is_that_of_electrons(tmp_path: Path) -> None:
    path = write_as(tmp_path / "s.nxs", of_electrons())
    with h5py.File(path, "a") as file:
        del file["entry_1/ptyspec_1"], file["entry_1/instrument_1/beam_1/incident_wavelength"]
        assert file["entry_1/instrument_1/beam_1/energy"][()] == pytest.approx(80e3, rel=1e-4)
    geometry = read_scan(path).metadata["geometry"]
    assert geometry["wavelength_m"] == pytest.approx(4.1757e-12, rel=1e-9)
    assert geometry["particle"] == "electron"


def test_translations_that_were_changed_win_and_are_said(tmp_path: Path) -> None:
    path = write_as(tmp_path / "s.cxi", of_counts())
    with h5py.File(path, "a") as file:
        file["entry_1/instrument_1/detector_1/translation"][3, 0] += 1e-7
    scan = read_scan(path)
    assert "were changed" in " ".join(scan.metadata["warnings"])
    moved = scan.positions - of_counts().positions
    assert np.ptp(moved, axis=0).max() > 0.5


def test_what_cannot_be_converted_says_what_to_state(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="--wavelength, --distance and --detector-pixel"):
        write_as(tmp_path / "s.cxi", full_scan())
    with pytest.raises(InputFileError, match="suffix"):
        write_as(tmp_path / "s.tif", full_scan())
    write_as(tmp_path / "s.npz", full_scan())
    with pytest.raises(OutputExistsError, match="--force"):
        write_as(tmp_path / "s.npz", full_scan())
    assert [path.name for path in tmp_path.iterdir()] == ["s.npz"]


def test_the_command_converts_and_states_what_a_file_lacks(tmp_path: Path) -> None:
    source = write_as(tmp_path / "in.npz", of_counts())
    words = ["convert", str(source), str(tmp_path / "OUT.CXI"), "--json"]
    done = CliRunner().invoke(app, words)
    assert json.loads(done.stdout)["written"].endswith("OUT.CXI")
    assert read_scan(tmp_path / "OUT.CXI").scale == 3.7
    assert CliRunner().invoke(app, words).exit_code != 0  # it is there
    assert CliRunner().invoke(app, [*words, "--force", "--format", "npz"]).exit_code == 0
    assert (tmp_path / "OUT.CXI").read_bytes()[:2] == b"PK"


def unreadable(file: h5py.File, key: str) -> None:
    """A chunk behind a filter that is in no library (LZ4's number, and bytes that are none)."""
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_chunk((M, N, N))
    plist.set_filter(32004, h5py.h5z.FLAG_OPTIONAL)
    parent, _, name = key.rpartition("/")
    space = h5py.h5s.create_simple((M, N, N))
    group = file.require_group(parent).id
    dataset = h5py.h5d.create(group, name.encode(), h5py.h5t.NATIVE_INT32, space, plist)
    dataset.write_direct_chunk((0, 0, 0), b"no frames" * 9, 0)


@pytest.mark.clause("FILE-015")
def test_a_filter_that_is_missing_is_named_with_its_package(
    tmp_path: Path, clause: Check, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = cxi_files.write(tmp_path / "s.cxi", **{"entry_1/data_1/data": unreadable})
    monkeypatch.setattr("ptyspec.extras._installed", lambda name: name != "hdf5plugin")
    monkeypatch.setattr("h5py.h5z.filter_avail", lambda code: code < 300)
    with pytest.raises(PtyspecError) as caught:
        read_scan(path)
    clause.holds(
        "ptyspec[compressed]" in str(caught.value), "error", str(caught.value), "a package"
    )


@pytest.mark.clause("FILE-015")
@pytest.mark.skipif(not installed("hdf5plugin"), reason="hdf5plugin is not installed")
@pytest.mark.parametrize("name", ["Bitshuffle", "LZ4", "Blosc", "Zstd"])
def test_compressed_frames_are_read_bit_by_bit(name: str, tmp_path: Path, clause: Check) -> None:
    import hdf5plugin

    def put(file: h5py.File, key: str) -> None:
        how = getattr(hdf5plugin, name)()
        file.create_dataset(key, data=far_field_scan()[0], chunks=(1, N, N), **how)

    path = cxi_files.write(tmp_path / "s.cxi", **{"entry_1/data_1/data": put})
    clause.equal(
        np.rint(read_scan(path).diff3d ** 2), far_field_scan()[0].astype(np.float32), "counts"
    )

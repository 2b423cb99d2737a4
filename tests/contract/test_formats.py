"""Scans as other programs keep them: told by content, the same scan as CXI, and never completed by a guess."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from ptyspec.contracts.bundles import RawScan
from ptyspec.errors import InputFileError, PtyspecError
from ptyspec.files.scan_file import read_scan
from ptyspec.runs.request import request
from ptyspec.spec.checks import Check
from tests import cxi_files
from tests import foreign_files as foreign
from tests.cxi_files import DETECTOR, OBJECT_PIXEL, PIXEL, WAVELENGTH, N, far_field_scan
from tests.cxi_files import with_unit as unit
from tests.npz_files import saved

FORMATS = [
    pytest.param(foreign.ptypy(), id="ptypy"),
    pytest.param(foreign.ptypy(chunks=3, turned=True), id="ptypy-chunks"),
    pytest.param(foreign.ptypy(chunks__0__weights=None), id="ptypy-weightless"),
    pytest.param(foreign.ptylab(), id="ptylab"),
    pytest.param(foreign.ptylab(shape=(1,)), id="ptylab-vectors"),
    pytest.param(foreign.ptylab(shape=(), across=True), id="ptylab-across"),
    pytest.param(foreign.pair(), id="ptychodus"),
    pytest.param(foreign.pair("probe"), id="product-as-probe"),
    pytest.param(foreign.pair(probe_axes=4, centred=True), id="ptychi"),
    pytest.param(foreign.matlab(saved=False), id="matlab-block"),
    pytest.param(foreign.matlab(saved=True), id="matlab-saved"),
    pytest.param(foreign.matlab(saved=True, libver="latest"), id="matlab-latest"),
    pytest.param(foreign.nexus(), id="nxptycho"),
    pytest.param(foreign.nexus(moved=False), id="cxi-definition"),
]


def read(given: dict[str, Any]) -> RawScan:
    return read_scan(**{key: value for key, value in given.items() if key != "order"})


def same(clause: Check, scan: RawScan, order: Any = slice(None)) -> None:
    """The scan is the one that was simulated, up to the origin of the positions."""
    counts, corners, probe = far_field_scan()
    expected = (corners - corners.min(axis=0))[order]
    clause.close(scan.positions - scan.positions.min(axis=0), expected, "positions [x, y]")
    clause.equal(np.rint(scan.diff3d**2), counts[order].astype(np.float32), "counts")
    clause.equal(scan.probeGuess, probe, "probe")
    assert scan.scale == 1.0


@pytest.mark.clause("FILE-011")
@pytest.mark.parametrize("write", FORMATS)
def test_a_file_of_another_program_gives_the_same_scan(
    write: foreign.Writer, tmp_path: Path, clause: Check
) -> None:
    same(clause, read(write(tmp_path)))


def weights(chunks: int, turned: bool, *, common: bool = False, bare: int | None = None) -> Any:
    """What ptypy weighs with: (scan's masks, where frames are good, True)."""
    each = np.random.default_rng(8).random((len(foreign.moves()), N, N)) > 0.05
    order = np.arange(len(each))[::-1] if turned else np.arange(len(each))
    parts = dict(enumerate(np.array_split(order, chunks)))
    changes: dict[str, Any] = {
        f"chunks/{number}/weights": 2.5 * each[rows] for number, rows in parts.items()
    }
    if common:
        changes["meta/weight2d"] = each[0].astype(float)
    if bare is not None:
        changes[f"chunks/{bare}/weights"] = np.zeros(0)
        each[parts[bare]] = each[0] if common else True
    return foreign.ptypy(chunks, turned, **changes), each


WEIGHTS = {
    "one-chunk": weights(1, turned=False),
    "chunks": weights(3, turned=True),
    "bare-chunk": weights(3, turned=False, bare=1),
    "common": weights(3, turned=True, common=True, bare=0),
}


@pytest.mark.clause("FILE-011", "CXI-002")
@pytest.mark.parametrize(("write", "each"), WEIGHTS.values(), ids=WEIGHTS)
def test_weights_of_ptypy_are_the_masks_of_their_frames(
    write: foreign.Writer, each: Any, tmp_path: Path, clause: Check
) -> None:
    scan = read(write(tmp_path))
    assert scan.mask is not None
    clause("FILE-011").equal(scan.mask, each, "mask")
    expected = np.where(each, far_field_scan()[0], 0).astype(np.float32)
    clause("CXI-002").equal(np.rint(scan.diff3d**2), expected, "counts")


@pytest.mark.clause("FILE-011")
def test_positions_of_a_product_name_their_frames(tmp_path: Path, clause: Check) -> None:
    given = foreign.shuffled_pair(tmp_path)
    same(clause, read(given), given["order"])


@pytest.mark.parametrize("write", FORMATS)
def test_the_size_of_an_object_pixel_is_in_the_metadata_where_the_file_gives_it(
    write: foreign.Writer, tmp_path: Path
) -> None:
    geometry = read(write(tmp_path)).metadata.get("geometry")
    if geometry is not None:
        assert geometry["object_pixel_m"] == pytest.approx(OBJECT_PIXEL, rel=1e-9)
        assert geometry["wavelength_m"] == pytest.approx(WAVELENGTH, rel=1e-9)


def other_name(name: str, write: foreign.Writer) -> Any:
    return pytest.param(name, write, id=name.replace(".", "-").lower())


def npz(folder: Path) -> foreign.Given:
    return {"path": saved(folder), "probe": None}


@pytest.mark.clause("FILE-010")
@pytest.mark.parametrize(
    ("name", "write"),
    [
        other_name("SCAN.NPZ", npz),
        other_name("scan.dat", npz),
        other_name("scan.yaml", npz),
        other_name("S.CXI", foreign.nexus()),
        other_name("s.nxs", foreign.nexus()),
        other_name("s", foreign.nexus()),
        other_name("S.PTYD", foreign.ptypy()),
        other_name("s.npz", foreign.ptylab()),
        other_name("s.H5", foreign.matlab(saved=True)),
    ],
)
def test_a_file_is_read_whatever_its_name(
    name: str, write: foreign.Writer, tmp_path: Path, clause: Check
) -> None:
    given = write(tmp_path)
    before = read(given)
    path = given.pop("path").rename(tmp_path / "renamed")
    path = path.rename(tmp_path / name)
    clause.equal(read({"path": path, **given}).diff3d, before.diff3d, "frames")
    words = [f"{key}={value}" for key, value in keyed(given).items()]
    try:
        scan = request(str(path), settings=words).scenario.scan.path
    except PtyspecError as error:
        scan = str(error)
    clause.equal(scan, str(path), "scan of a run")


def keyed(given: foreign.Given) -> foreign.Given:
    keys = {"probe": "probe.path", "positions": "scan.positions"}
    return {keys[key]: value for key, value in given.items() if value is not None}


FOREIGN = {
    "mat5": (b"MATLAB 5.0 MAT-file, Platform", "MATLAB 5", "v7.3"),
    "tiff": (b"II*\0\x08\0\0\0", "TIFF", "numpy.save"),
    "merlin": (b"HDR,000001,00384", "Merlin", "RosettaSciIO"),
    "dm4": (b"\0\0\0\4\0\0\0\0", "Digital Micrograph", "RosettaSciIO"),
    "pickle": (b"\x80\x04\x95\x10\0", "pickle", "plain arrays"),
    "gzip": (b"\x1f\x8b\x08\0", "gzip", "unpack"),
    "text": (b"1 2 3\n4 5 6\n", "no known kind", "file-formats"),
}


@pytest.mark.clause("FILE-010")
@pytest.mark.parametrize(
    ("head", "name", "step"), [pytest.param(*row, id=key) for key, row in FOREIGN.items()]
)
def test_what_is_not_read_is_named_with_what_would_read_it(
    head: bytes, name: str, step: str, tmp_path: Path, clause: Check
) -> None:
    path = tmp_path / "scan.dat"
    path.write_bytes(head + bytes(64))
    with pytest.raises(InputFileError) as caught:
        read_scan(path)
    details = caught.value.details
    clause.holds(name in str(details["value"]), "what it is", details["value"], name)
    clause.holds(step in str(details["next"]), "what would read it", details["next"], step)


def array_of(value: float, word: str | bytes) -> Any:
    """A number with its unit as an array of one element, as some writers store it."""

    def put(file: h5py.File, key: str) -> None:
        file[key] = np.array([value])
        file[key].attrs["units"] = np.array(
            [word], h5py.string_dtype() if isinstance(word, str) else None
        )

    return put


def motors(file: h5py.File, _: str) -> None:
    """The sample's two motors in place of one array; the horizontal one counts the other way."""
    x, y = foreign.moves().T
    group = file.create_group("entry_1/sample_1/transformations")
    group["x"], group["y"] = -x * 1e6, y * 1e6
    for name, vector in (("x", [-1, 0, 0]), ("y", [0, 1, 0])):
        group[name].attrs.update({"units": "um", "vector": vector})


def raster(file: h5py.File, key: str) -> None:
    counts = far_field_scan()[0]
    file[key] = counts.reshape(7, 7, N, N)


def other_names(file: h5py.File, _: str) -> None:
    """NeXus names groups freely and tells them by their class."""
    file.move("entry_1", "scan_7")
    file.move("scan_7/instrument_1", "scan_7/beamline")
    file.move("scan_7/beamline/detector_1", "scan_7/beamline/eiger")
    classes = {"": "NXentry", "/beamline": "NXinstrument", "/beamline/eiger": "NXdetector"}
    for place, kind in classes.items():
        file[f"scan_7{place}"].attrs["NX_class"] = kind


NO_MOVES = {"entry_1/data_1/translation": None}
VARIANTS = [
    pytest.param({f"{DETECTOR}/distance": array_of(2e3, b"mm")}, id="bytes-array"),
    pytest.param({f"{DETECTOR}/distance": array_of(2.0, "m")}, id="text-array"),
    pytest.param({f"{DETECTOR}/beam_center_x": unit(N / 2 * PIXEL, "m")}, id="centre-metres"),
    pytest.param({f"{DETECTOR}/beam_center_y": unit(N / 2 * PIXEL * 1e3, "mm")}, id="centre-mm"),
    pytest.param({f"{DETECTOR}/beam_center_y": unit(N / 2, "pixel")}, id="centre-pixel"),
    pytest.param({f"{DETECTOR}/beam_center_x": N / 2 * PIXEL}, id="centre-no-unit"),
    pytest.param({**NO_MOVES, "motors": motors}, id="motors"),
    pytest.param({"entry_1/data_1/data": raster}, id="raster"),
    pytest.param({"~": other_names}, id="classes"),
]


@pytest.mark.clause("FILE-011")
@pytest.mark.parametrize("changes", VARIANTS)
def test_a_variant_of_cxi_or_nexus_gives_the_same_scan(
    changes: dict[str, Any], tmp_path: Path, clause: Check
) -> None:
    path = cxi_files.write(tmp_path / "s.cxi", **changes)
    scan = read_scan(path, probe=foreign.probe_file(tmp_path) if "~" in changes else None)
    same(clause, scan)


@pytest.mark.clause("FILE-011")
@pytest.mark.parametrize(
    "place", ["entry_1/sample_1/geometry_1", DETECTOR, "entry_1/sample_1"], ids=["g", "d", "s"]
)
def test_translations_are_found_in_each_place(place: str, tmp_path: Path, clause: Check) -> None:
    moves = np.zeros((len(foreign.moves()), 3))
    moves[:, :2] = foreign.moves()
    changes = {**NO_MOVES, f"{place}/translation": moves}
    same(clause, read_scan(cxi_files.write(tmp_path / "s.cxi", **changes)))


@pytest.mark.clause("FILE-013")
@pytest.mark.parametrize(
    "write",
    [
        pytest.param(foreign.table(""), id="bare"),
        pytest.param(foreign.table("x, y"), id="named"),
        pytest.param(foreign.table("y,x"), id="rows-first"),
        pytest.param(foreign.table("# i,y,x"), id="comment"),
        pytest.param(
            foreign.table("x_um,y_um", 1e-6, units="um", object_pixel=f"{OBJECT_PIXEL!r}m"),
            id="lengths",
        ),
        pytest.param(
            foreign.table("x,y", 1e-9, units="nm", object_pixel=f"{OBJECT_PIXEL * 1e9!r} nm"),
            id="nanometres",
        ),
    ],
)
def test_what_is_stated_completes_a_file(
    write: foreign.Writer, tmp_path: Path, clause: Check
) -> None:
    same(clause, read(write(tmp_path)))


@pytest.mark.clause("FILE-013")
@pytest.mark.parametrize(
    ("source", "word", "value"),
    [
        ("cxi", "m", 1.0),
        ("cxi", "um", 1e6),
        ("cxi-pixel", "um", 1e6),
        ("cxi", "px", 1 / OBJECT_PIXEL),
        ("npz", "m", 1.0),
        ("npz", "nm", 1e9),
    ],
    ids=["cxi-m", "cxi-um", "cxi-um-and-pixel", "cxi-px", "npz-m", "npz-nm"],
)
def test_a_stated_unit_turns_lengths_into_pixels(
    source: str, word: str, value: float, tmp_path: Path, clause: Check
) -> None:
    x, y = (foreign.moves() * value).T
    if source != "npz":
        moves = np.stack([x, y, 0 * x], axis=1)
        path = cxi_files.write(tmp_path / "s.cxi", **{"entry_1/data_1/translation": moves})
        pixel = f"{OBJECT_PIXEL!r} m" if source == "cxi-pixel" else None
        scan = read_scan(path, units=word, object_pixel=pixel)
    else:
        counts, _, probe = far_field_scan()
        lengths = {"xcoords": x, "ycoords": y, "measurement": "counts", "probeGuess": probe}
        path = saved(tmp_path, diff3d=counts, **lengths, xcoords_start=None, ycoords_start=None)
        scan = read_scan(path, units=word, object_pixel=f"{OBJECT_PIXEL!r} m")
    same(clause, scan)


def cube(folder: Path) -> foreign.Given:
    counts = far_field_scan()[0].reshape(7, 7, N, N)
    return {"path": foreign.hdf5(folder / "s.h5", {"datacube_root/datacube/data": counts})}


def dp_alone(folder: Path) -> foreign.Given:
    return {"path": foreign.hdf5(folder / "s.h5", {"dp": far_field_scan()[0]})}


def npy(folder: Path) -> foreign.Given:
    return {
        key: value for key, value in foreign.table("x,y")(folder).items() if key != "measurement"
    }


def cxi_alone(folder: Path) -> foreign.Given:
    return {"path": cxi_files.write(folder / "s.cxi", **NO_MOVES)}


LACKING = [
    pytest.param(cxi_alone, {}, "--positions FILE", id="cxi-without-positions"),
    pytest.param(cube, {}, "--step LENGTH", id="cube-without-step"),
    pytest.param(cube, {"step": "0.4nm"}, "--object-pixel", id="cube-without-pixel"),
    pytest.param(cube, {"step": "4px", "shape": "6x8"}, "--shape", id="cube-of-another-shape"),
    pytest.param(dp_alone, {}, "--positions FILE", id="dp-without-positions"),
    pytest.param(dp_alone, {"step": "4px"}, "--shape ROWS", id="dp-without-shape"),
    pytest.param(npy, {}, "--measurement counts", id="npy-without-kind"),
    pytest.param(npy, {"measurement": "counts", "units": "um"}, "--object-pixel", id="npy-lengths"),
    pytest.param(npy, {"measurement": "counts", "units": "inch"}, "unknown unit", id="npy-inches"),
    pytest.param(npz, {"units": "m"}, "--object-pixel", id="npz-lengths"),
    pytest.param(dp_alone, {"step": "five", "shape": "7x7"}, "5px or 20nm", id="step-in-words"),
    pytest.param(dp_alone, {"step": "4px", "shape": "49"}, "ROWSxCOLUMNS", id="shape-of-one"),
]


@pytest.mark.clause("FILE-013")
@pytest.mark.parametrize(("write", "stated", "words"), LACKING)
def test_what_is_missing_is_asked_for_with_the_option_that_states_it(
    write: foreign.Writer, stated: dict[str, Any], words: str, tmp_path: Path, clause: Check
) -> None:
    given = {"probe": foreign.probe_file(tmp_path), **write(tmp_path), **stated}
    try:
        scan = read(given)
    except PtyspecError as error:
        clause.holds(words in str(error), "error", str(error), words)
    else:
        clause.fail("scan", f"positions from {scan.positions[0]}", "an error")


def calibrated(folder: Path, values: dict[str, Any]) -> foreign.Given:
    """A datacube of py4DSTEM: 6 rows and 8 columns, with what its calibration says."""
    counts = far_field_scan()[0][:48].reshape(6, 8, N, N)
    place = "datacube_root/metadatabundle/calibration"
    calibration = {f"{place}/{key}": value for key, value in values.items()}
    path = foreign.hdf5(folder / "c.h5", {"datacube_root/datacube/data": counts} | calibration)
    return {"path": path, "probe": foreign.probe_file(folder)}


CALIBRATION = {"R_pixel_size": 0.4, "R_pixel_units": "nm"}
CALIBRATION |= {"Q_pixel_size": 0.025, "Q_pixel_units": "A^-1"}
"""Field of view 1 / 0.025 A^-1 = 4 nm: an object pixel of 0.125 nm, and a step of 3.2 pixels."""


@pytest.mark.clause("FILE-013")
@pytest.mark.parametrize(
    ("values", "stated", "step"),
    [
        pytest.param({}, {"step": "5px"}, 5.0, id="pixels"),
        pytest.param({}, {"step": "5"}, 5.0, id="bare-number"),
        pytest.param({}, {"step": "0.4 nm", "object_pixel": "100pm"}, 4.0, id="lengths"),
        pytest.param(CALIBRATION, {}, 3.2, id="calibrated"),
        pytest.param(CALIBRATION, {"step": "8A"}, 6.4, id="calibrated-field"),
        pytest.param(
            CALIBRATION, {"shape": "6x8", "step": "5px"}, 5.0, id="stated-over-calibrated"
        ),
    ],
)
def test_a_datacube_has_its_raster_with_the_column_fastest(
    values: dict[str, Any], stated: dict[str, Any], step: float, tmp_path: Path, clause: Check
) -> None:
    scan = read(calibrated(tmp_path, values) | stated)
    rows, columns = np.divmod(np.arange(48), 8)
    expected = np.stack([columns, rows], axis=1) * step
    clause.close(scan.positions - scan.positions[0], expected, "positions [x, y]")

"""NPZ scans of others: aliases, axis orders, spare axes, extra keys, probes of their own (DATA-001, FORMAT-001)."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.errors import InputFileError
from ptyspec.files.scan_file import read_scan
from ptyspec.seeds import generator
from tests.npz_files import M, N, boxed, fields, same_bits, saved, warnings_of


@pytest.mark.clause("FILE-003")
def test_diffraction_is_read_as_diff3d(tmp_path: Path) -> None:
    assert same_bits(
        read_scan(saved(tmp_path, diff3d=None, diffraction=fields()["diff3d"])).diff3d,
        fields()["diff3d"],
    )


@pytest.mark.clause("FILE-003")
def test_diff3d_wins_over_diffraction_and_says_so(tmp_path: Path) -> None:
    scan = read_scan(saved(tmp_path, diffraction=np.ones((M, N, N), np.float32)))
    assert same_bits(scan.diff3d, fields()["diff3d"])
    assert "both diff3d and diffraction" in warnings_of(scan)


@pytest.mark.clause("FORMAT-001")
@pytest.mark.parametrize(
    "compressed", [pytest.param(True, id="compressed"), pytest.param(False, id="mapped")]
)
def test_frames_with_the_scan_axis_last_are_turned(compressed: bool, tmp_path: Path) -> None:
    turned = np.moveaxis(fields()["diff3d"], 0, -1)
    scan = read_scan(saved(tmp_path, compressed, diff3d=None, diffraction=turned))
    assert same_bits(scan.diff3d, fields()["diff3d"])
    assert not warnings_of(scan)


@pytest.mark.clause("FORMAT-001")
def test_an_ambiguous_order_is_taken_as_scan_first_with_a_warning(tmp_path: Path) -> None:
    frames = generator(1, "cube").uniform(0, 3, (N, N, N)).astype(np.float32)
    line = np.arange(N, dtype=float)
    names = ("xcoords", "ycoords", "xcoords_start", "ycoords_start")
    scan = read_scan(saved(tmp_path, diff3d=frames, **dict.fromkeys(names, line)))
    assert same_bits(scan.diff3d, frames)
    assert "order was assumed" in warnings_of(scan)


@pytest.mark.clause("FILE-003")
def test_missing_actual_positions_are_taken_from_the_nominal_ones_with_a_warning(
    tmp_path: Path,
) -> None:
    scan = read_scan(saved(tmp_path, xcoords=None, ycoords=None))
    assert same_bits(scan.xcoords, fields()["xcoords_start"])
    assert same_bits(scan.ycoords, fields()["ycoords_start"])
    assert "nominal positions" in warnings_of(scan)


def test_missing_nominal_positions_are_taken_from_the_actual_ones(tmp_path: Path) -> None:
    scan = read_scan(saved(tmp_path, xcoords_start=None, ycoords_start=None))
    assert same_bits(scan.xcoords_start, fields()["xcoords"])
    assert same_bits(scan.ycoords_start, fields()["ycoords"])


@pytest.mark.clause("FILE-003")
def test_positions_in_one_column_are_flattened(tmp_path: Path) -> None:
    assert same_bits(
        read_scan(saved(tmp_path, xcoords=fields()["xcoords"][:, None])).xcoords,
        fields()["xcoords"],
    )


@pytest.mark.clause("FILE-003")
@pytest.mark.parametrize(
    "turn",
    [
        pytest.param(lambda p: p.astype(np.complex128), id="complex128"),
        pytest.param(lambda p: p[None], id="mode-first"),
        pytest.param(lambda p: p[..., None], id="mode-last"),
        pytest.param(lambda p: p[None, None], id="opr-and-mode"),
    ],
)
def test_a_probe_is_read_as_one_complex64_square(turn: Any, tmp_path: Path) -> None:
    assert same_bits(
        read_scan(saved(tmp_path, probeGuess=turn(fields()["probeGuess"]))).probeGuess,
        fields()["probeGuess"],
    )


@pytest.mark.clause("FILE-003")
def test_labels_with_a_last_axis_of_one_are_read(tmp_path: Path) -> None:
    labels = (1j + generator(2, "labels").normal(size=(M, N, N))).astype(np.complex64)
    assert same_bits(read_scan(saved(tmp_path, Y=labels[..., None])).Y, labels)


@pytest.mark.clause("LABEL-002")
def test_a_constant_object_stands_for_no_truth(tmp_path: Path) -> None:
    scan = read_scan(saved(tmp_path, objectGuess=np.ones((30, 30), np.complex64)))
    assert scan.objectGuess is None
    assert scan.metadata["objectGuess"] == "constant, treated as absent"


@pytest.mark.clause("DATA-002")
@pytest.mark.parametrize("key", ["metadata", "_metadata"])
def test_metadata_as_json_text_is_read(key: str, tmp_path: Path) -> None:
    assert (
        read_scan(saved(tmp_path, **{key: np.array('{"beamline": "P25"}')})).metadata["beamline"]
        == "P25"
    )


@pytest.mark.clause("FILE-002")
def test_extra_scalars_and_index_arrays_are_kept(tmp_path: Path) -> None:
    scan = read_scan(
        saved(
            tmp_path,
            train_idx=np.arange(3),
            gridsize=np.int64(2),
            probe_scale=4.0,
            note=np.array("dry"),
        )
    )
    kept = {key: scan.metadata[key] for key in ("train_idx", "gridsize", "probe_scale", "note")}
    assert kept == {"train_idx": [0, 1, 2], "gridsize": 2, "probe_scale": 4.0, "note": "dry"}


@pytest.mark.clause("FILE-002")
def test_an_extra_array_that_is_not_kept_is_named(tmp_path: Path) -> None:
    assert "dark float64(8, 8)" in warnings_of(read_scan(saved(tmp_path, dark=np.zeros((N, N)))))


@pytest.mark.clause("FILE-005")
def test_members_that_point_outside_the_archive_are_only_names(tmp_path: Path) -> None:
    path = saved(tmp_path)
    for name in ("../escape", "/absolute/escape"):
        (tmp_path / "one.npy").unlink(missing_ok=True)
        np.save(tmp_path / "one.npy", np.zeros((2, 2)))
        with zipfile.ZipFile(path, "a") as archive:
            archive.write(tmp_path / "one.npy", f"{name}.npy")
    (tmp_path / "one.npy").unlink()
    assert "../escape" in warnings_of(read_scan(path))
    assert [p.name for p in tmp_path.iterdir()] == ["scan.npz"]
    assert not (tmp_path.parent / "escape.npy").exists()


@pytest.mark.parametrize(
    "write",
    [
        pytest.param(lambda path, probe: np.save(path.open("wb"), probe), id="npy"),
        pytest.param(lambda path, probe: np.savez(path.open("wb"), probe=probe[None]), id="npz"),
        pytest.param(lambda path, probe: np.savez(path.open("wb"), probeGuess=probe), id="scan"),
    ],
)
def test_a_probe_file_replaces_the_stored_probe(write: Any, tmp_path: Path) -> None:
    other = np.full((N, N), 2 - 1j, np.complex64)
    write(tmp_path / "probe", other)
    assert same_bits(read_scan(saved(tmp_path), probe=tmp_path / "probe").probeGuess, other)


@pytest.mark.parametrize(
    ("write", "word"),
    [
        pytest.param(lambda path: np.savez(path.open("wb"), other=1), "no probe", id="no-key"),
        pytest.param(
            lambda path: np.save(path.open("wb"), boxed(1), allow_pickle=True),
            "pickled",
            id="pickle",
        ),
        pytest.param(lambda path: path.write_bytes(b"GIF89a" * 9), "HDF5", id="foreign"),
        pytest.param(lambda path: None, "no such file", id="missing"),
    ],
)
def test_a_probe_file_without_a_probe_is_refused(write: Any, word: str, tmp_path: Path) -> None:
    write(tmp_path / "probe")
    with pytest.raises(InputFileError, match=word):
        read_scan(saved(tmp_path), probe=tmp_path / "probe")

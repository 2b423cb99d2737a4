"""NPZ files that are refused: pickles, damage, wrong arrays - each by name, none run (DATA-002)."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.errors import InputFileError, ProbeError, PtyspecError, ScanDataError
from ptyspec.files.scan_file import read_scan
from ptyspec.files.zipped_arrays import NpzArchive
from ptyspec.seeds import generator
from tests.npz_files import COUNTS, Bomb, M, N, boxed, fields, saved, warnings_of


@pytest.mark.clause("DATA-002")
@pytest.mark.parametrize(
    "key",
    [
        "diff3d",
        "xcoords",
        "probeGuess",
        "objectGuess",
        "mask",
        "Y",
        "scale",
        "measurement",
        "nphotons",
    ],
)
def test_a_pickled_key_is_refused_by_name_and_never_run(key: str, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    path = saved(tmp_path, **{key: boxed(Bomb(trace))})
    with pytest.raises(InputFileError, match=rf"{key} is a pickled object array[\s\S]*numpy.savez"):
        read_scan(path)
    assert not trace.exists()


@pytest.mark.clause("DATA-002")
@pytest.mark.parametrize("key", ["_metadata", "metadata", "history"])
def test_a_pickled_key_that_is_not_needed_is_skipped_with_advice_and_never_run(
    key: str, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    scan = read_scan(saved(tmp_path, **{key: boxed(Bomb(trace))}))
    assert f"{key} is pickled and was skipped; store it as JSON text" in warnings_of(scan)
    assert not trace.exists()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-200])


def cut_early(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:300])


def flip(path: Path) -> None:
    """Change one byte inside the compressed data of the first array."""
    data = bytearray(path.read_bytes())
    data[zipfile.ZipFile(path).infolist()[0].compress_size // 2 + 60] ^= 0xFF
    path.write_bytes(bytes(data))


def wrong_checksum(path: Path) -> None:
    """Change the checksum that the archive's index keeps for the first array."""
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 16] ^= 0xFF
    path.write_bytes(bytes(data))


def lie(path: Path) -> None:
    """An array whose header promises more than the member holds."""
    with zipfile.ZipFile(path, "w") as archive:
        for key, value in fields().items():
            with archive.open(f"{key}.npy", "w") as member:
                np.lib.format.write_array(member, np.asarray(value))
        with archive.open("mask.npy", "w") as member:
            np.lib.format.write_array_header_1_0(
                member, {"descr": "|b1", "fortran_order": False, "shape": (N, N)}
            )


def garbage(path: Path) -> None:
    path.write_bytes(b"neither zip nor hdf5")


def bare_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps({"diff3d": 1}))


def lone_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.zeros(3))


@pytest.mark.clause("FILE-004")
@pytest.mark.parametrize(
    ("damage", "word"),
    [
        pytest.param(cut, "truncated", id="truncated"),
        pytest.param(cut_early, "truncated", id="truncated-early"),
        pytest.param(flip, "damaged", id="flipped-byte"),
        pytest.param(wrong_checksum, "damaged", id="wrong-checksum"),
        pytest.param(lie, "mask cannot be read", id="lying-header"),
        pytest.param(garbage, "not read", id="garbage"),
        pytest.param(bare_pickle, "not read", id="bare-pickle"),
        pytest.param(lone_array, "a single numpy array", id="npy-named-npz"),
        pytest.param(lambda path: path.write_bytes(b""), "empty", id="empty"),
        pytest.param(lambda path: path.unlink(), "no such file", id="missing"),
        pytest.param(lambda path: (path.unlink(), path.mkdir()), "not a file", id="folder"),
    ],
)
def test_a_damaged_or_foreign_file_is_an_input_error_that_names_it(
    damage: Any, word: str, tmp_path: Path
) -> None:
    path = saved(tmp_path, compressed=True)
    damage(path)
    with pytest.raises(InputFileError, match=word) as caught:
        read_scan(path)
    assert "scan.npz" in str(caught.value)
    assert caught.value.details["next"]


@pytest.mark.clause("FILE-004")
@pytest.mark.parametrize("save", [np.savez, np.savez_compressed], ids=["stored", "compressed"])
def test_a_large_array_with_a_wrong_checksum_is_damaged(save: Any, tmp_path: Path) -> None:
    path = tmp_path / "scan.npz"
    save(path, Y=generator(2, "large").random((50, N, N)))
    wrong_checksum(path)
    with NpzArchive(path) as archive, pytest.raises(InputFileError, match="Y cannot be read"):
        archive.read("Y")


@pytest.mark.parametrize(
    "rows", [pytest.param(N + 1, id="too-many"), pytest.param(N - 1, id="too-few")]
)
def test_a_map_never_reaches_beyond_its_member_or_stops_short_of_it(
    rows: int, tmp_path: Path
) -> None:
    path = tmp_path / "scan.npz"
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("mask.npy", "w") as member:
            np.lib.format.write_array_header_1_0(
                member, {"descr": "|b1", "fortran_order": False, "shape": (rows, N)}
            )
            member.write(bytes(N * N))
        archive.writestr("next.npy", bytes(1000))
    with NpzArchive(path) as opened, pytest.raises(InputFileError, match="mask cannot be read"):
        opened.memmap("mask")


def test_an_empty_archive_says_what_is_missing(tmp_path: Path) -> None:
    np.savez(tmp_path / "scan.npz")
    with pytest.raises(InputFileError, match=r"lacks diff3d[\s\S]*nothing"):
        read_scan(tmp_path / "scan.npz")


SPIKE = np.zeros((M, N, N), np.float32)
SPIKE[3, 2, 1] = np.inf
WRONG = np.nan * np.ones((M, N, N), np.float32)


@pytest.mark.clause("DATA-003")
@pytest.mark.parametrize(
    ("changes", "error", "word"),
    [
        pytest.param({"diff3d": None}, InputFileError, "lacks diff3d", id="no-frames"),
        pytest.param(
            {"xcoords": None, "xcoords_start": None}, InputFileError, "lacks xcoords", id="no-x"
        ),
        pytest.param(
            {"ycoords": None, "ycoords_start": None}, InputFileError, "lacks ycoords", id="no-y"
        ),
        pytest.param({"probeGuess": None}, ProbeError, "--probe", id="no-probe"),
        pytest.param(
            {"probeGuess": np.ones((3, 2, N, N), np.complex64)},
            ProbeError,
            "varies over the scan",
            id="modes",
        ),
        pytest.param(
            {"probeGuess": np.ones((4, 4), np.complex64)},
            ProbeError,
            "another size",
            id="small-probe",
        ),
        pytest.param(
            {"probeGuess": np.zeros((N, N), np.complex64)},
            ProbeError,
            "zero everywhere",
            id="dark-probe",
        ),
        pytest.param({"xcoords": np.ones(M + 1)}, ScanDataError, "another length", id="lengths"),
        pytest.param(
            {"diff3d": np.ones((M, N, N + 2), np.float32)},
            ScanDataError,
            "not square",
            id="not-square",
        ),
        pytest.param(
            {"diff3d": np.ones((M, N * N), np.float32)}, ScanDataError, "wrong shape", id="flat"
        ),
        pytest.param({"diff3d": np.float32(1)}, ScanDataError, "wrong shape", id="scalar"),
        pytest.param(
            {"diff3d": np.ones((2, N, N, 4), np.float32)},
            ScanDataError,
            "wrong shape",
            id="grouped",
        ),
        pytest.param(
            {"diff3d": np.zeros((0, N, N), np.float32)}, ScanDataError, "empty", id="no-frame"
        ),
        pytest.param(
            {"diff3d": np.ones((M, N, N), np.complex64)}, ScanDataError, "complex", id="complex"
        ),
        pytest.param({"diff3d": np.full((M, N, N), "1")}, ScanDataError, "numbers", id="text"),
        pytest.param({"diff3d": WRONG}, ScanDataError, "not finite", id="nan"),
        pytest.param(
            {"diff3d": WRONG, "nphotons": 1e6}, ScanDataError, "not finite", id="nan-dose"
        ),
        pytest.param({"diff3d": SPIKE}, ScanDataError, "not finite", id="inf"),
        pytest.param(
            {"diff3d": -np.ones((M, N, N), np.float32)}, ScanDataError, "negative", id="negative"
        ),
        pytest.param(
            {"diff3d": -COUNTS, "measurement": np.array("counts")},
            ScanDataError,
            "negative",
            id="negative-counts",
        ),
        pytest.param(
            {"mask": np.ones((M + 1, N, N), bool)},
            ScanDataError,
            "mask has the wrong shape",
            id="mask",
        ),
        pytest.param(
            {"metadata": np.array("{oops")}, InputFileError, "not JSON", id="metadata-text"
        ),
        pytest.param(
            {"metadata": np.array("[1]")}, InputFileError, "not a JSON object", id="metadata-list"
        ),
        pytest.param({"metadata": np.arange(3)}, InputFileError, "not text", id="metadata-numbers"),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_the_reason(
    changes: dict[str, Any], error: type[PtyspecError], word: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=word) as caught:
        read_scan(saved(tmp_path, **changes))
    assert "scan.npz" in str(caught.value)

"""NPZ scans: saving and loading loses nothing, frames stay on disk, a dying writer harms nothing (DATA-001)."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import RawScan
from ptyspec.errors import OutputFileError, ScanDataError
from ptyspec.files.scan_file import read_scan, sha256_of, write_scan
from ptyspec.files.zipped_arrays import NpzArchive
from tests.npz_files import N, fields, full_scan, same_bits, saved, warnings_of
from tests.shared_data import shared_file

ARRAYS = [
    "xcoords",
    "ycoords",
    "xcoords_start",
    "ycoords_start",
    "diff3d",
    "probeGuess",
    "scan_index",
    "objectGuess",
    "Y",
    "mask",
]


@pytest.mark.clause("FILE-001")
@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_survives_saving_and_loading_bit_for_bit(name: str, tmp_path: Path) -> None:
    scan = full_scan()
    back = read_scan(write_scan(tmp_path / "s.npz", scan))
    assert same_bits(getattr(back, name), getattr(scan, name))


@pytest.mark.clause("FILE-001")
def test_numbers_and_words_survive_saving_and_loading(tmp_path: Path) -> None:
    scan = full_scan()
    back = read_scan(write_scan(tmp_path / "s.npz", scan))
    assert back.scale == scan.scale
    assert back.metadata == scan.metadata


def test_optional_arrays_that_are_absent_stay_absent(tmp_path: Path) -> None:
    back = read_scan(
        write_scan(tmp_path / "s.npz", RawScan(**fields(), scan_index=None, scale=1.0))
    )
    assert back.objectGuess is None
    assert back.Y is None
    assert back.mask is None


@pytest.mark.clause("FILE-007")
def test_equal_scans_give_equal_files(tmp_path: Path) -> None:
    first, second = (
        write_scan(tmp_path / "a.npz", full_scan()),
        write_scan(tmp_path / "b.npz", full_scan()),
    )
    assert sha256_of(first) == sha256_of(second)


@pytest.mark.clause("DATA-002")
def test_numpy_opens_what_was_written_without_pickles(tmp_path: Path) -> None:
    scan = full_scan()
    with np.load(write_scan(tmp_path / "s.npz", scan), allow_pickle=False) as file:
        assert same_bits(file["diff3d"], scan.diff3d)
        assert json.loads(str(file["metadata"])) == scan.metadata
        assert str(file["measurement"]) == "amplitude"


@pytest.mark.clause("FILE-008")
def test_frames_of_a_written_file_stay_on_disk_and_are_aligned_and_read_only(
    tmp_path: Path,
) -> None:
    frames = read_scan(write_scan(tmp_path / "s.npz", full_scan())).diff3d
    assert isinstance(frames, np.memmap)
    assert frames.ctypes.data % 64 == 0
    assert not frames.flags.writeable


@pytest.mark.clause("FILE-008")
def test_frames_of_somebody_elses_uncompressed_file_stay_on_disk(tmp_path: Path) -> None:
    path = saved(tmp_path)
    frames = read_scan(path).diff3d
    assert isinstance(frames, np.memmap)
    assert same_bits(frames, fields()["diff3d"])


def test_frames_of_a_compressed_file_are_read_into_memory(tmp_path: Path) -> None:
    path = saved(tmp_path, compressed=True)
    assert same_bits(read_scan(path).diff3d, fields()["diff3d"])
    with NpzArchive(path) as archive:
        assert archive.memmap("diff3d") is None


def test_a_scan_can_be_written_over_the_file_it_is_mapped_from(tmp_path: Path) -> None:
    path = write_scan(tmp_path / "s.npz", full_scan())
    write_scan(path, read_scan(path))
    assert same_bits(read_scan(path).diff3d, full_scan().diff3d)


def test_transposed_frames_are_written_in_the_canonical_order(tmp_path: Path) -> None:
    flipped = np.asfortranarray(fields()["diff3d"])
    back = read_scan(
        write_scan(
            tmp_path / "s.npz", RawScan(**fields(diff3d=flipped), scan_index=None, scale=1.0)
        )
    )
    assert back.diff3d.flags.c_contiguous
    assert same_bits(back.diff3d, flipped)


@pytest.mark.clause("FILE-006")
@pytest.mark.parametrize(
    ("bad", "word"),
    [
        pytest.param({"x": float("nan")}, "Out of range", id="nan"),
        pytest.param({"x": object()}, "object", id="object"),
        pytest.param({"x": {1: 2}}, "not text", id="number-key"),
    ],
)
def test_metadata_that_json_cannot_hold_is_refused_and_nothing_is_written(
    bad: dict[str, Any], word: str, tmp_path: Path
) -> None:
    with pytest.raises(ScanDataError, match=word):
        write_scan(tmp_path / "s.npz", full_scan().model_copy(update={"metadata": bad}))
    assert list(tmp_path.iterdir()) == []


def test_numpy_values_in_metadata_become_plain_ones(tmp_path: Path) -> None:
    scan = full_scan().model_copy(
        update={"metadata": {"a": np.arange(3), "b": np.float64(2.5), "c": (1, 2)}}
    )
    assert read_scan(write_scan(tmp_path / "s.npz", scan)).metadata == {
        "a": [0, 1, 2],
        "b": 2.5,
        "c": [1, 2],
    }


class DyingFrames(np.ndarray):
    """Frames whose second block cannot be read, as when a disk or a writer dies half-way."""

    error: BaseException = OSError(errno.ENOSPC, "No space left on device")

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice) and key.start:
            raise self.error
        return super().__getitem__(key)


@pytest.mark.clause("FILE-006")
@pytest.mark.parametrize(
    "before", [pytest.param(True, id="former-file"), pytest.param(False, id="no-former-file")]
)
@pytest.mark.parametrize(
    ("error", "seen"),
    [
        pytest.param(
            OSError(errno.ENOSPC, "No space left on device"), OutputFileError, id="disk-full"
        ),
        pytest.param(KeyboardInterrupt(), KeyboardInterrupt, id="killed"),
        pytest.param(MemoryError(), MemoryError, id="memory"),
    ],
)
def test_a_writer_that_dies_leaves_the_former_file_and_nothing_else(
    before: bool,
    error: BaseException,
    seen: type[BaseException],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = tmp_path / "s.npz"
    if before:
        write_scan(path, full_scan())
    digest = sha256_of(path) if before else None
    monkeypatch.setattr("ptyspec.files.zipped_arrays.blocks.__defaults__", (N * N * 4,))
    monkeypatch.setattr(DyingFrames, "error", error)
    scan = full_scan().model_copy(update={"diff3d": full_scan().diff3d.view(DyingFrames)})
    with pytest.raises(seen):
        write_scan(path, scan)
    assert [p.name for p in tmp_path.iterdir()] == (["s.npz"] if before else [])
    assert (sha256_of(path) if before else None) == digest


@pytest.mark.skipif(
    not Path("/dev/full").exists(), reason="this system has no device that is always full"
)
def test_a_full_disk_is_reported_in_plain_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open
    monkeypatch.setattr(
        Path,
        "open",
        lambda self, mode="r": real(Path("/dev/full"), "r+b") if "x" in mode else real(self, mode),
    )
    with pytest.raises(OutputFileError, match="No space left"):
        write_scan(tmp_path / "s.npz", full_scan())


def test_a_folder_that_does_not_exist_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputFileError, match="folder"):
        write_scan(tmp_path / "absent" / "s.npz", full_scan())


@pytest.mark.clause("FILE-001")
@pytest.mark.parametrize(
    ("name", "shape", "scale", "truth"),
    [
        pytest.param("siemens_star_64.npz", (516, 64, 64), 1.0, False, id="siemens"),
        pytest.param("scenario_gs1_custom.npz", (512, 64, 64), 252.19, True, id="gs1-custom"),
        pytest.param("scenario_gs2_ideal.npz", (1024, 64, 64), 559.72, True, id="gs2-ideal"),
    ],
)
def test_a_real_file_is_read_without_a_warning_and_survives_rewriting(
    name: str, shape: tuple[int, ...], scale: float, truth: bool, tmp_path: Path
) -> None:
    scan = read_scan(shared_file(name))
    assert scan.diff3d.shape == shape
    assert scan.scale == pytest.approx(scale, rel=1e-4)
    assert (scan.objectGuess is not None) == truth
    assert not warnings_of(scan)
    back = read_scan(write_scan(tmp_path / name, scan))
    assert same_bits(back.diff3d, scan.diff3d)
    assert back.metadata == scan.metadata

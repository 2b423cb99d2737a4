"""Frames beyond what memory should hold lie on disk, and are the same bit by bit."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from ptyspec.contracts.scenario import ScanSpec
from ptyspec.errors import OutputFileError
from ptyspec.files import large
from ptyspec.files.scan_file import read_scan
from ptyspec.pipeline.mend import mend
from tests.cxi_files import far_field_scan, write
from tests.npz_files import fields, saved

FRAMES = "entry_1/data_1/data"


def chunked(**how: Any) -> Callable[[h5py.File, str], None]:
    counts = far_field_scan()[0]
    return lambda file, key: file.create_dataset(key, data=counts, chunks=(8, 32, 32), **how)


def behind_a_user_block(path: Path) -> Path:
    plain = write(path.with_suffix(".plain"))
    with h5py.File(plain) as old, h5py.File(path, "w", userblock_size=512) as new:
        for name in old:
            old.copy(name, new)
    return path


def counts_of(path: Path, **how: Any) -> Path:
    frames = np.arange(fields()["diff3d"].size, dtype=np.uint16).reshape(fields()["diff3d"].shape)
    return saved(path, diff3d=frames, measurement=np.array("counts"), **how)


FILES: dict[str, Callable[[Path], Path]] = {
    "cxi-contiguous": lambda folder: write(folder / "s.cxi"),
    "cxi-big-endian": lambda folder: write(
        folder / "s.cxi", **{FRAMES: far_field_scan()[0].astype(">i4")}
    ),
    "cxi-chunked": lambda folder: write(folder / "s.cxi", **{FRAMES: chunked()}),
    "cxi-gzip": lambda folder: write(folder / "s.cxi", **{FRAMES: chunked(compression=4)}),
    "cxi-behind-a-user-block": lambda folder: behind_a_user_block(folder / "s.cxi"),
    "npz-counts": counts_of,
    "npz-compressed": lambda folder: counts_of(folder, compressed=True),
}


@pytest.mark.clause("FILE-008")
@pytest.mark.parametrize("kind", FILES)
def test_large_frames_lie_on_disk_and_are_those_of_memory(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = FILES[kind](tmp_path)
    small = read_scan(path).diff3d
    monkeypatch.setattr(large, "LARGEST", 1000)
    frames = read_scan(path).diff3d
    assert isinstance(frames, np.memmap)
    assert not isinstance(small, np.memmap)
    assert frames.dtype == small.dtype
    np.testing.assert_array_equal(frames, small)


@pytest.mark.clause("FILE-008")
def test_pixels_that_are_masked_leave_the_frames_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = far_field_scan()[0].copy()
    counts[:, 3, 4], counts[:, 5, 27] = -1, 10 * counts.max()
    path = write(tmp_path / "s.cxi", **{FRAMES: counts})
    wanted = ScanSpec(kind="measured", hot_pixels="find")
    small = mend(read_scan(path), wanted)
    monkeypatch.setattr(large, "LARGEST", 1000)
    scan = mend(read_scan(path), wanted)
    assert scan.mask is not None
    assert not scan.mask[[3, 5], [4, 27]].any()
    assert isinstance(scan.diff3d, np.memmap)
    np.testing.assert_array_equal(scan.diff3d, small.diff3d)


def test_nothing_is_left_in_the_temporary_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside = tmp_path / "aside"
    aside.mkdir()
    monkeypatch.setattr(large, "LARGEST", 1000)
    monkeypatch.setattr(tempfile, "tempdir", str(aside))
    frames = read_scan(counts_of(tmp_path)).diff3d
    assert isinstance(frames, np.memmap)
    assert list(aside.iterdir()) == []


def test_a_full_temporary_folder_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        def __enter__(self) -> Full:
            return self

        def __exit__(self, *error: object) -> None:
            pass

        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", Full)
    with pytest.raises(OutputFileError, match=r"No space left on device[\s\S]*TMPDIR"):
        large.gathered([np.zeros((1, 2**20))], (2**20, 2**20), np.float32)

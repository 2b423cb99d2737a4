"""CXI files that are refused: missing keys, wrong values, damage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from ptyspec.errors import (
    InputFileError,
    ProbeError,
    PtyspecError,
    ScanDataError,
    UnsupportedScanError,
)
from ptyspec.files.scan_file import read_scan
from tests.cxi_files import DETECTOR, PIXEL, SOURCE, M, N, far_field_scan, with_unit, write


def circle(file: h5py.File, key: str) -> None:
    file[key] = h5py.SoftLink(f"/{key}")


DATASET = "entry_1/data_1/data"


@pytest.mark.parametrize(
    ("changes", "error", "word"),
    [
        pytest.param({DATASET: circle}, InputFileError, "circle", id="circular-link"),
        pytest.param({DATASET: None}, InputFileError, "no diffraction data", id="no-data"),
        pytest.param(
            {"entry_1/data_1/translation": None},
            InputFileError,
            "no translations",
            id="no-translations",
        ),
        pytest.param(
            {f"{SOURCE}/energy": None}, InputFileError, "no wavelength or energy", id="no-energy"
        ),
        pytest.param({f"{DETECTOR}/distance": None}, InputFileError, "distance", id="no-distance"),
        pytest.param(
            {f"{DETECTOR}/distance": 0.0}, ScanDataError, "positive number", id="zero-distance"
        ),
        pytest.param(
            {f"{DETECTOR}/distance": with_unit(1, "parsec")},
            InputFileError,
            "unknown unit",
            id="unit",
        ),
        pytest.param({f"{SOURCE}/energy": 12400.0}, ScanDataError, "in joules", id="energy-in-ev"),
        pytest.param(
            {f"{DETECTOR}/x_pixel_size": 2 * PIXEL},
            UnsupportedScanError,
            "not square",
            id="oblong-pixels",
        ),
        pytest.param(
            {DATASET: np.ones((M, N), np.int32)}, ScanDataError, "wrong shape", id="flat-data"
        ),
        pytest.param(
            {DATASET: np.ones((M - 1, N, N), np.int32)},
            ScanDataError,
            "number of translations",
            id="count",
        ),
        pytest.param({DATASET: -far_field_scan()[0]}, ScanDataError, "negative", id="negative"),
        pytest.param(
            {"entry_1/data_1/translation": np.ones((M, 2))},
            ScanDataError,
            "wrong shape",
            id="flat-moves",
        ),
        pytest.param(
            {f"{DETECTOR}/mask": np.zeros((4, 4), int)}, ScanDataError, "mask", id="small-mask"
        ),
        pytest.param(
            {f"{SOURCE}/illumination": np.ones((2, 2, N, N))},
            ProbeError,
            "varies over the scan",
            id="modes",
        ),
        pytest.param(
            {f"{SOURCE}/illumination": np.ones((8, 8))},
            ProbeError,
            "another size",
            id="small-probe",
        ),
        pytest.param(
            {f"{DETECTOR}/beam_center_x": 0.0}, ScanDataError, "beam centre", id="beam-off-detector"
        ),
    ],
)
def test_a_wrong_file_is_refused_with_its_name_and_the_reason(
    changes: dict[str, Any], error: type[PtyspecError], word: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=word) as caught:
        read_scan(write(tmp_path / "s.cxi", **changes))
    assert "s.cxi" in str(caught.value)


@pytest.mark.clause("FILE-004")
def test_a_truncated_file_is_an_input_error(tmp_path: Path) -> None:
    path = write(tmp_path / "s.cxi")
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputFileError, match="truncated"):
        read_scan(path)


@pytest.mark.clause("FILE-004")
def test_data_with_a_damaged_chunk_name_the_dataset(tmp_path: Path) -> None:
    def compressed(file: h5py.File, key: str) -> None:
        file.create_dataset(key, data=far_field_scan()[0], compression="gzip", fletcher32=True)

    path = write(tmp_path / "s.cxi", **{DATASET: compressed})
    with h5py.File(path) as file:
        place = file[DATASET].id.get_chunk_info(0).byte_offset
    data = bytearray(path.read_bytes())
    data[place + 20] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(InputFileError, match=r"cannot be read[\s\S]*data_1/data"):
        read_scan(path)

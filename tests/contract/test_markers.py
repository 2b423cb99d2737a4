"""Pixels without data, as files mark them: masked and said, never taken for counts and never for darkness."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.errors import ScanDataError
from ptyspec.files.scan_file import read_scan
from ptyspec.spec.checks import Check

M, N = 12, 16
GAP = np.zeros((N, N), bool)
GAP[:, 3:5] = GAP[9] = True


def counts() -> Any:
    return np.random.default_rng(3).poisson(40.0, (M, N, N)) + 1


def written(folder: Path, frames: Any, **more: Any) -> Path:
    yy, xx = np.divmod(np.arange(M), 4)
    probe = np.exp(-((np.indices((N, N)) - N / 2) ** 2).sum(0) / 20).astype(np.complex64)
    path = folder / "scan.npz"
    keys = {"xcoords": 8.0 + 2 * xx, "ycoords": 8.0 + 2 * yy, "diff3d": frames}
    keys |= {"measurement": "counts", "scale": 1.0, "probeGuess": probe}
    np.savez(path, **{**keys, **more})
    return path


def marked(dtype: str, value: float) -> Any:
    frames = counts().astype(dtype)
    frames[:, GAP] = np.array(value, dtype)
    return frames


MARKED = {
    "int16-max": ("int16", 2**15 - 1),
    "uint16-max": ("uint16", 2**16 - 1),
    "int32-max": ("int32", 2**31 - 1),
    "uint32-max": ("uint32", 2**32 - 1),
    "int32-minus-1": ("int32", -1),
    "float32-minus-1": ("float32", -1),
    "float64-minus-2": ("float64", -2),
    "float32-nan": ("float32", np.nan),
    "float64-inf": ("float64", np.inf),
}


@pytest.mark.clause("FILE-014")
@pytest.mark.parametrize(("dtype", "value"), MARKED.values(), ids=MARKED)
def test_a_marker_in_every_frame_is_masked_and_said(
    dtype: str, value: float, tmp_path: Path, clause: Check
) -> None:
    scan = read_scan(written(tmp_path, marked(dtype, value)))
    assert scan.mask is not None
    clause.equal(scan.mask, ~GAP, "mask")
    clause.equal(bool(scan.diff3d[:, GAP].any()), False, "counts where nothing was measured")
    clause.close(scan.diff3d[:, ~GAP] ** 2, counts()[:, ~GAP], "counts elsewhere", rounding())
    clause.holds(f"{int(GAP.sum())} pixels hold" in scan.metadata["warnings"][0], "a warning")


def rounding() -> Any:
    from ptyspec.spec.clause import Tolerance

    return Tolerance(1e-4, "absolute", "derived", "square of a root in single precision")


UNDER: dict[str, Any] = {"nan": np.nan, "minus-1": -1.0, "infinite": np.inf, "hot": 1e9}


@pytest.mark.clause("FILE-014")
@pytest.mark.parametrize("value", UNDER.values(), ids=UNDER)
def test_what_lies_under_the_mask_is_never_looked_at(
    value: float, tmp_path: Path, clause: Check
) -> None:
    frames = counts().astype("float32")
    frames[3, GAP] = value
    scan = read_scan(written(tmp_path, frames, mask=~GAP))
    assert scan.mask is not None
    clause.equal(scan.mask, ~GAP, "mask")
    clause.equal(bool(scan.diff3d[:, GAP].any()), False, "counts under the mask")


@pytest.mark.clause("FILE-014")
@pytest.mark.parametrize("dtype", ["bool", "uint8", "float64"])
def test_a_mask_of_the_other_polarity_is_turned_and_said(
    dtype: str, tmp_path: Path, clause: Check
) -> None:
    frames = counts()
    frames[:, GAP] = 0
    scan = read_scan(written(tmp_path, frames, mask=GAP.astype(dtype)))
    assert scan.mask is not None
    clause.equal(scan.mask, ~GAP, "mask")
    clause.holds("other way round" in scan.metadata["warnings"][0], "a warning")


REFUSED: dict[str, Any] = {"one-frame": (3, GAP), "every-pixel": (slice(None), slice(None))}


@pytest.mark.parametrize("where", REFUSED.values(), ids=REFUSED)
def test_values_that_are_no_marker_are_refused_with_their_place(where: Any, tmp_path: Path) -> None:
    frames = counts().astype("float32")
    frames[where] = np.nan
    with pytest.raises(ScanDataError, match="not finite"):
        read_scan(written(tmp_path, frames))

"""Files of other programs that are no scan, and the probes that they hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.errors import InputFileError
from ptyspec.files.scan_file import read_scan
from ptyspec.spec.checks import Check
from tests import foreign_files as foreign
from tests.cxi_files import N, far_field_scan


def two_stacks(folder: Path) -> Path:
    return foreign.hdf5(folder / "x.h5", {"a": np.ones((9, 8, 8)), "b": np.ones((9, 8, 8))})


def ptypy_result(folder: Path) -> Path:
    values = {
        "content/probe/S00/data": far_field_scan()[2][None],
        "content/obj/S00/data": np.eye(4),
    }
    return foreign.hdf5(folder / "r.ptyr", values)


@pytest.mark.clause("FILE-010")
@pytest.mark.parametrize(
    ("write", "name", "step"),
    [
        pytest.param(ptypy_result, "ptypy reconstruction", "`--probe`", id="ptyr"),
        pytest.param(lambda f: foreign.product(f / "p.h5"), "product", "`--positions`", id="para"),
        pytest.param(lambda f: foreign.hdf5(f / "x.h5", {"a": 1.0}), "no scan", "`dp`", id="other"),
        pytest.param(two_stacks, "no scan", "b (9, 8, 8)", id="two-stacks"),
    ],
)
def test_a_result_is_no_scan_and_says_what_it_is_good_for(
    write: Any, name: str, step: str, tmp_path: Path, clause: Check
) -> None:
    with pytest.raises(InputFileError) as caught:
        read_scan(write(tmp_path))
    clause.holds(name in caught.value.message, "what it is", caught.value.message, name)
    clause.holds(step in str(caught.value), "what to give", str(caught.value), step)


def test_the_probe_of_a_ptypy_result_serves(tmp_path: Path) -> None:
    given = foreign.ptypy()(tmp_path)
    scan = read_scan(given["path"], probe=ptypy_result(tmp_path))
    np.testing.assert_array_equal(scan.probeGuess, far_field_scan()[2])


def as_matlab(folder: Path, probe: Any, saved: str) -> Path:
    """A probe as MATLAB saves it: axes in reverse, complex numbers as pairs, told by a class or by the first bytes."""
    pairs = np.zeros(probe.T.shape, [("real", float), ("imag", float)])
    pairs["real"], pairs["imag"] = probe.T.real, probe.T.imag
    values: dict[str, Any] = {"probe": pairs}
    if saved == "class":
        values["probe@MATLAB_class"] = np.bytes_("double")
    path = foreign.hdf5(folder / "probe.mat", values, userblock_size=512)
    if saved == "head":
        with path.open("r+b") as file:
            file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64")
    return path


@pytest.mark.clause("FILE-011")
@pytest.mark.parametrize("saved", ["class", "head"])
@pytest.mark.parametrize("modes", [0, 3], ids=["one", "modes"])
def test_a_probe_that_matlab_saved_has_its_rows_and_columns(
    saved: str, modes: int, tmp_path: Path, clause: Check
) -> None:
    powers = 1 / np.arange(1, modes + 1)[:, None, None] if modes else 1
    draw = np.random.default_rng(2).normal(size=(2, *((modes,) if modes else ()), N, N))
    probe = ((draw[0] + 1j * draw[1]) * powers).astype(np.complex64)
    # MATLAB keeps modes behind rows and columns
    stored = np.moveaxis(probe, 0, -1) if modes else probe
    given = foreign.matlab(saved=True)(tmp_path) | {"probe": as_matlab(tmp_path, stored, saved)}
    clause.equal(read_scan(**given).probeGuess, probe, "probe")

"""A mask from a file of its own: every form of file, polarity by the user's word or the counts, joined to the scan's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.contracts.bundles import Array
from ptyspec.errors import ConfigError, InputFileError, ScanDataError
from ptyspec.files.scan_file import read_scan, write_scan
from ptyspec.pipeline.simulate import measured
from ptyspec.runs.request import request
from ptyspec.spec.checks import Check
from tests import cxi_files
from tests import foreign_files as foreign
from tests.contract.test_markers import GAP, written
from tests.contract.test_markers import M as FRAMES
from tests.contract.test_markers import counts as frames
from tests.cxi_files import DETECTOR, M, N, far_field_scan

pytestmark = pytest.mark.clause("FILE-014")
BAD = np.zeros((N, N), bool)
BAD[5:8] = BAD[:, 20] = True
EACH = np.random.default_rng(7).random((M, N, N)) < 0.02


def npy(path: Path, mask: Array) -> Path:
    np.save(path / "m.npy", mask)
    return path / "m.npy"


def npz(path: Path, mask: Array) -> Path:
    np.savez(path / "m.npz", mask=mask, flat=np.ones_like(mask, float))
    return path / "m.npz"


def npz_alone(path: Path, mask: Array) -> Path:
    np.savez(path / "m.dat.npz", good=mask, version=np.array(3))
    return path / "m.dat.npz"


def hdf5(path: Path, mask: Array) -> Path:
    values = {"entry/instrument/detector/pixel_mask": mask, "entry/flat": np.ones(mask.shape)}
    return foreign.hdf5(path / "m.h5", values)


def hdf5_alone(path: Path, mask: Array) -> Path:
    return foreign.hdf5(path / "m.h5", {"data": mask, "centre": np.array([16, 16])})


def matlab(path: Path, mask: Array) -> Path:
    stored = np.swapaxes(mask, -1, -2).astype(np.uint8)
    return foreign.hdf5(path / "m.mat", {"mask": stored, "mask@MATLAB_class": np.bytes_("logical")})


FORMS = (npy, npz, npz_alone, hdf5, hdf5_alone, matlab)


def canonical(folder: Path) -> foreign.Given:
    scan = read_scan(**foreign.ptypy()(folder))
    return {"path": write_scan(folder / "scan.npz", scan)}


def cxi(folder: Path) -> foreign.Given:
    return {"path": cxi_files.write(folder / "s.cxi")}


SCANS = {
    "npz": canonical,
    "cxi": cxi,
    "ptypy": foreign.ptypy(),
    "ptylab": foreign.ptylab(),
    "ptychodus": foreign.pair(),
    "matlab": foreign.matlab(saved=True),
    "npy": foreign.table(""),
}


def same(clause: Check, scan: Any, bad: Array) -> None:
    assert scan.mask is not None
    clause.equal(scan.mask, ~bad, "mask")
    expected = np.where(bad, 0, far_field_scan()[0]).astype(np.float32)
    clause.equal(np.rint(scan.diff3d**2), expected, "counts")


@pytest.mark.parametrize("bad", [BAD, EACH], ids=["one", "each"])
@pytest.mark.parametrize("write", SCANS.values(), ids=SCANS)
def test_a_mask_is_used_with_a_scan_of_every_format(
    write: foreign.Writer, bad: Array, tmp_path: Path, clause: Check
) -> None:
    given = write(tmp_path)
    given |= {"mask": npy(tmp_path, ~bad), "mask_true": "good"}
    scan = read_scan(**given)
    same(clause, scan, bad)
    clause.holds("as --mask-true good says" in str(scan.metadata["warnings"]), "who decided")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__.replace("_", "-"))
def test_a_mask_is_read_from_every_form_of_file(
    form: Callable[[Path, Array], Path], tmp_path: Path, clause: Check
) -> None:
    same(clause, read_scan(**cxi(tmp_path), mask=form(tmp_path, BAD), mask_true="bad"), BAD)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint16", "int64", "float32"])
@pytest.mark.parametrize("true", ["good", "bad"])
def test_any_number_but_0_is_true(dtype: str, true: str, tmp_path: Path, clause: Check) -> None:
    stored = (BAD if true == "bad" else ~BAD).astype(dtype) * np.array(1 + 2 * (dtype != "bool"))
    mask = npy(tmp_path, stored.astype(dtype))
    same(clause, read_scan(**cxi(tmp_path), mask=mask, mask_true=true), BAD)  # type: ignore[arg-type]


DARK = {
    "zero": ("int32", 0),
    "minus-1": ("int32", -1),
    "largest": ("uint32", 2**32 - 1),
    "not-a-number": ("float32", np.nan),
}


@pytest.mark.parametrize(("dtype", "value"), DARK.values(), ids=DARK)
@pytest.mark.parametrize("true", ["good", "bad"])
def test_the_counts_tell_what_true_marks_where_one_side_holds_none(
    dtype: str, value: float, true: str, tmp_path: Path, clause: Check
) -> None:
    stored = frames().astype(dtype)
    stored[:, GAP] = np.array(value, dtype)
    mask = npy(tmp_path, GAP if true == "bad" else ~GAP)
    scan = read_scan(written(tmp_path, stored), mask=mask)
    assert scan.mask is not None
    clause.equal(scan.mask, ~GAP, "mask")
    words = {
        "good": "as only its True pixels hold counts",
        "bad": "as its True pixels hold no count",
    }
    clause.holds(words[true] in str(scan.metadata["warnings"]), "who decided")


def test_a_mask_whose_polarity_nothing_says_is_refused_with_the_option(tmp_path: Path) -> None:
    with pytest.raises(ScanDataError, match="--mask-true good") as refused:
        read_scan(**cxi(tmp_path), mask=npy(tmp_path, BAD))
    assert "both sides" in str(refused.value.details["value"])


def test_a_mask_that_leaves_no_count_is_refused_with_the_other_word(tmp_path: Path) -> None:
    dark = frames()
    dark[:, GAP] = 0
    mask = npy(tmp_path, GAP)
    with pytest.raises(ScanDataError, match="--mask-true bad"):
        read_scan(written(tmp_path, dark), mask=mask, mask_true="good")


@pytest.mark.parametrize("own", ["one", "each", "turned"])
@pytest.mark.parametrize("other", ["one", "each"])
def test_a_mask_is_joined_to_the_scan_s_own(
    own: str, other: str, tmp_path: Path, clause: Check
) -> None:
    each = np.random.default_rng(1).random((FRAMES, *GAP.shape)) < 0.1
    stored = frames()
    first = np.where(own == "each", each, GAP)
    first = first[0] if own != "each" else first
    stored[:, GAP] = np.where(own == "turned", 0, stored[:, GAP])
    second = np.roll(each, 3, 0) if other == "each" else GAP.T
    path = written(tmp_path, stored, mask=first if own == "turned" else ~first)
    scan = read_scan(path, mask=npy(tmp_path, second), mask_true="bad")
    assert scan.mask is not None
    clause.equal(
        np.broadcast_to(scan.mask, each.shape),
        ~(first | np.broadcast_to(second, each.shape)),
        "mask",
    )
    clause.holds("joined to the scan's own mask" in str(scan.metadata["warnings"]), "a warning")


def test_a_mask_a_frame_goes_with_the_frames_that_a_product_names(
    tmp_path: Path, clause: Check
) -> None:
    given = foreign.shuffled_pair(tmp_path)
    order = given.pop("order")
    scan = read_scan(**given, mask=npy(tmp_path, EACH), mask_true="bad")
    assert scan.mask is not None
    clause.equal(scan.mask, ~EACH[order], "mask")


def test_a_mask_is_cropped_with_the_frames(tmp_path: Path, clause: Check) -> None:
    changes = {f"{DETECTOR}/beam_center_x": 14.0, f"{DETECTOR}/beam_center_y": 15.0}
    path = cxi_files.write(tmp_path / "s.cxi", **changes)
    probe = tmp_path / "probe.npy"
    np.save(probe, cxi_files.a_probe()[2:-2, 2:-2])
    scan = read_scan(path, mask=npy(tmp_path, BAD), mask_true="bad", probe=probe)
    crop = scan.metadata["crop"]
    window = tuple(slice(*crop[side]) for side in ("rows", "columns"))
    assert scan.mask is not None
    clause.equal(scan.mask, ~BAD[window], "mask")


WRONG = {
    "other-shape": (np.ones((N, N + 4), bool), ScanDataError, f"({N}, {N + 4})"),
    "fewer-frames": (np.ones((M - 1, N, N), bool), ScanDataError, f"({M - 1}, {N}, {N})"),
    "not-finite": (np.full((N, N), np.nan), ScanDataError, "float64"),
    "text": (np.full((N, N), "good"), ScanDataError, "<U4"),
}


@pytest.mark.parametrize(("mask", "error", "value"), WRONG.values(), ids=WRONG)
def test_what_is_no_mask_of_the_frames_is_refused(
    mask: Array, error: type[Exception], value: str, tmp_path: Path
) -> None:
    with pytest.raises(error) as refused:
        read_scan(**cxi(tmp_path), mask=npy(tmp_path, mask), mask_true="good")
    details = refused.value.details  # type: ignore[attr-defined]
    assert value in str(details["value"])
    assert f"({N}, {N})" in str(details["limit"])


def two(path: Path, mask: Array) -> Path:
    np.savez(path / "m.npz", first=mask, second=mask)
    return path / "m.npz"


def tiff(path: Path, mask: Array) -> Path:
    (path / "m.tif").write_bytes(b"II*\0" + bytes(200))
    return path / "m.tif"


@pytest.mark.parametrize(("form", "word"), [(two, "second"), (tiff, "TIFF")], ids=["two", "tiff"])
def test_a_file_that_holds_no_one_mask_says_what_it_holds(
    form: Callable[[Path, Array], Path], word: str, tmp_path: Path
) -> None:
    with pytest.raises(InputFileError) as refused:
        read_scan(**cxi(tmp_path), mask=form(tmp_path, BAD), mask_true="bad")
    assert word in str(refused.value.details["value"])


def test_a_polarity_without_a_mask_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--mask FILE"):
        read_scan(**cxi(tmp_path), mask_true="good")


def test_a_run_holds_the_mask_by_its_digest(tmp_path: Path) -> None:
    words = [f"scan.mask={npy(tmp_path, BAD)}", "scan.mask_true=bad"]
    scenario = request(str(cxi(tmp_path)["path"]), settings=words).scenario
    before = scenario.scan
    assert measured(scenario).mask is not None
    npy(tmp_path, np.roll(BAD, 1, 0))
    with pytest.raises(InputFileError, match="the mask file changed"):
        measured(scenario)
    after = request(str(cxi(tmp_path)["path"]), settings=words).scenario.scan
    assert len({before.mask_sha256, after.mask_sha256, ""}) == 3
    assert before.mask_true == "bad"


def test_the_commands_take_a_mask_and_say_so(tmp_path: Path, clause: Check) -> None:
    options = ["--mask", str(npy(tmp_path, BAD)), "--mask-true", "bad"]
    path, out = str(cxi(tmp_path)["path"]), tmp_path / "out.npz"
    looked = CliRunner().invoke(app, ["check-scan", path, "--quick", *options])
    clause.holds("as --mask-true bad says" in looked.output, "check-scan says it", looked.output)
    done = CliRunner().invoke(app, ["convert", path, str(out), *options])
    assert done.exit_code == 0, done.output
    same(clause, read_scan(out), BAD)

"""Amplitude or counts, and the scale s: declared, never inferred (NORMALIZE-DATA-UINT16-001)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.errors import MeasurementError, ScanDataError
from ptyspec.files.scan_file import read_scan
from ptyspec.spec.checks import Check
from tests.npz_files import COUNTS, M, N, fields, same_bits, saved, warnings_of


@pytest.mark.clause("NORMALIZE-DATA-UINT16-001")
def test_the_uint16_counts_that_wrap_when_squared_give_the_float64_amplitude(
    tmp_path: Path,
) -> None:
    counts = (COUNTS * 2000).astype(np.uint16)
    scan = read_scan(saved(tmp_path, diff3d=counts), measurement="counts")
    np.testing.assert_array_equal(
        scan.diff3d, np.sqrt(counts.astype(np.float64)).astype(np.float32)
    )


@pytest.mark.clause("DATA-006")
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "int64", "float32", "float64"])
def test_declared_counts_become_amplitudes_on_the_stored_scale(dtype: str, tmp_path: Path) -> None:
    path = saved(tmp_path, diff3d=COUNTS.astype(dtype), measurement=np.array("counts"), scale=2.0)
    scan = read_scan(path)
    np.testing.assert_allclose(
        (scan.scale * scan.diff3d.astype(np.float64)) ** 2, COUNTS, rtol=1e-6
    )
    assert scan.metadata["scale_source"] == "key scale"
    assert not warnings_of(scan)


@pytest.mark.clause("DATA-004")
@pytest.mark.parametrize("dtype", ["uint16", "int32", "bool"])
def test_integers_without_a_declaration_are_refused_with_the_option_to_pass(
    dtype: str, tmp_path: Path
) -> None:
    with pytest.raises(MeasurementError, match="--measurement counts"):
        read_scan(saved(tmp_path, diff3d=COUNTS.astype(dtype)))


@pytest.mark.clause("DATA-004")
def test_undeclared_frames_are_amplitudes(tmp_path: Path) -> None:
    scan = read_scan(saved(tmp_path))
    assert same_bits(scan.diff3d, fields()["diff3d"])
    assert (scan.scale, scan.metadata["scale_source"]) == (
        1.0,
        "assumed (amplitude without a stored scale)",
    )
    assert not warnings_of(scan)


@pytest.mark.clause("DATA-004", "DATA-005")
@pytest.mark.parametrize(
    ("frames", "declared", "word"),
    [
        pytest.param(
            COUNTS.astype(np.float32), None, "no measurement declared", id="undeclared-whole"
        ),
        pytest.param(
            COUNTS.astype(np.float32), "amplitude", "declared amplitude, but", id="amplitude-whole"
        ),
        pytest.param(
            np.sqrt(COUNTS).astype(np.float32),
            "counts",
            "square roots of integers",
            id="counts-roots",
        ),
        pytest.param(fields()["diff3d"], "counts", "not whole numbers", id="counts-fractions"),
    ],
)
def test_values_that_speak_against_the_declaration_give_a_warning_and_decide_nothing(
    clause: Check, frames: Array, declared: str | None, word: str, tmp_path: Path
) -> None:
    key = {} if declared is None else {"measurement": np.array(declared)}
    scan = read_scan(saved(tmp_path, diff3d=frames, **key))
    clause("DATA-005").holds(word in warnings_of(scan), "warning", warnings_of(scan), word)
    wanted = np.sqrt(frames) if declared == "counts" else frames
    clause("DATA-004").holds(np.array_equal(scan.diff3d, wanted), "amplitudes as declared")


@pytest.mark.clause("DATA-005")
def test_amplitudes_of_counts_give_no_warning(tmp_path: Path) -> None:
    assert not warnings_of(read_scan(saved(tmp_path, diff3d=np.sqrt(COUNTS).astype(np.float32))))


@pytest.mark.clause("DATA-004")
def test_file_and_caller_must_not_disagree_about_the_measurement(tmp_path: Path) -> None:
    path = saved(tmp_path, measurement=np.array("amplitude"))
    with pytest.raises(MeasurementError, match="declares another kind"):
        read_scan(path, measurement="counts")


@pytest.mark.clause("DATA-004")
def test_an_unknown_word_for_the_measurement_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MeasurementError, match="intensity"):
        read_scan(saved(tmp_path, measurement=np.array("intensity")))


@pytest.mark.clause("DATA-006")
@pytest.mark.parametrize("key", ["scale", "intensity_scale"])
def test_a_stored_scale_is_used_before_nphotons(key: str, tmp_path: Path) -> None:
    scan = read_scan(saved(tmp_path, **{key: 12.5, "nphotons": 1e9}))
    assert (scan.scale, scan.metadata["scale_source"]) == (12.5, f"key {key}")


@pytest.mark.clause("DATA-006")
@pytest.mark.parametrize(
    "keys",
    [
        pytest.param({"nphotons": 1e6}, id="key"),
        pytest.param({"metadata": np.array('{"nphotons": 1e6}')}, id="metadata"),
        pytest.param(
            {"_metadata": np.array('{"physics_parameters": {"nphotons": 1e6}}')},
            id="upstream-metadata",
        ),
    ],
)
def test_nphotons_is_the_mean_of_the_counts_that_the_scale_gives(
    keys: dict[str, Any], tmp_path: Path
) -> None:
    scan = read_scan(saved(tmp_path, **keys))
    counts = (scan.scale * scan.diff3d.astype(np.float64)) ** 2
    assert counts.sum(axis=(1, 2)).mean() == pytest.approx(1e6, rel=1e-6)
    assert "nphotons" in scan.metadata["scale_source"]


@pytest.mark.parametrize(
    "value",
    [0.0, -1.0, float("nan"), float("inf"), np.ones(2)],
    ids=["zero", "minus", "nan", "inf", "two"],
)
@pytest.mark.parametrize("key", ["scale", "intensity_scale", "nphotons"])
def test_a_scale_or_dose_that_is_no_positive_number_is_refused(
    key: str, value: Any, tmp_path: Path
) -> None:
    with pytest.raises(ScanDataError, match=key):
        read_scan(saved(tmp_path, **{key: value}))


def test_frames_without_light_cannot_give_a_scale(tmp_path: Path) -> None:
    with pytest.raises(ScanDataError, match="no energy"):
        read_scan(saved(tmp_path, diff3d=np.zeros((M, N, N), np.float32), nphotons=1e6))

"""Stage records: the summary of an array, and what a stage writes down."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.records import ArrayStats, EpochRecord, StageRecord
from ptyspec.errors import ScanDataError
from ptyspec.runs import record
from ptyspec.runs.record import array_stats, stage


class Listener:
    def __init__(self) -> None:
        self.events: list[str] = []

    def stage_started(self, name: str) -> None:
        self.events.append(f"start {name}")

    def stage_finished(self, finished: StageRecord) -> None:
        self.events.append(f"end {finished.name}")

    def step(self, done: int, total: int, note: str = "") -> None:
        self.events.append(f"step {done}/{total}")

    def epoch(self, finished: EpochRecord, total: int) -> None:
        self.events.append(f"epoch {finished.epoch}/{total}")


def assert_agrees(stats: ArrayStats, array: Array) -> None:
    """Compare with numpy's own figures of the finite moduli, computed at once in double precision."""
    values = np.abs(array) if array.dtype.kind == "c" else array
    values = values[np.isfinite(values)].astype(np.float64)
    assert stats.shape == array.shape
    assert stats.dtype == str(array.dtype)
    assert stats.nan_count == array.size - values.size
    if values.size:
        expected = [
            values.min(),
            values.max(),
            values.mean(),
            values.std(),
            np.square(values).sum(),
        ]
        scale = float(np.abs(values).max())
        found = [stats.min, stats.max, stats.mean, stats.std, stats.energy]
        np.testing.assert_allclose(np.array(found, float), expected, rtol=1e-12, atol=1e-12 * scale)
    else:
        assert (stats.min, stats.max, stats.mean, stats.std, stats.energy) == (None,) * 5


@pytest.mark.clause("RUN-002")
@given(
    array=arrays.arrays(
        st.sampled_from(["float32", "float64", "int64", "uint16", "bool"]),
        arrays.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=6),
        elements={"min_value": 0, "max_value": 1000},
    )
)
def test_stats_agree_with_numpy(array: Array) -> None:
    assert_agrees(array_stats(array), array)


@pytest.mark.clause("RUN-002")
@pytest.mark.parametrize("chunk", [1, 7, 64, 10_000], ids=["one", "odd", "even", "whole"])
def test_stats_do_not_depend_on_the_chunks(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    generator = np.random.default_rng(3)
    array = (
        generator.normal(1e3, 1.0, (11, 13, 5)) + 1j * generator.normal(size=(11, 13, 5))
    ).astype(np.complex64)
    array[2, 3, :] = np.nan
    array[0, 0, 0] = np.inf
    monkeypatch.setattr(record, "CHUNK", chunk)
    stats = array_stats(array)
    assert stats.nan_count == 6
    assert_agrees(stats, array)
    assert_agrees(array_stats(array.transpose(2, 0, 1)[::2]), array.transpose(2, 0, 1)[::2])


@pytest.mark.parametrize(
    "array",
    [np.zeros((0, 4)), np.full(3, np.nan), np.float32(2.5), np.array([1e200, 1e200])],
    ids=["empty", "all-nan", "scalar", "overflow"],
)
def test_stats_of_odd_arrays_are_json(array: Array) -> None:
    stats = array_stats(array)
    assert ArrayStats.model_validate_json(stats.model_dump_json()) == stats


def test_only_numbers_are_summarised() -> None:
    with pytest.raises(ScanDataError, match="numbers"):
        array_stats(np.array(["text"]))


def grandchild(code: str, *arguments: str) -> Any:
    """What Python prints as JSON, started by a small process: a child of this one inherits its peak memory."""
    command = ["sh", "-c", '"$0" "$@"; exit $?', sys.executable, "-c", code, *arguments]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def test_a_mapped_file_is_summarised_without_holding_it(tmp_path: Path) -> None:
    path = tmp_path / "frames.npy"
    frames = np.lib.format.open_memmap(
        path, mode="w+", dtype=np.float32, shape=(12_000, 64, 64)
    )  # 197 MB, sparse
    frames[-1] = 1.0
    del frames
    code = (
        "import sys, json, numpy as np; from ptyspec.runs.record import array_stats, peak_rss_mb;"
        "before = peak_rss_mb(); stats = array_stats(np.load(sys.argv[1], mmap_mode='r'));"
        "print(json.dumps({'energy': stats.energy, 'grown': peak_rss_mb() - before}))"
    )
    found = grandchild(code, str(path))
    assert found["energy"] == 64 * 64
    assert found["grown"] < 100


def test_a_stage_writes_down_what_it_was_told() -> None:
    listener = Listener()
    with stage("simulate", listener) as note:
        assert listener.events == ["start simulate"]
        note.write({"diff3d": np.full((2, 3), 2.0, np.float32)})
        note.write({"gain": np.float32(0.5), "fits_canvas": np.True_})
    assert listener.events == ["start simulate", "end simulate"]
    assert note.record is not None
    assert note.record.name == "simulate"
    assert note.record.arrays["diff3d"].energy == 24.0
    assert note.record.numbers == {"gain": 0.5}
    assert note.record.flags == {"fits_canvas": True}
    assert StageRecord.model_validate_json(note.record.model_dump_json()) == note.record


def test_waiting_counts_as_seconds_and_not_as_cpu_seconds() -> None:
    with stage("wait") as note:
        time.sleep(0.1)
    assert note.record is not None
    assert note.record.seconds >= 0.1
    assert note.record.cpu_seconds < note.record.seconds / 2


def test_working_counts_as_cpu_seconds() -> None:
    with stage("work") as note:
        start = time.process_time()
        while time.process_time() - start < 0.05:
            sum(range(1000))
    assert note.record is not None
    assert note.record.cpu_seconds >= 0.05


def test_summing_up_does_not_count_as_the_stages_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # Start, array begins, array ends, end.
    readings = iter(np.array([(0.0, 0.0), (1.0, 0.5), (11.0, 8.5), (13.0, 9.0)]))
    monkeypatch.setattr(record, "_clocks", lambda: next(readings))
    with stage("quick") as note:
        note.write({"x": np.ones(3)})
    assert note.record is not None
    assert (note.record.seconds, note.record.cpu_seconds) == (3.0, 1.0)


def test_peak_memory_is_counted_in_megabytes() -> None:
    code = (
        "import json, numpy as np; from ptyspec.runs.record import peak_rss_mb; before = peak_rss_mb();"
        "block = np.ones(25_000_000); print(json.dumps(peak_rss_mb() - before))"  # 8 bytes each: 200 MB
    )
    assert 150 < grandchild(code) < 300


def test_a_stage_that_raises_is_not_reported_as_finished() -> None:
    listener = Listener()
    with pytest.raises(ValueError, match="inside"), stage("train", listener) as note:
        raise ValueError("inside")
    assert listener.events == ["start train"]
    assert note.record is None


def test_a_number_that_is_not_finite_is_refused_by_name() -> None:
    with stage("normalize") as note, pytest.raises(ScanDataError, match="gain of stage normalize"):
        note.write({"gain": float("nan")})

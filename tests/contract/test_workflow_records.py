"""What a walk through the stages records: summaries, the numbers that decide the amplitude, settings with their source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array
from ptyspec.contracts.records import StageRecord
from ptyspec.contracts.resolve import flatten, known_keys
from ptyspec.contracts.run import RunResult
from ptyspec.errors import ConfigError
from ptyspec.physics.geometry import required_canvas
from ptyspec.runs.run import run as walk
from ptyspec.spec.checks import Check
from tests.walks import Watching, small

Walked = tuple[Watching, RunResult]


@pytest.fixture(scope="module")
def walked() -> Walked:
    watching = Watching()
    return watching, walk(small(), pipeline=watching)


def record(result: RunResult, stage: str) -> StageRecord:
    return next(found for found in result.stages if found.name == stage)


ARRAYS: dict[str, tuple[str, str, Callable[[Watching], Array]]] = {
    "frames": ("simulate", "diff3d", lambda w: w.first("simulate").made.diff3d),
    "probe": ("simulate", "probe", lambda w: w.first("simulate").made.probeGuess),
    "object": ("simulate", "object", lambda w: w.first("simulate").made.objectGuess),
    "training-frames": ("split", "train.diff3d", lambda w: w.first("split").made.train.diff3d),
    "test-frames": ("split", "test.diff3d", lambda w: w.first("split").made.test.diff3d),
    "members": ("group", "train.nn_indices", lambda w: w.first("group").made.train.nn_indices),
    "relative": (
        "group",
        "test.coords_relative",
        lambda w: w.first("group").made.test.coords_relative,
    ),
    "patches": ("infer", "patches", lambda w: w.first("infer").made.object),
    "reconstruction": ("stitch", "object", lambda w: w.first("stitch").made.object),
    "coverage": ("stitch", "coverage", lambda w: w.first("stitch").made.coverage),
}


@pytest.mark.clause("RUN-002")
@pytest.mark.parametrize("name", ARRAYS)
def test_a_stage_record_is_the_summary_of_what_was_handed_over(
    walked: Walked, name: str, clause: Check
) -> None:
    watching, result = walked
    stage, key, look = ARRAYS[name]
    found, array = record(result, stage).arrays[key], look(watching)
    values = (np.abs(array) if array.dtype.kind == "c" else array).astype(np.float64)
    finite = values[np.isfinite(values)]
    clause.equal(
        (found.shape, found.dtype), (array.shape, str(array.dtype)), f"shape and dtype of {name}"
    )
    clause.equal(
        found.nan_count, values.size - finite.size, f"values of {name} that are not finite"
    )
    expected = [finite.min(), finite.max(), finite.mean(), finite.std()]
    clause.close(
        [found.min, found.max, found.mean, found.std],
        expected,
        f"extremes, mean, deviation of {name}",
    )
    clause.holds(found.energy is not None, f"energy of {name}")
    clause.close(found.energy or 0.0, np.sum(finite**2), f"energy of {name}")


@pytest.mark.clause("RUN-002")
def test_uncovered_pixels_are_counted_in_the_record_and_left_out_of_its_figures(
    walked: Walked, clause: Check
) -> None:
    found = record(walked[1], "stitch").arrays["object"]
    uncovered = int(np.isnan(walked[1].reconstruction.object).sum())
    clause.holds(uncovered > 0, "this run leaves pixels uncovered")
    clause.equal(found.nan_count, uncovered, "NaN count of the object")
    clause.holds(found.energy is not None and found.energy > 0, "energy of the covered pixels")


@pytest.mark.clause("RUN-003")
def test_the_numbers_that_decide_the_amplitude_are_those_in_use(
    walked: Walked, clause: Check
) -> None:
    watching, result = walked
    train, numbers = watching.first("normalize").made.train, record(result, "normalize").numbers
    for name in ("gain", "scale", "a0"):
        clause.equal(numbers[name], getattr(train, name), name)
    both = watching.first("normalize").made
    need = max(required_canvas(part.groups.coords_relative, 32) for part in (both.train, both.test))
    clause.equal(numbers["required_canvas"], float(need), "canvas that is needed")
    clause.equal(numbers["padded_size"], float(need), "canvas there is")
    clause.equal(record(result, "normalize").flags["fits_canvas"], True, "fits_canvas")


@pytest.mark.clause("RUN-003")
def test_a_canvas_that_is_too_small_is_recorded_as_such(clause: Check) -> None:
    found = record(walk(small(model={"canvas": 33}), pipeline=Watching()), "normalize")
    clause.equal(
        (found.numbers["padded_size"], found.flags["fits_canvas"]),
        (33.0, False),
        "canvas of 33 pixels",
    )


@pytest.mark.clause("RUN-004")
def test_the_recorded_settings_are_those_that_every_stage_received(
    walked: Walked, clause: Check
) -> None:
    watching, result = walked
    rows: dict[str, Any] = result.resolved.as_json()["values"]
    clause.equal(sorted(rows), sorted(known_keys()), "recorded keys")
    for call in watching.calls:
        received = dict(flatten(call.scenario.model_dump(mode="json")))
        clause.equal(
            {key: row["value"] for key, row in rows.items()}, received, f"settings of {call.stage}"
        )
    clause.equal(rows["grouping.n_groups"]["source"], "small", "source of a value that was set")
    clause.equal(
        rows["training.nepochs"]["source"], "default", "source of a value that was not set"
    )


@pytest.mark.clause("HIST-002")
def test_a_monitor_that_nothing_feeds_is_refused_before_any_work(clause: Check) -> None:
    with pytest.raises(ConfigError, match="nothing to monitor"):
        small(training={"monitor": "val_loss", "validation_fraction": 0})
    made = small(training={"monitor": "loss", "validation_fraction": 0})
    clause.equal(made.scenario.training.monitor, "loss", "a monitor that training itself feeds")

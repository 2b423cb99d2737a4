"""The four scenarios at profile quick: what each stage handed on, and the scores, beside what was approved.

The runs lie in the run store: the parity tier uses the same ones. Tolerances are about four times the largest spread
over 1 | 2 threads and oneDNN on | off in the four scenarios; `python -m tests.regression.spread` measures it again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ptyspec.files.jsonfile import read_json
from ptyspec.runs.request import request
from ptyspec.runs.run import produce
from ptyspec.testing.golden.checks import Golden
from ptyspec.testing.golden.files import Tolerance
from tests.golden_numbers import PHOTONS

pytestmark = pytest.mark.expensive

SCENARIOS = ("gs1_custom", "gs1_ideal", "gs2_custom", "gs2_ideal")
BY_SCENARIO = [pytest.param(name, id=name.replace("_", "-")) for name in SCENARIOS]
SPREAD = "four times the spread over 1 | 2 threads and oneDNN on | off, which is"


def spread(largest: str, atol: float = 0.0, rtol: float = 0.0) -> Tolerance:
    """A tolerance from the measured spread."""
    return Tolerance(atol, rtol, f"{SPREAD} {largest}")


def quick(scenario: str) -> Path:
    """The finished run, made once for all tiers."""
    return produce(request(scenario, profile="quick"))


BEFORE_TRAINING = {f"{stage}.*": PHOTONS for stage in ("simulate", "split", "group", "normalize")}
STAGES = BEFORE_TRAINING | {
    "train.*": spread("0.8 %", rtol=0.03),
    **{f"{of}.mean": spread("0.02 %", rtol=1e-3) for of in ("infer.patches", "stitch.object")},
    **{f"{of}.std": spread("0.07 %", rtol=3e-3) for of in ("infer.patches", "stitch.object")},
    **{f"{of}.energy": spread("0.04 %", rtol=2e-3) for of in ("infer.patches", "stitch.object")},
    **{
        f"{of}.{end}": spread("1.3 %: one pixel", rtol=0.05)
        for of in ("infer.patches", "stitch.object")
        for end in ("min", "max")
    },
    "stitch.coverage.*": PHOTONS,
}
WHOLE = {
    "frames",
    "train.frames",
    "test.frames",
    "train.groups",
    "test.groups",
    "train.frames_used",
    "test.frames_used",
    "required_canvas",
    "padded_size",
    "parameters",
    "patches",
    "covered_pixels",
}
"""Counts: equal or wrong."""
WANDERING = {"best_epoch"}
"""The validation loss is flat at its end: which epoch is the best is decided by last bits."""


def stage_numbers(stages: list[dict[str, Any]]) -> Iterator[tuple[str, float]]:
    """Statistics of every array and every number that is measured, `stage.array.statistic` or `stage.number`."""
    for stage in stages:
        for name, array in stage["arrays"].items():
            for what in ("mean", "std", "min", "max", "energy"):
                yield f"{stage['name']}.{name}.{what}", array[what]
        for name, value in stage["numbers"].items():
            if name not in WHOLE | WANDERING:
                yield f"{stage['name']}.{name}", value


def stage_facts(stages: list[dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Shapes, dtypes, counts of NaN, counts, flags."""
    for stage in stages:
        for name, array in stage["arrays"].items():
            for what in ("shape", "dtype", "nan_count"):
                yield f"{stage['name']}.{name}.{what}", array[what]
        for name, value in [*stage["numbers"].items(), *stage["flags"].items()]:
            if name in WHOLE or isinstance(value, bool):
                yield f"{stage['name']}.{name}", value


@pytest.mark.golden("stages/{scenario}.json")
@pytest.mark.parametrize("scenario", BY_SCENARIO)
def test_every_stage_hands_on_what_it_handed_on(golden: Golden, scenario: str) -> None:
    stages = [
        row
        for row in read_json(quick(scenario) / "stages.json")["stages"]
        if row["name"] != "score"
    ]
    golden.numbers(dict(stage_numbers(stages)), STAGES, facts=dict(stage_facts(stages)))


NETWORK = {
    "amplitude.mean_ratio": spread("1.1e-4", atol=5e-4),
    "amplitude.least_squares_scalar": spread("1.2e-4", atol=5e-4),
    "amplitude.pearson_r": spread("1.0e-4", atol=5e-4),
    "amplitude.highpass_pearson_r": spread("8.2e-4", atol=4e-3),
    "amplitude.ssim": spread("6.6e-4", atol=3e-3),
    "amplitude.mae": spread("0.7 %", rtol=0.03),
    "amplitude.rmse": spread("0.7 %", rtol=0.03),
    "phase.mae": spread("2.4e-4 rad", atol=1e-3),
    "complex.nrmse": spread("0.4 %", rtol=0.015),
    "complex.correlation_mean_free": spread("1.0e-4", atol=5e-4),
    "frc.amplitude.first_crossing_half": spread("0.006 of Nyquist", atol=0.025),
    "frc.complex.first_crossing_half": spread("0.006 of Nyquist", atol=0.025),
    "data.r_factor": spread("0.2 %", rtol=0.01),
}
CONTROLS = {
    "trivial.*": PHOTONS,
    "iterative.*": PHOTONS,
    "untrained.*": spread("6e-9, and single precision in a network", atol=1e-5),
}
EXACT = ("has_nan", "fits_canvas", "coverage.pixels", "phase.reason", "amplitude.reason")


def value(metrics: Mapping[str, Any], path: str) -> Any:
    """The score at a dotted path."""
    found: Any = metrics
    for part in path.split("."):
        found = found[part]
    return found


@pytest.mark.golden("metrics/{scenario}.json")
@pytest.mark.parametrize("scenario", BY_SCENARIO)
def test_every_scenario_scores_what_it_scored(golden: Golden, scenario: str) -> None:
    metrics = read_json(quick(scenario) / "metrics.json")
    observed = {path: value(metrics, path) for path in NETWORK}
    for control, scores in metrics["controls"].items():
        for name in ("mean_ratio", "pearson_r", "highpass_pearson_r", "ssim"):
            observed[f"{control}.{name}"] = scores["amplitude"][name]
    golden.numbers(
        observed, NETWORK | CONTROLS, facts={path: value(metrics, path) for path in EXACT}
    )

"""Scores of two seeded tiny runs beside the recorded ones: drift of any stage shows here, whatever its cause."""

from __future__ import annotations

from functools import cache

import pytest

from tests.golden_numbers import check, rows
from tests.tiny_runs import finished

RUNS = {"gs1": ("gs1_custom", "training.nepochs=12", "training.batch_size=8"), "gs2": ("gs2_custom",)}


@cache
def observed(run: str) -> dict[str, float]:
    made = finished(*RUNS[run])
    scores = made.result.metrics
    names = ("mean_ratio", "pearson_r", "highpass_pearson_r", "ssim")
    found = {f"{run}.{name}": scores["amplitude"][name] for name in names}
    for control in ("trivial", "iterative"):
        for name in ("mean_ratio", "highpass_pearson_r"):
            found[f"{run}.{control}-{name}"] = scores["controls"][control]["amplitude"][name]
    loss = made.trained.history.epochs[-1].metrics["loss"]
    assert loss is not None
    return found | {f"{run}.final-loss": loss, f"{run}.covered-pixels": scores["coverage"]["pixels"]}


@pytest.mark.parametrize("number", rows("tiny_runs"))
def test_the_tiny_runs_score_what_they_scored(number: str) -> None:
    check("tiny_runs", number, observed(number.split(".")[0])[number])

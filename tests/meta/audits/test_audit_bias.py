"""What the audits `bias` and `intensity` compute without a network: error split, candidate scalars, recorded chains."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ptyspec.checks.amplitude_error import (
    decomposition,
    distributions,
    least_squares,
    scalar_scores,
)
from ptyspec.checks.recorded_bias import (
    CHAINS,
    recorded_chains,
    recorded_products,
    recorded_scalars,
)
from ptyspec.checks.stage_chain import OUTPUT, Step, chain_product, explanation, first_break
from ptyspec.seeds import generator

DRAWS = generator(3, "amplitudes")
TRUTH = 2.7 + 0.6 * DRAWS.standard_normal(4000)
NOISE = 0.2 * DRAWS.standard_normal(4000)
MEANS: dict[str, float | None] = {
    "raw": 0.1458,
    "grouped": 0.1472,
    "loss target": 0.1472,
    "network input": 0.085,
    "prediction": 0.402,
    "truth": 2.708,
}


@pytest.mark.parametrize("factor", [1.0, 0.272, 2.0], ids=["as-it-is", "gained", "doubled"])
def test_level_contrast_and_structure_are_the_whole_error(factor: float) -> None:
    found = decomposition(factor * (TRUTH + NOISE), TRUTH)
    assert found["sum_of_parts"] == pytest.approx(1.0, rel=1e-12)
    assert found["before"] == pytest.approx(
        np.mean((factor * (TRUTH + NOISE) - TRUTH) ** 2), rel=1e-12
    )
    fitted = np.polynomial.Polynomial.fit(TRUTH + NOISE, TRUTH, 1)(TRUTH + NOISE)
    assert found["affine_floor"] == pytest.approx(np.mean((fitted - TRUTH) ** 2), rel=1e-9)


def test_a_scalar_removes_a_gain_and_nothing_of_the_structure() -> None:
    gained, structured = decomposition(0.272 * TRUTH, TRUTH), decomposition(TRUTH + NOISE, TRUTH)
    assert gained["removed"] == pytest.approx(1.0)
    assert gained["least_squares"] == pytest.approx(1 / 0.272)
    assert structured["removed"] is not None
    assert structured["removed"] < 0.02
    assert structured["structure"] is not None
    assert structured["structure"] > 0.8


def test_no_scalar_is_better_than_the_least_squares_one_and_none_moves_the_correlation() -> None:
    prediction = 0.56 * (TRUTH + NOISE)
    best = least_squares(prediction, TRUTH)
    scored = scalar_scores(
        prediction, TRUTH, {"none": 1.0, "best": best, "1 / g": 1 / 0.56, "unknown": None}
    )
    assert set(scored) == {"none", "best", "1 / g"}
    errors = {name: row["rmse"] or math.nan for name, row in scored.items()}
    assert min(errors, key=lambda name: errors[name]) == "best"
    assert scored["none"]["mean_ratio"] == pytest.approx(0.56, rel=0.01)
    correlations = [row["pearson_r"] for row in scored.values()]
    assert correlations == pytest.approx([np.corrcoef(prediction, TRUTH)[0, 1]] * 3, abs=1e-12)


def test_a_prediction_of_zeros_has_no_scalar_and_no_ratio() -> None:
    nothing = np.zeros_like(TRUTH)
    found = decomposition(nothing, TRUTH)
    assert found["least_squares"] is None
    assert found["removed"] is None
    assert found["rest_floor"] is None
    assert distributions(nothing, TRUTH)["truth / prediction"]["mean"] is None
    assert distributions(nothing, TRUTH)["prediction - truth"]["mean"] == pytest.approx(
        -TRUTH.mean()
    )


def test_distributions_are_percentiles_of_the_pixels() -> None:
    found = distributions(0.5 * TRUTH, TRUTH)
    assert found["prediction - truth"]["p05"] == pytest.approx(np.quantile(-0.5 * TRUTH, 0.05))
    assert found["truth / prediction"]["median"] == pytest.approx(2.0)
    assert found["prediction / truth"]["std"] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("run", "last"), [("gs2_ideal", 18.571), ("dose_legacy_gs2", 1.986)])
def test_the_recorded_chain_products_are_truth_over_raw_whatever_was_predicted(
    run: str, last: float
) -> None:
    found = recorded_chains()[run]
    assert found["product_of_ratios"] == pytest.approx(last, rel=0.01)
    assert found["truth_over_raw"] == pytest.approx(last, rel=0.01)
    assert found["prediction_doubled"] == pytest.approx(found["product_of_ratios"], rel=1e-12)
    assert CHAINS[run].product == last


def test_the_recorded_scalars_are_one_over_the_gain_within_the_scatter_of_the_runs() -> None:
    products = [
        row[key]
        for row in recorded_products().values()
        for key in ("least_times_gain", "most_times_gain")
    ]
    assert min(products) == pytest.approx(0.958, abs=1e-3)
    assert max(products) == pytest.approx(1.19, abs=2e-3)
    assert recorded_scalars("gs1_custom") == {"recorded 3.746 (gs1_custom, 5 epochs)": 3.746}
    assert not recorded_scalars("siemens")


def test_the_chain_product_does_not_know_the_prediction() -> None:
    doubled = MEANS | {"prediction": 2 * 0.402}
    assert chain_product(MEANS) == pytest.approx(2.708 / 0.1458)
    assert chain_product(doubled) == pytest.approx(chain_product(MEANS))
    assert chain_product(MEANS | {"prediction": None}) is None


def test_the_first_step_off_its_ratio_is_named_and_its_factor_recognised() -> None:
    right, wrong = Step(1.0, 1.0, 1.0, 0.01), Step(4.7, 8.1, 0.58, 0.05)
    unseen = Step(None, None, None, 0.05)
    assert first_break({"a": {"train": right, "test": unseen}}) is None
    assert first_break({"a": {"train": right}, OUTPUT: {"test": wrong}}) == (
        f"{OUTPUT} (test)",
        wrong,
    )
    assert explanation(0.58, {"g": 0.5774, "2": 2.0}) == "g"
    assert explanation(0.7, {"g": 0.5774, "2": 2.0}) is None
    assert explanation(1.08, {"own gain": 1.04}) is None
    assert explanation(0.0, {"g": 0.5774}) is None

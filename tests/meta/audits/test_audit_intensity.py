"""The audits `intensity` and `bias` of a tiny run: their figures against others, and what spoils exactly one of them."""

from __future__ import annotations

import numpy as np
import pytest

from ptyspec.checks.report import Audit
from ptyspec.checks.stage_chain import GROUPED, INPUT, OUTPUT, TARGET
from tests.audits import performed, trained

IDEAL, CUSTOM = "gs1_ideal", "gs2_custom"


def both(kind: str, control: str | None = None) -> Audit:
    """Two subjects; a control spoils the second, the custom one."""
    return performed(kind, trained(IDEAL), trained(CUSTOM), control=control)


@pytest.mark.expensive
def test_stage_means_are_those_of_the_arrays_that_the_run_recorded() -> None:
    found = performed("intensity", trained()).data["stages"][CUSTOM]
    stages = trained().finished.stages
    for split in ("train", "test"):
        assert found[split]["raw"] == pytest.approx(
            stages["split"].arrays[f"{split}.diff3d"].mean, rel=1e-6
        )
    made = trained().finished.reconstruction.object
    assert found["test"]["prediction"] == pytest.approx(
        np.nanmean(np.abs(made)), rel=0.01
    )  # a rim lies off the object
    assert found["train"]["network input"] == pytest.approx(
        stages["normalize"].arrays["train.network_input"].mean, rel=1e-5
    )


def test_gain_scales_and_their_differences_are_those_of_the_data() -> None:
    data = performed("intensity", trained()).data
    half = trained().halves
    energy = {
        name: float((part.diff3d.astype(float) ** 2).sum(axis=(1, 2)).mean())
        for name, part in (("train", half.train), ("test", half.test))
    }
    scales = data["scales"][CUSTOM]
    train, test = (scales["splits"][name] for name in ("train", "test"))
    assert train["own_gain"] == pytest.approx(16 / np.sqrt(energy["train"]))
    assert train["gain"] == test["gain"] == pytest.approx(train["own_gain"])
    assert test["own_scale"] == pytest.approx(np.sqrt(1e9 / energy["test"]))
    assert scales["closed_form"] == pytest.approx(np.sqrt(1e9) / 16)


BREAKS = {
    "gain-left": (f"{OUTPUT} (test)", "g"),
    "test-gain-own": (f"{INPUT} (test)", "own gain of the test split over g"),
    "gain-in-the-loss": (f"{TARGET} (train)", "g"),
    "bright-groups": (f"{GROUPED} (test)", None),
}


@pytest.mark.parametrize("control", BREAKS)
def test_the_first_step_that_breaks_the_symmetry_is_named(control: str) -> None:
    row = performed("intensity", trained(), control=control).data["broken"][CUSTOM]
    assert (row["step"], row["factor"]) == BREAKS[control]


def test_an_object_of_the_gained_gauge_is_known_by_its_scalar() -> None:
    data = both("intensity", "gain-left").data
    assert data["broken"][IDEAL]["gauge"] == "absolute"
    assert data["broken"][CUSTOM]["gauge"] == "g O: the gain was left in"
    assert data["gauge"][CUSTOM]["times_gain"] == pytest.approx(1, abs=0.05)


def test_ratios_of_an_object_that_was_scaled_after_scoring_are_refused() -> None:
    made = both("bias", "rescaled-after")
    for part in ("scalars", "error"):
        assert [name for name, row in made.data[part].items() if row] == [IDEAL]
    skipped = [finding for finding in made.findings if finding.ok is None]
    assert {finding.clause for finding in skipped} == {"INFER-005", "NET-009"}
    assert all(CUSTOM in finding.what for finding in skipped)


def test_a_left_gain_is_what_the_least_squares_scalar_removes() -> None:
    data = both("bias", "gain-left").data
    before, error = performed("bias", trained(CUSTOM)).data, data["error"][CUSTOM]["network"]
    assert data["scalars"][CUSTOM]["least squares"]["scalar"] == pytest.approx(
        before["scalars"][CUSTOM]["least squares"]["scalar"] / data["level"][CUSTOM]["gain"],
        rel=1e-5,
    )
    assert data["scalars"][CUSTOM]["1 / g"]["rmse"] == pytest.approx(
        before["scalars"][CUSTOM]["none"]["rmse"], rel=1e-5
    )
    assert error["removed"] > 0.99
    assert data["scalars"][CUSTOM]["none"]["pearson_r"] == pytest.approx(
        before["scalars"][CUSTOM]["none"]["pearson_r"]
    )


def test_without_a_truth_the_data_judge_the_level_and_nothing_else_passes() -> None:
    blind = trained().replaced(scan=trained().scan.model_copy(update={"objectGuess": None}))
    bias, intensity = performed("bias", blind), performed("intensity", blind)
    assert {finding.ok for finding in bias.findings} == {None}
    assert (bias.status, intensity.status) == ("incomplete", "incomplete")
    assert not bias.tables
    states = {finding.clause: finding.ok for finding in intensity.findings}
    assert {states[rule] for rule in ("INFER-005", "SCALE-002", "SCORE-002")} == {None}
    assert intensity.data["steps"][CUSTOM][OUTPUT]["test"]["quotient"] == pytest.approx(1, abs=0.05)
    dim = blind.replaced(
        reconstruction=blind.reconstruction.model_copy(
            update={"object": blind.reconstruction.object * np.float32(0.5)}
        )
    )
    assert performed("intensity", dim).violated() == ["SCALE-005"]

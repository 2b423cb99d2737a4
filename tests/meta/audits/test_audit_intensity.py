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
    assert test["own_gain"] == pytest.approx(16 / np.sqrt(energy["test"]))
    assert scales["closed_form"] == pytest.approx(np.sqrt(1e9) / 16)


BREAKS = {
    "gain-left": f"{OUTPUT} test",
    "test-gain-own": f"{INPUT} test",
    "gain-in-the-loss": f"{TARGET} train",
    "bright-groups": f"{GROUPED} test",
}


@pytest.mark.parametrize("control", BREAKS)
def test_the_first_step_off_its_ratio_is_the_one_that_was_spoiled(control: str) -> None:
    steps = performed("intensity", trained(), control=control).data["steps"][CUSTOM]
    rows = {f"{name} {split}": row for name in steps for split, row in steps[name].items()}
    assert next(name for name, row in rows.items() if not row["kept"]) == BREAKS[control]


def test_an_object_of_the_gained_gauge_is_known_by_its_scalar() -> None:
    data = both("intensity", "gain-left").data
    assert data["gauge"][IDEAL]["least_squares"] == pytest.approx(1, abs=0.05)
    assert data["gauge"][CUSTOM]["times_gain"] == pytest.approx(1, abs=0.05)


def test_ratios_of_an_object_that_was_scaled_after_scoring_are_refused() -> None:
    made = both("bias", "rescaled-after")
    assert [name for name, row in made.data["error"].items() if row] == [IDEAL]
    skipped = [finding for finding in made.findings if finding.ok is None]
    assert {finding.clause for finding in skipped} == {"INFER-005", "NET-009"}
    assert all(CUSTOM in finding.what for finding in skipped)


def test_a_left_gain_is_what_the_least_squares_scalar_removes() -> None:
    gained = both("bias", "gain-left").data["error"][CUSTOM]["network"]
    before = performed("bias", trained(CUSTOM)).data["error"][CUSTOM]["network"]
    factor = before["least_squares"] / trained(CUSTOM).containers.train.gain
    assert gained["least_squares"] == pytest.approx(factor, rel=1e-5)
    assert gained["after"] == pytest.approx(before["after"], rel=1e-5)
    assert gained["removed"] > 0.99


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

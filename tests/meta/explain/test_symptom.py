"""Symptoms and differences: read, never evaluated; what cannot be said is not said."""

from __future__ import annotations

from typing import Any

import pytest

from ptyspec.errors import ConfigError
from ptyspec.explanations.explanation import (
    Difference,
    acting_at,
    differences,
    settings_with,
    stages_of,
)
from ptyspec.explanations.laboratory import reaching
from ptyspec.explanations.search import Outcome, read_symptom, unread


def observation(**more: Any) -> dict[str, Any]:
    return {
        "outcome": "finished",
        "error": "",
        "stage": "score",
        "metrics": {"amplitude": {"mean_ratio": 0.56}},
        "numbers": {"normalize.gain": 0.6},
        **more,
    }


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        pytest.param("amplitude.mean_ratio<0.9", Outcome.FAIL, id="shown"),
        pytest.param("amplitude.mean_ratio>=0.9", Outcome.PASS, id="absent"),
        pytest.param(
            "amplitude.mean_ratio < 0.9 and normalize.gain == 0.6", Outcome.FAIL, id="both"
        ),
        pytest.param(
            "amplitude.mean_ratio<0.9 and normalize.gain!=0.6", Outcome.PASS, id="one-of-two"
        ),
        pytest.param(
            "amplitude.mean_ratio>0.9 and nothing.here<1", Outcome.PASS, id="enough-is-known"
        ),
        pytest.param("nothing.here<1", Outcome.UNRESOLVED, id="no-number"),
        pytest.param("outcome.diverged==1", Outcome.PASS, id="did-not-diverge"),
    ],
)
def test_a_symptom_is_read_from_scores_and_stage_numbers(text: str, outcome: Outcome) -> None:
    assert read_symptom(text).read(observation()).outcome is outcome


def test_a_run_that_was_refused_says_nothing_of_divergence() -> None:
    refused = observation(outcome="refused", metrics={}, numbers={})
    assert read_symptom("outcome.diverged==1").read(refused).outcome is Outcome.UNRESOLVED
    assert read_symptom("outcome.refused==1").read(refused).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    "text",
    ["", "amplitude.mean_ratio", "a<b", "a<1 or b<2", "__import__('os')<1", "a<1e", "a=<1"],
    ids=["empty", "no-limit", "no-number", "or", "code", "half-a-number", "sign"],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_symptom(text)


def test_a_misspelt_number_is_answered_with_the_nearest_ones() -> None:
    error = unread(read_symptom("amplitude.mean_ration<0.9"), observation(), "GOOD")
    assert "did you mean amplitude.mean_ratio" in str(error)


def test_differences_are_settings_and_faults_with_the_stages_they_act_at() -> None:
    good = {"training.nepochs": 8, "dose.nphotons": 1e9, "model.N": 64, "pipeline": "reference"}
    bad = {
        "training.nepochs": 5,
        "dose.nphotons": 1e9,
        "model.N": 32,
        "pipeline": "mine:Mine",
        "fault.gain-kept": True,
    }
    found = differences(good, bad)
    assert [delta.name for delta in found] == [
        "fault.gain-kept",
        "model.N",
        "pipeline",
        "training.nepochs",
    ]
    assert acting_at(found, "train") == ["fault.gain-kept", "training.nepochs"]
    assert settings_with(good, found, frozenset({"fault.gain-kept", "model.N"})) == {
        **good,
        "model.N": 32,
        "fault.gain-kept": True,
    }
    assert (
        settings_with(bad, differences(bad, good), frozenset({"fault.gain-kept"}))[
            "fault.gain-kept"
        ]
        is None
    )


def test_every_setting_has_a_stage_of_its_own() -> None:
    from ptyspec.contracts.resolve import known_keys
    from ptyspec.contracts.stages import STAGES

    named = [key for key in known_keys() if key not in ("name", "description")]
    assert [key for key in named if stages_of(key) == STAGES] == []


def test_only_faults_and_pipelines_reach_the_cases_of_a_clause() -> None:
    fault = Difference(name="fault.gain-kept", good=None, bad=True, stages=("train",))
    setting = Difference(name="training.nepochs", good=8, bad=5, stages=("train",))
    assert reaching((fault, setting)) == ((fault,), (setting,))
    with pytest.raises(ConfigError, match="bring their own settings"):
        reaching((setting,))

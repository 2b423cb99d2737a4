"""Audit `hyperparameters`: pairs that differ in one setting, effects with intervals, verdicts that follow from them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from ptyspec.checks import paired
from ptyspec.checks.hyperparameters import MEASURED, hold, questions, schedule
from ptyspec.checks.legacy_subject import legacy_subject
from ptyspec.checks.material import Material
from ptyspec.checks.paired import EXPLAINS, NONE, NOT, OPEN, Question
from ptyspec.checks.registry import perform
from ptyspec.checks.report import Audit
from ptyspec.checks.subject import Subject
from ptyspec.contracts.resolve import Resolved
from ptyspec.errors import ConfigError
from ptyspec.files.jsonfile import write_json
from ptyspec.runs.request import request
from ptyspec.spec.checks import Check

EPOCHS = Question("training.nepochs", 5, 60)
QUESTIONS = (
    EPOCHS,
    Question("training.batch_size", 4, 64),
    Question("training.learning_rate", 2e-3, 1e-3),
    Question("training.loss", "poisson", "mae"),
    Question("training.monitor", "val_loss", "loss"),
    Question("grouping.n_groups", 200, 3362),
)
GAIN = 0.27


def pair(first: float, second: float, seed: int = 1) -> dict[str, Any]:
    def side(scalar: float) -> dict[str, float]:
        return {
            "least_squares_scalar": scalar,
            "mean_ratio": 1 / scalar,
            "pearson_r": 0.9,
            "gain": GAIN,
            "scalar_with_gain": scalar / GAIN,
        }

    return {"seed": seed, "first": side(first), "second": side(second)}


def run_folder(folder: Path, made: Resolved, scalar: float) -> Path:
    """What of a finished run an experiment reads."""
    path = folder / f"{made.scenario.training.nepochs}-{made.scenario.seeds.training}"
    path.mkdir()
    scores = {"least_squares_scalar": scalar, "mean_ratio": 1 / scalar, "pearson_r": 0.9}
    write_json(path / "scenario.json", made.as_json())
    write_json(path / "metrics.json", {"amplitude": scores})
    row = {
        "name": "normalize",
        "seconds": 0.0,
        "cpu_seconds": 0.0,
        "peak_rss_mb": 0.0,
        "numbers": {"gain": GAIN},
    }
    write_json(path / "stages.json", {"stages": [row]})
    return path


def experiment(folder: Path, first: float, second: float) -> dict[str, Any]:
    """The experiment on epochs, with runs that have these scalars."""

    def make(made: Resolved) -> Path:
        scalar = first if made.scenario.training.nepochs == EPOCHS.first else second
        return run_folder(folder, made, scalar * (1 + 1e-3 * made.scenario.seeds.training))

    return paired.experiment(request("gs2_custom").scenario, EPOCHS, make)


def report_of(facts: dict[str, Any]) -> Audit:
    made = Audit("hyperparameters", "?", ({"name": "one", "kind": "scenario", "source": "one"},))
    made.extend(EPOCHS.name, hold(facts))
    return made


# Pairs


@pytest.mark.clause("CONFIG-011")
@pytest.mark.parametrize(
    "question", QUESTIONS, ids=[question.key.replace(".", "-") for question in QUESTIONS]
)
@pytest.mark.parametrize("name", ["gs1_ideal", "gs2_custom"])
def test_the_two_sides_of_a_pair_differ_in_their_setting_alone(
    clause: Check, name: str, question: Question
) -> None:
    base = request(name).scenario
    sides = [
        paired.smallest(base, question, value, 1) for value in (question.first, question.second)
    ]
    clause.equal(paired.differences(*sides), [question.key], "settings that differ")
    seeds = sides[0].scenario.seeds
    clause.equal((seeds.object, seeds.noise, seeds.training), (1, 1, 1), "shared seeds")


def test_a_pair_keeps_what_the_subject_is_and_shrinks_the_rest() -> None:
    base = request(
        "gs2_ideal",
        settings=["dose.nphotons=1e5", "training.nepochs=60", "training.gradient_clip=2"],
    ).scenario
    made = paired.smallest(base, Question("training.loss", "poisson", "mae"), "mae", 3).scenario
    assert (
        made.model.gridsize,
        made.probe.kind,
        made.dose.nphotons,
        made.training.gradient_clip,
    ) == (2, "ideal", 1e5, 2.0)
    assert (made.model.N, made.model.stages, made.training.nepochs, made.training.loss) == (
        32,
        1,
        paired.EPOCHS,
        "mae",
    )


def test_numbers_of_groups_keep_their_direction_within_what_is_small() -> None:
    question = Question("grouping.n_groups", 200, 3362)
    sides = [
        paired.smallest(request("gs1_custom").scenario, question, value, 1).scenario
        for value in (200, 3362)
    ]
    assert [side.grouping.n_groups for side in sides] == [40, 80]


# Verdicts


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([pair(1.0, 1.001), pair(1.0, 0.999), pair(1.001, 1.0)], NOT),
        ([pair(3.7, 1.0), pair(3.75, 1.01), pair(3.65, 0.99)], EXPLAINS),
        ([pair(1.0, 3.7), pair(1.01, 3.75), pair(0.99, 3.65)], EXPLAINS),
        ([pair(1.0, 2.0), pair(1.0, 0.5), pair(1.0, 1.0)], OPEN),
        ([pair(1.0, 1.3), pair(1.0, 1.31), pair(1.0, 1.32)], OPEN),
        ([pair(1.0, 1.1), pair(1.0, 1.101), pair(1.0, 1.102)], NOT),
        ([pair(3.7, 1.0), pair(3.7, 1.0)], NONE),
        ([], NONE),
    ],
    ids=[
        "no-effect",
        "brighter",
        "darker",
        "scatter",
        "at-the-margin",
        "a-fifth",
        "two-pairs",
        "none",
    ],
)
def test_a_verdict_follows_from_the_interval(pairs: list[dict[str, Any]], expected: str) -> None:
    assert paired.judged(pairs)["verdict"] == expected


def test_the_interval_is_students_at_95_percent() -> None:
    found = paired.interval([1.0, 2.0, 3.0])
    assert found["mean"] == 2.0
    assert math.isclose(
        found["high"] - found["mean"], 4.302653 / math.sqrt(3), rel_tol=1e-6
    )  # t(0.975; 2) from a table


def test_the_effect_on_the_scalar_is_a_factor_and_its_share_that_of_the_smallest_recorded_undershoot() -> (
    None
):
    found = paired.judged([pair(1.71, 1.0)] * 3)
    assert math.isclose(found["effect"]["least_squares_scalar"]["mean"], 1 / 1.71)
    assert math.isclose(found["share"]["mean"], -1.0)


def test_a_missing_score_leaves_no_verdict() -> None:
    bad = pair(1.0, 1.0)
    bad["second"]["pearson_r"] = None
    found = paired.judged([pair(1.0, 1.0), bad, pair(1.0, 1.0)])
    assert (found["verdict"], found["reason"]) == (NONE, "no value for pearson_r")


# Experiments


def test_a_setting_that_leaves_the_gain_in_the_object_is_found_to_explain_the_undershoot(
    tmp_path: Path,
) -> None:
    found = experiment(tmp_path, 1 / GAIN, 1.0)
    assert (found["verdict"], found["differing"], found["values"]) == (
        EXPLAINS,
        ["training.nepochs"],
        [5, 60],
    )
    assert report_of(found).violated() == ["INFER-005"]


def test_a_setting_without_an_effect_is_found_not_to(tmp_path: Path) -> None:
    found = experiment(tmp_path, 1.0, 1.0)
    assert found["verdict"] == NOT
    assert math.isclose(
        found["means"]["scalar_with_gain"]["first"], found["means"]["scalar_with_gain"]["second"]
    )
    assert report_of(found).status == "ok"


@pytest.mark.clause("CONFIG-011")
def test_sides_that_differ_in_more_than_their_setting_are_told(
    clause: Check, tmp_path: Path
) -> None:
    found = experiment(tmp_path, 1.0, 1.0) | {"differing": ["model.N", "training.nepochs"]}
    clause.equal(report_of(found).violated(), ["CONFIG-011"], "broken clauses")


@pytest.mark.clause("EVID-009")
def test_an_experiment_whose_run_fails_has_no_verdict_and_says_why(clause: Check) -> None:
    def make(made: Resolved) -> Path:
        raise ConfigError("the head cannot reach the object", value=made.scenario.name)

    found = paired.experiment(request("gs1_custom").scenario, EPOCHS, make)
    clause.equal(found["verdict"], NONE, "verdict")
    clause.holds("cannot reach" in found["reason"], "reason", found["reason"], "the error's text")
    clause.equal(report_of(found).status, "incomplete", "status")


# Questions and schedule


def test_every_training_setting_that_differs_is_a_question_once() -> None:
    sides = [
        request("gs1_custom", profile="quick", settings=words)
        for words in (
            [],
            ["training.nepochs=60", "seeds.training=3"],
            ["training.nepochs=60", "grouping.n_groups=20"],
        )
    ]
    found = questions(
        [Material(Subject(made, name=str(n), source="x")) for n, made in enumerate(sides)]
    )
    assert [(question.key, question.first, question.second) for question in found] == [
        ("training.nepochs", 8, 60),
        ("grouping.n_groups", 200, 20),
    ]
    assert {question.key for question in found} <= set(MEASURED)


def test_a_profile_of_the_dictionary_has_settings_and_no_run() -> None:
    found = perform("hyperparameters", [Material(legacy_subject("legacy:dose"))])
    rows = found.data["settings"]
    assert (
        rows["training.nepochs"]["values"]["legacy:dose"],
        rows["training.batch_size"]["values"]["legacy:dose"],
    ) == (60, 16)
    assert (found.status, found.data["experiments"]) == ("incomplete", {})
    assert found.data["runs"] == {"legacy:dose": None}


def test_the_declared_schedule_rises_to_its_peak_and_falls_to_nothing() -> None:
    scenario = request(
        "gs1_custom",
        settings=["training.nepochs=20", "training.batch_size=16", "training.learning_rate=1e-3"],
    ).scenario
    rates = schedule(
        scenario, 336
    )  # 16 validate, 20 batches an epoch, 400 steps, 20 of them warm up
    assert math.isclose(rates[0], 1e-3)
    assert math.isclose(rates[9], 1e-3 * 0.5 * (1 + math.cos(math.pi * 180 / 380)))
    assert math.isclose(rates[-1], 0.0, abs_tol=1e-18)

"""Audit `hyperparameters` on real trainings: an effect is measured, and the same runs are never made twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from ptyspec.checks import paired
from ptyspec.checks.hyperparameters import experiment_tables
from ptyspec.checks.pointers import problems
from ptyspec.checks.report import Audit
from ptyspec.checks.write import write_audit
from ptyspec.runs.produce import produce
from ptyspec.runs.request import request
from ptyspec.spec.checks import Check
from ptyspec.spec.registry import specification
from tests.audits import performed, trained

pytestmark = pytest.mark.expensive

QUESTION = paired.Question("training.nepochs", 1, 4)


@pytest.mark.clause("INFER-005")
def test_four_times_the_epochs_do_not_explain_an_undershoot(clause: Check) -> None:
    found = paired.experiment(request("gs1_custom").scenario, QUESTION, produce)
    assert found["verdict"] == paired.NOT, found
    for side in ("first", "second"):
        clause.within_ratio(
            found["means"]["mean_ratio"][side], 1.0, f"mean ratio, {QUESTION.name}, {side}"
        )
    gains = {pair[side]["gain"] for pair in found["pairs"] for side in ("first", "second")}
    assert len(gains) == len(paired.SEEDS)  # shared by the two sides of a pair
    assert found["means"]["scalar_with_gain"]["second"] > 1.5


def test_the_page_of_an_experiment_points_into_its_data(tmp_path: Path) -> None:
    made = Audit("hyperparameters", "?", ({"name": "one", "kind": "scenario", "source": "one"},))
    made.data["experiments"] = {
        QUESTION.name: paired.experiment(request("gs1_custom").scenario, QUESTION, produce)
    }
    experiment_tables(made)
    write_audit(tmp_path, made)
    assert problems(tmp_path) == []
    assert (tmp_path / "figures" / "hyperparameters-effects.png").is_file()


def test_one_finished_run_is_told_as_it_was_carried_out() -> None:
    found = performed("hyperparameters", trained())
    name = trained().name
    facts = found.data["runs"][name]
    assert (facts["epochs"], facts["monitored"], facts["finite"]) == (2, 2, 2)
    scores, recorded = found.data["undershoot"][name], trained().finished.metrics["amplitude"]
    assert {key: scores[key] for key in paired.METRICS} == {
        key: recorded[key] for key in paired.METRICS
    }
    assert found.data["experiments"] == {}
    assert {finding.clause for finding in found.findings} <= set(specification())

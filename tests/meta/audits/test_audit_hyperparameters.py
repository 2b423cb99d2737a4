"""Audit `hyperparameters`: settings beside each other, and a training as it was carried out."""

from __future__ import annotations

import math

from ptyspec.checks.hyperparameters import schedule
from ptyspec.checks.registry import perform
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.checks.subject_values import legacy_subject
from ptyspec.runs.request import request
from tests.audits import performed, trained


def test_one_finished_run_is_told_as_it_was_carried_out() -> None:
    found = performed("hyperparameters", trained())
    name = trained().name
    facts = found.data["runs"][name]
    assert (facts["epochs"], facts["monitored"], facts["finite"]) == (2, 2, 2)


def test_a_profile_of_the_dictionary_has_settings_and_no_run() -> None:
    found = perform("hyperparameters", [StageOutputs(legacy_subject("legacy:dose"))])
    rows = found.data["settings"]
    assert (
        rows["training.nepochs"]["values"]["legacy:dose"],
        rows["training.batch_size"]["values"]["legacy:dose"],
    ) == (60, 16)
    assert found.status == "incomplete"
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

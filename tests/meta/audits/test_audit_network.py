"""Audits of the built network (`loss`, `scaler`, `architecture`): their facts against values found another way."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest

from ptyspec.checks.loss_values import NetworkLoss, PhysicsLoss
from ptyspec.checks.network_facts import combination, driven_range, network_probe
from ptyspec.checks.report import Audit
from tests.audits import material, performed, trained

NAME = "gs2_custom"


@cache
def clean(kind: str) -> Audit:
    return performed(kind, trained())


def test_the_composition_is_what_the_settings_declare_and_the_trivial_estimate_loses() -> None:
    of_three_stages = material(NAME, "model.stages=3")
    data = performed("loss", of_three_stages).data
    loss = of_three_stages.scenario.training
    weights = [row["by_gradient"] for row in data["weights"][NAME].values()]
    assert weights == pytest.approx([loss.stage_weight / 2, loss.stage_weight / 2, 1.0], abs=1e-5)
    values = {what: row["poisson"] for what, row in data["values"][NAME].items()}
    assert (
        values["truth"]
        < 1e-5
        < 1e-4
        < values["trivial estimate"]
        < values["0.9 x truth"]
        < values["2 x truth"]
    )


def test_the_loss_in_numpy_is_the_loss_that_trains_and_its_slope_a_difference_of_it() -> None:
    material = trained()
    sample, wrong = material.sample, np.float32(1.3) * material.sample.truth
    seen = NetworkLoss(material.model, sample.measured, "poisson")
    twin = PhysicsLoss(material.containers.train, sample.measured, sample.truth)
    for term in ("poisson", "mae"):
        assert seen.value(term, wrong) == pytest.approx(twin.value(term, math.log(1.3)), rel=1e-5)
        assert seen.slope(term, wrong) == pytest.approx(twin.slope(term, math.log(1.3)), rel=1e-5)


def test_the_scale_of_a_scan_is_not_the_closed_form_but_its_quotient_with_the_gain_is() -> None:
    audit, data = clean("scaler"), trained().containers.train
    row = audit.data["scale"][NAME]
    photons = np.mean(np.sum((data.scale * trained().scan.diff3d.astype(float)) ** 2, axis=(1, 2)))
    assert row["photons"] == pytest.approx(float(photons), rel=1e-12)
    assert row["stored"] == data.scale
    gained = data.scale / row["gain_of_all"] / row["closed_form"]
    assert abs(row["stored_over_closed"] - 1) > 0.1 > 1e-4 > abs(gained - 1)


def test_all_parameters_are_listed_and_each_moves() -> None:
    rows = clean("architecture").data["parameters"][NAME].values()
    assert sum(math.prod(row["shape"]) for row in rows) == trained().model.count_params()
    assert all(row["trainable"] and row["gradient"] and row["moved"] for row in rows)


def test_looking_at_a_network_leaves_its_weights_as_they_were() -> None:
    material = trained()
    before = [np.array(weight.numpy()) for weight in material.model.weights]
    driven_range(material)
    combination(material)
    _ = material.replaced(model=material.model, sample=material.sample).step
    after = [weight.numpy() for weight in material.model.weights]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_the_probe_is_read_from_the_network_bit_by_bit() -> None:
    assert np.array_equal(network_probe(trained()), trained().containers.train.probe)


@pytest.mark.parametrize("kind", ["loss", "architecture"])
def test_without_a_truth_what_needs_it_is_not_evaluated_and_nothing_is_broken(kind: str) -> None:
    blind = trained().replaced(
        scan=trained().scan.model_copy(update={"objectGuess": None}), model=trained().model
    )
    audit = performed(kind, blind)
    assert not audit.violated()
    unknown = {finding.clause for finding in audit.findings if finding.ok is None}
    assert unknown == ({"LOSS-001", "SCALE-002", "LOSS-007"} if kind == "loss" else set())


def test_two_subjects_stand_side_by_side() -> None:
    audit = performed("architecture", trained(), trained("gs1_ideal"))
    assert audit.status == "ok"
    flags = audit.data["flags"]
    assert flags[NAME]["model.gridsize"]["effective"] == 2
    assert flags["gs1_ideal"]["model.gridsize"]["effective"] == 1
    assert "model.object_big" not in flags["gs1_ideal"]  # nothing to merge

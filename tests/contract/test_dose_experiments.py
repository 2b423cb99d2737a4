"""The script of dose_experiments, executed: its dictionary, its two loss modes, and what they mean to our stages."""

from __future__ import annotations

import ast
import inspect
from typing import Any

import pytest

from ptyspec.contracts.resolve import flatten
from ptyspec.errors import ConfigError
from ptyspec.legacy.bridge import ABSENT, stale_keys
from ptyspec.legacy.dose_experiments import (
    DEPARTURES,
    conditional,
    execute,
    init,
    loss_modes,
    meant,
)
from ptyspec.legacy.params import Parameters, SealedError, derived_sizes, legacy_defaults, shared
from ptyspec.runs.request import request
from ptyspec.spec.checks import Check

RECORDED = {
    "data_source": "lines",
    "set_phi": False,
    "nepochs": 60,
    "gridsize": 2,
    "offset": 4,
    "n_filters_scale": 2,
    "object.big": True,
    "intensity_scale.trainable": True,
    "probe.trainable": False,
    "outer_offset_train": 8,
    "outer_offset_test": 20,
    "nimgs_train": 2,
    "nimgs_test": 2,
    "N": 64,
    "batch_size": 16,
    "default_probe_scale": 0.7,
    "probe_scale": 10.0,
    "probe.mask": True,
    "probe.big": False,
    "max_position_jitter": 10,
}
"""Facts 5.3, in their order."""
WEIGHTS = {"nll": (0, 1), "mae": (1, 0)}
"""mae_weight and nll_weight that are in effect after init in a fresh dictionary."""
SCENARIOS = {"nll": "dose_legacy_gs2", "mae": "dose_legacy_gs2_mae"}


def written(loss_fn: str = "nll", nphotons: float = 1e9) -> Parameters:
    cfg = Parameters("dose")
    init(nphotons, loss_fn, cfg)
    execute(cfg)
    return cfg


def weights(cfg: Any) -> tuple[float, float]:
    return cfg["mae_weight"], cfg["nll_weight"]


# The dictionary


@pytest.mark.clause("DOSE-EXPERIMENTS-001")
@pytest.mark.parametrize("loss_fn", SCENARIOS)
@pytest.mark.parametrize("branch", ["main", "dose"])
def test_init_writes_the_recorded_values_and_nothing_else(
    clause: Check, branch: Any, loss_fn: str
) -> None:
    cfg = Parameters(branch)
    init(1e5, loss_fn, cfg)
    mode = dict(zip(("mae_weight", "nll_weight"), WEIGHTS[loss_fn], strict=True))
    clause.equal(
        dict(cfg),
        legacy_defaults(branch) | RECORDED | mode | {"nphotons": 1e5},
        "dictionary after init",
    )


@pytest.mark.clause("DOSE-EXPERIMENTS-001")
def test_the_execution_leaves_less_room_for_jitter_than_the_initialisation(clause: Check) -> None:
    before, after = Parameters("dose"), written()
    init(1e9, "nll", before)
    clause.equal(
        {key for key in after if after[key] != before[key]},
        {"max_position_jitter"},
        "changed by execution",
    )
    clause.equal(
        (before["max_position_jitter"], after["max_position_jitter"]), (10, 3), "room for jitter"
    )
    clause.equal(
        (derived_sizes(before).padded, derived_sizes(after).padded), (78, 71), "padded size"
    )
    made = request("dose_legacy_gs2").scenario
    clause.equal(
        (made.scan.jitter, made.model.canvas),
        (0, 72),
        "displacement, and the canvas in whole pixels",
    )


@pytest.mark.clause("DOSE-EXPERIMENTS-001")
@pytest.mark.parametrize("loss_fn", ["MAE", "mse", "", "poisson"])
def test_a_loss_that_the_script_does_not_know_is_refused_before_it_writes(
    clause: Check, loss_fn: str
) -> None:
    cfg: dict[str, Any] = {}
    with pytest.raises(ConfigError, match="limit: nll or mae"):
        init(1e9, loss_fn, cfg)
    clause.equal(cfg, {}, "dictionary after the refusal")


@pytest.mark.clause("DOSE-EXPERIMENTS-001", "PARAM-003")
def test_a_sealed_dictionary_refuses_the_script_and_stays(clause: Check) -> None:
    cfg = Parameters()
    cfg.seal()
    with pytest.raises(SealedError):
        init(1e9, "mae", cfg)
    for name in ("DOSE-EXPERIMENTS-001", "PARAM-003"):
        clause(name).equal(dict(cfg), legacy_defaults(), "sealed dictionary")


def test_without_a_dictionary_the_script_writes_the_processes_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cfg = Parameters()
    monkeypatch.setattr("ptyspec.legacy.dose_experiments.shared", lambda: cfg)
    init(1e5)
    assert (cfg["nphotons"], cfg["gridsize"], weights(cfg)) == (1e5, 2, (0, 1))


# Loss modes


@pytest.mark.clause("DOSE-EXPERIMENTS-002")
@pytest.mark.parametrize("loss_fn", SCENARIOS)
def test_a_mode_has_the_weights_that_are_there_after_it_ran(clause: Check, loss_fn: str) -> None:
    mode = loss_modes()[loss_fn]
    clause.equal(weights(mode.effective), WEIGHTS[loss_fn], "mae_weight, nll_weight")
    clause.equal(
        dict(mode.effective),
        dict(mode.effective) | dict(mode.assigned),
        "what it wrote is in effect",
    )
    clause.equal("mae_weight" in mode.assigned, loss_fn == "mae", "it wrote the weights itself")


@pytest.mark.clause("DOSE-EXPERIMENTS-002")
def test_reading_the_source_claims_the_branch_that_is_not_taken(clause: Check) -> None:
    """The false loss inversion: assignments read as settings, whatever condition they stand under."""
    claimed: dict[str, Any] = {}
    assigned = [
        node
        for node in ast.walk(ast.parse(inspect.getsource(init)))
        if isinstance(node, ast.Assign)
    ]
    for node in assigned:
        if isinstance(node.targets[0], ast.Subscript) and isinstance(node.value, ast.Constant):
            claimed[ast.literal_eval(node.targets[0].slice)] = node.value.value
    assert set(RECORDED) < set(claimed)  # the reader reads: it is not blind
    assert weights(claimed) == (1.0, 0.0)
    clause.equal(
        weights(loss_modes()["nll"].effective),
        (0, 1),
        "mae_weight, nll_weight of the default, executed",
    )


@pytest.mark.clause("DOSE-EXPERIMENTS-002")
def test_capturing_the_modes_changes_no_other_dictionary(clause: Check) -> None:
    base, nested_value = Parameters("dose"), [1, 2]
    base["probe"] = nested_value
    before, process = dict(base), dict(shared())
    found = loss_modes(base=base)
    clause.equal((dict(base), dict(shared())), (before, process), "given and shared dictionary")
    found["mae"].effective["probe"].append(3)
    clause.equal(
        (nested_value, found["nll"].effective["probe"]),
        ([1, 2], [1, 2]),
        "arrays inside are copies",
    )


@pytest.mark.clause("DOSE-EXPERIMENTS-002")
def test_one_mode_leaves_no_trace_in_the_other(clause: Check) -> None:
    spoilt = Parameters("dose")
    init(1e9, "mae", spoilt)
    init(1e9, "nll", spoilt)
    assert weights(spoilt) == (
        1,
        0,
    )  # the script's own trap: in one dictionary the earlier mode stays
    modes = loss_modes()
    clause.equal(weights(modes["nll"].effective), (0, 1), "weights of nll, captured beside mae")
    clause.equal(
        conditional(modes), ["mae_weight", "nll_weight"], "entries that depend on the mode"
    )


# What it means


@pytest.mark.clause("DOSE-EXPERIMENTS-003")
@pytest.mark.parametrize("loss_fn", SCENARIOS)
def test_the_shipped_scenarios_differ_from_the_dictionary_where_it_is_declared(
    clause: Check, loss_fn: str
) -> None:
    cfg, made = written(loss_fn), request(SCENARIOS[loss_fn], profile="full").scenario
    found = {entry.key: entry.wanted for entry in stale_keys(cfg, made) if entry.held is not ABSENT}
    declared = {key: value for key, (value, _) in DEPARTURES.items()} | {"label": made.name}
    clause.equal(found, declared, "departures from the dictionary")


@pytest.mark.clause("DOSE-EXPERIMENTS-003")
@pytest.mark.parametrize("loss_fn", SCENARIOS)
def test_the_dictionary_means_the_shipped_scenario_at_full_size(
    clause: Check, loss_fn: str
) -> None:
    cfg = written(loss_fn)
    before = dict(cfg)
    resolved = meant(cfg, SCENARIOS[loss_fn])
    shipped = request(SCENARIOS[loss_fn], profile="full").scenario
    wanted = dict(flatten(shipped.model_dump())) | {"description": ""}
    clause.equal(dict(flatten(resolved.scenario.model_dump())), wanted, "settings")
    clause.equal(
        resolved.provenance["training.nepochs"], "legacy dictionary", "source of the epochs"
    )
    clause.equal(dict(cfg), before, "dictionary afterwards")


@pytest.mark.clause("DOSE-EXPERIMENTS-003")
@pytest.mark.parametrize(
    ("key", "value", "setting", "wanted"),
    [
        ("nphotons", 1e4, "dose.nphotons", 1e4),
        ("nimgs_test", 1, "object.images_test", 1),
        ("sim_jitter_scale", 2.0, "scan.jitter", 2.0),
        ("max_position_jitter", 10, "model.canvas", 78),
        ("outer_offset_train", 16, "grouping.n_groups", 882),
        ("nepochs", 5, "training.nepochs", 5),
    ],
    ids=["dose", "images", "jitter", "canvas", "groups", "epochs"],
)
def test_what_it_means_follows_the_dictionary(
    clause: Check, key: str, value: Any, setting: str, wanted: Any
) -> None:
    cfg = written()
    cfg[key] = value
    clause.equal(dict(flatten(meant(cfg).scenario.model_dump()))[setting], wanted, setting)


def test_weights_that_are_no_mode_are_refused() -> None:
    cfg = written()
    cfg["mae_weight"] = 1.0
    with pytest.raises(ConfigError, match="mae_weight"):
        meant(cfg)


@pytest.mark.parametrize("name", SCENARIOS.values())
def test_the_epochs_are_the_scenarios_own_in_every_profile(name: str) -> None:
    for profile in ("quick", "stable", "standard", "full"):
        made = request(name, profile=profile)
        assert (made.scenario.training.nepochs, made.provenance["training.nepochs"]) == (
            60,
            f"scenario {name}",
        )
        assert (
            made.scenario.grouping.n_groups >= 2 * made.scenario.training.batch_size
        )  # a batch trains, one validates

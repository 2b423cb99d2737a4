"""Audit `params`: every value with its source, captured by execution; and the seeds' false loss inversion."""

from __future__ import annotations

import ast
import inspect
from copy import deepcopy
from typing import Any

import pytest

from ptyspec.checks.report import Audit, markdown
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.checks.subject_values import PROFILES, captured, legacy_subject
from ptyspec.errors import UnknownNameError
from ptyspec.legacy import dose_experiments
from ptyspec.legacy.params import legacy_defaults, shared
from ptyspec.runs.request import request
from ptyspec.runs.run_spec import RunSpec
from ptyspec.spec.checks import Check
from tests.audits import performed


def audited(*subjects: RunSpec, control: str | None = None) -> Audit:
    return performed("params", *(StageOutputs(made) for made in subjects), control=control)


def scenario_subject(name: str = "gs2_custom") -> RunSpec:
    resolved = request(name, profile="quick", settings=["training.learning_rate=1e-3"])
    return RunSpec(resolved, name=name, source=name)


def read_from_source() -> dict[str, Any]:
    """The investigation's first tool: every assignment to the dictionary that the source shows, the last one counts."""
    found = {}
    for node in ast.walk(ast.parse(inspect.getsource(dose_experiments.init))):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            key = ast.literal_eval(node.targets[0].slice)
            found[key] = (
                node.value.value
                if isinstance(node.value, ast.Constant)
                else ast.unparse(node.value)
            )
    return found


# Legacy profiles


@pytest.mark.clause("EVID-003")
def test_reading_the_script_finds_a_loss_inversion_and_executing_it_finds_none(
    clause: Check,
) -> None:
    read = read_from_source()
    clause.equal(
        (read["mae_weight"], read["nll_weight"]), (1.0, 0.0), "weights that stand in the source"
    )
    modes = {mode or "default": captured(target) for target, mode in PROFILES.items()}
    values = {
        mode: (made.values["mae_weight"], made.values["nll_weight"]) for mode, made in modes.items()
    }
    expected = {"default": (0, 1), "nll": (0, 1), "mae": (1, 0)}
    clause.equal(values, expected, "weights after execution")
    for key in ("mae_weight", "nll_weight"):
        untaken = "legacy default; conditional branch loss_fn=mae not taken"
        clause.equal(modes["nll"].sources[key], untaken, f"{key}, nll")
        clause.equal(modes["mae"].sources[key], "conditional branch loss_fn=mae", f"{key}, mae")


@pytest.mark.clause("EVID-003")
def test_the_effective_loss_of_a_profile_is_that_of_its_mode_with_its_branch_as_source(
    clause: Check,
) -> None:
    found = {name: legacy_subject(name).resolved for name in PROFILES}
    losses = {name: made.scenario.training.loss for name, made in found.items()}
    clause.equal(
        losses,
        {"legacy:main": "poisson", "legacy:dose": "poisson", "legacy:dose:mae": "mae"},
        "losses",
    )
    clause.equal(
        found["legacy:dose:mae"].provenance["training.loss"],
        "conditional branch loss_fn=mae",
        "source, mae",
    )
    clause.holds(
        "not taken" in found["legacy:dose"].provenance["training.loss"],
        "source, nll",
        "not taken",
        "told",
    )


@pytest.mark.clause("PARAM-005")
def test_capturing_profiles_changes_no_dictionary(clause: Check) -> None:
    before = deepcopy(dict(shared()))
    found = audited(*(legacy_subject(name) for name in PROFILES))
    clause.equal(dict(shared()), before, "this process's dictionary")
    clause.equal(captured("legacy:main").values, legacy_defaults("main"), "defaults of main")
    clause.equal(found.violated(), [], "broken clauses")


def test_each_entry_of_a_profile_tells_who_wrote_it() -> None:
    sources = captured("legacy:dose").sources
    assert sources["gridsize"] == "legacy dictionary: init"
    assert sources["max_position_jitter"] == "legacy dictionary: execute"
    assert sources["size"] == "legacy default"
    assert set(sources) == set(captured("legacy:dose").values)


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="legacy:dose:mae"):
        legacy_subject("legacy:jan")


# Side by side


def test_two_sides_show_values_sources_and_whether_they_are_equal() -> None:
    rows = audited(scenario_subject(), legacy_subject("legacy:dose")).data["settings"]
    assert rows["training.nepochs"]["values"] == {"gs2_custom": 2, "legacy:dose": 60}
    assert not rows["training.nepochs"]["equal"]
    assert rows["training.nepochs"]["sources"] == {
        "gs2_custom": "recipe reference",
        "legacy:dose": "legacy dictionary: init",
    }
    assert rows["training.learning_rate"]["sources"]["gs2_custom"] == "command line"
    assert rows["model.gridsize"]["equal"]
    assert not rows["model.probe_mask"]["equal"]


def test_entries_that_no_setting_knows_are_listed_as_not_set_on_the_other_side() -> None:
    rows = audited(legacy_subject("legacy:dose"), scenario_subject()).data["dictionary"]
    assert rows["pad_object"] == {
        "values": {"legacy:dose": True, "gs2_custom": None},
        "sources": {"legacy:dose": "legacy default", "gs2_custom": "–"},
        "equal": False,
        "setting": None,
    }
    assert rows["nphotons"]["setting"] == "dose.nphotons"
    assert rows["mae_weight"]["equal"]  # 0.0 and 0


def test_one_side_stands_beside_the_defaults_and_every_number_points_into_the_data() -> None:
    found = audited(scenario_subject())
    assert found.data["settings"]["training.nepochs"]["values"] == {"default": 50, "gs2_custom": 2}
    page = markdown(found)
    assert "[2](params.json#/data/settings/training.nepochs/values/gs2_custom" in page


# Controls


def test_a_refusal_of_a_spoiled_dictionary_names_the_entry_with_both_values() -> None:
    found = audited(scenario_subject(), control="stale-gridsize")
    [broken] = [one.what for one in found.findings if one.ok is False]
    assert broken == (
        "gs2_custom: stale entries of the dictionary: gridsize: 3 in the dictionary, 2 in the config"
    )

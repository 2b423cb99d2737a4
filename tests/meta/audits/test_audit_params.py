"""Audit `params`: every value with its source, captured by execution; and the seeds' false loss inversion."""

from __future__ import annotations

import ast
import inspect
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from ptyspec.checks.effective_values import delta
from ptyspec.checks.legacy_subject import PROFILES, captured, legacy_subject
from ptyspec.checks.params import loss_modes
from ptyspec.checks.report import Audit
from ptyspec.checks.snapshot import snapshot_subject
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.checks.subject import subject
from ptyspec.checks.write import markdown
from ptyspec.errors import ConfigError, InputFileError, UnknownNameError
from ptyspec.legacy import dose_experiments
from ptyspec.legacy.params import legacy_defaults, shared
from ptyspec.runs.request import request
from ptyspec.runs.run_spec import RunSpec
from ptyspec.spec.checks import Check
from tests.audits import performed

IDEAL = {
    "name": "gs1_ideal",
    "defaults": {"probe_big": False, "probe_mask": True},
    "reassemble_M": 20,
    "inputs": {
        "name": "gs1_ideal",
        "gridsize": 1,
        "probe_big": None,
        "probe_mask": None,
        "probe_mode": "idealized",
        "probe_scale": 10.0,
    },
}
CUSTOM = {
    "name": "gs2_custom",
    "defaults": {"probe_big": True, "probe_mask": False},
    "inputs": {
        "gridsize": 2,
        "probe_big": None,
        "probe_mask": None,
        "probe_mode": "custom",
        "probe_scale": 4.0,
    },
}
RUN_PARAMS = {
    "N": 64,
    "base_total_images": 2000,
    "buffer": 10.0,
    "group_count": 1000,
    "neighbor_count": 4,
    "nphotons": 1e9,
    "object_seed": 42,
    "object_size": 392,
    "reassemble_M": 20,
    "sim_seed": 7,
    "split_fraction": 0.5,
}
SNAPSHOT = {
    "collected_at": "2026-01-16",
    "custom_probe_path": "probe.npz",
    "run_params": RUN_PARAMS,
    "scenarios": [IDEAL, CUSTOM],
}


def audited(*subjects: RunSpec, control: str | None = None) -> Audit:
    return performed("params", *(StageOutputs(made) for made in subjects), control=control)


def scenario_subject(name: str = "gs2_custom") -> RunSpec:
    resolved = request(name, profile="quick", settings=["training.learning_rate=1e-3"])
    return RunSpec(resolved, name=name, source=name)


def file_of(folder: Path, content: Any) -> str:
    path = folder / "snapshot.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


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
    modes = loss_modes()
    values = {
        mode: (modes["mae_weight"][mode]["value"], modes["nll_weight"][mode]["value"])
        for mode in ("default", "nll", "mae")
    }
    clause.equal(
        values, {"default": (0, 1), "nll": (0, 1), "mae": (1, 0)}, "weights after execution"
    )
    for key in ("mae_weight", "nll_weight"):
        clause.equal(
            modes[key]["nll"]["source"],
            "legacy default; conditional branch loss_fn=mae not taken",
            f"{key}, nll",
        )
        clause.equal(modes[key]["mae"]["source"], "conditional branch loss_fn=mae", f"{key}, mae")


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


def test_two_sides_show_values_sources_and_signed_differences() -> None:
    rows = audited(scenario_subject(), legacy_subject("legacy:dose")).data["settings"]
    assert rows["training.nepochs"]["values"] == {"gs2_custom": 2, "legacy:dose": 60}
    assert rows["training.nepochs"]["delta"] == {"legacy:dose": 58.0}
    assert rows["training.nepochs"]["sources"] == {
        "gs2_custom": "recipe reference",
        "legacy:dose": "legacy dictionary: init",
    }
    assert rows["training.learning_rate"]["sources"]["gs2_custom"] == "command line"
    assert rows["model.gridsize"]["delta"] == {"legacy:dose": "match"}
    assert rows["model.probe_mask"]["delta"] == {"legacy:dose": "differs"}


def test_entries_that_no_setting_knows_are_listed_as_not_set_on_the_other_side() -> None:
    rows = audited(legacy_subject("legacy:dose"), scenario_subject()).data["dictionary"]
    assert rows["pad_object"] == {
        "values": {"legacy:dose": True, "gs2_custom": None},
        "sources": {"legacy:dose": "legacy default", "gs2_custom": "–"},
        "delta": {"gs2_custom": "not set in gs2_custom"},
        "setting": None,
    }
    assert rows["nphotons"]["setting"] == "dose.nphotons"
    assert rows["mae_weight"]["delta"] == {"gs2_custom": "match"}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (60, 5, -55.0),
        (True, 1, "differs"),
        (0, 0.0, "match"),
        ("a", "b", "differs"),
        (None, 3, "not set in A"),
        (3, None, "not set in B"),
    ],
    ids=["signed", "truth-is-no-number", "equal", "text", "first-unset", "second-unset"],
)
def test_a_delta_is_a_match_a_signed_number_or_a_reason(
    first: Any, second: Any, expected: Any
) -> None:
    assert delta(first, second, ("A", "B")) == expected


def test_one_side_stands_beside_the_defaults_and_every_number_points_into_the_data() -> None:
    found = audited(scenario_subject())
    assert found.data["settings"]["training.nepochs"]["values"] == {"default": 50, "gs2_custom": 2}
    page = markdown(found, "params.json")
    assert "[2](params.json#/data/settings/training.nepochs/values/gs2_custom" in page


def test_the_diverging_defaults_of_both_systems_are_in_the_table() -> None:
    rows = audited(legacy_subject("legacy:main")).data["defaults"]
    pairs = {key: (row["dictionary"], row["configs"]) for key, row in rows.items()}
    recorded = {
        "N": (128, 64),
        "gridsize": (2, 1),
        "probe.big": (False, True),
        "probe.mask": (True, False),
        "probe_scale": (10.0, 4.0),
        "intensity_scale.trainable": (False, True),
        "positions.provided": (False, True),
        "nepochs": (60, 50),
    }
    assert {key: pairs[key] for key in recorded} == recorded


# Snapshots


@pytest.mark.clause("CONFIG-004")
def test_a_null_in_a_snapshot_never_hides_its_default_and_the_runners_reading_is_shown(
    clause: Check, tmp_path: Path
) -> None:
    ideal = snapshot_subject(file_of(tmp_path, SNAPSHOT) + "#gs1_ideal")
    clause.equal(ideal.resolved.scenario.model.probe_mask, True, "effective probe_mask")
    found = audited(ideal)
    rows = found.data["null_leak"]["gs1_ideal"]
    readings = {key: (row["intended"], row["runner"], row["leaks"]) for key, row in rows.items()}
    clause.equal(
        readings,
        {"probe_big": (False, True, True), "probe_mask": (True, False, True)},
        "both readings",
    )
    clause.equal(found.status, "incomplete", "status: probe_big False cannot be had here")


def test_a_snapshot_without_a_leak_has_none(tmp_path: Path) -> None:
    found = audited(snapshot_subject(file_of(tmp_path, SNAPSHOT) + "#gs2_custom"))
    assert [row["leaks"] for row in found.data["null_leak"]["gs2_custom"].values()] == [
        False,
        False,
    ]
    assert found.status == "ok"


def test_a_snapshot_becomes_the_scenario_that_it_describes(tmp_path: Path) -> None:
    made = snapshot_subject(file_of(tmp_path, SNAPSHOT) + "#gs2_custom")
    scenario, sources = made.resolved.scenario, made.resolved.provenance
    assert (
        scenario.scan.n_images,
        scenario.grouping.n_groups,
        scenario.grouping.neighbor_count,
    ) == (8000, 1000, 4)
    assert (scenario.probe.kind, scenario.model.probe_scale, scenario.model.gridsize) == (
        "custom",
        4.0,
        2,
    )
    assert (scenario.seeds.object, scenario.seeds.scan, scenario.seeds.noise) == (42, 7, 7)
    assert (scenario.training.nepochs, scenario.training.batch_size) == (5, 16)
    assert sources["model.probe_scale"].endswith("snapshot.json: inputs")
    assert sources["model.probe_mask"].endswith("snapshot.json: defaults")
    assert sources["object.size"].endswith("snapshot.json: run_params")
    assert sources["training.nepochs"] == "default of the investigation's runner"
    assert sources["model.stages"] == "default"


def test_entries_without_a_counterpart_are_told(tmp_path: Path) -> None:
    aside = audited(snapshot_subject(file_of(tmp_path, SNAPSHOT) + "#gs1_ideal")).data["aside"][
        "gs1_ideal"
    ]
    assert {key: row["value"] for key, row in aside.items()} == {
        "reassemble_M": 20,
        "custom_probe_path": "probe.npz",
        "probe_big": False,
    }


def test_a_single_scenario_needs_no_name_and_the_command_line_takes_it(tmp_path: Path) -> None:
    made = subject(file_of(tmp_path, {"run_params": RUN_PARAMS, "scenarios": [CUSTOM]}))
    assert (made.name, made.kind) == ("gs2_custom", "snapshot")


@pytest.mark.parametrize(
    ("content", "name", "error", "mentions"),
    [
        (SNAPSHOT, "#gs3", UnknownNameError, "gs1_ideal, gs2_custom"),
        (SNAPSHOT, "", UnknownNameError, "several scenarios"),
        ({"run_params": RUN_PARAMS, "scenarios": []}, "", InputFileError, "no scenarios"),
        ({"run_params": RUN_PARAMS}, "", InputFileError, "neither a snapshot"),
        ([1], "", InputFileError, "neither a snapshot"),
        ({**SNAPSHOT, "run_param": {}}, "#gs1_ideal", ConfigError, "did you mean run_params"),
        (
            {"run_params": {"object_sise": 3}, "scenarios": [CUSTOM]},
            "",
            ConfigError,
            "did you mean object_size",
        ),
        (
            {"scenarios": [{**CUSTOM, "inputs": {"grid_size": 2}}]},
            "",
            ConfigError,
            "did you mean gridsize",
        ),
        (
            {"scenarios": [{**CUSTOM, "inputs": {"probe_mode": "round"}}]},
            "",
            ConfigError,
            "probe.kind",
        ),
        (
            {"values": {"training.nepoch": {"value": 3, "source": "x"}}},
            "",
            ConfigError,
            "training.nepoch",
        ),
        ({"values": [3]}, "", InputFileError, "no scenario.json"),
    ],
    ids=[
        "unknown-name",
        "which-one",
        "empty",
        "no-scenarios",
        "a-list",
        "misspelt-part",
        "misspelt-run-param",
        "misspelt-input",
        "unknown-probe",
        "misspelt-setting",
        "damaged-run",
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(
    tmp_path: Path, content: Any, name: str, error: type[Exception], mentions: str
) -> None:
    with pytest.raises(error) as caught:
        snapshot_subject(file_of(tmp_path, content) + name)
    assert mentions in str(caught.value)


def test_a_runs_scenario_file_keeps_its_recorded_sources(tmp_path: Path) -> None:
    original = scenario_subject().resolved
    path = tmp_path / "scenario.json"
    path.write_text(json.dumps(original.as_json()), encoding="utf-8")
    made = snapshot_subject(str(path))
    assert made.resolved.scenario == original.scenario
    assert made.resolved.provenance == original.provenance
    with pytest.raises(UnknownNameError, match="gs2_custom"):
        snapshot_subject(f"{path}#other")


# Controls


def test_a_refusal_of_a_spoiled_dictionary_names_the_entry_with_both_values() -> None:
    found = audited(scenario_subject(), control="stale-gridsize")
    [broken] = [one.what for one in found.findings if one.ok is False]
    assert broken == (
        "gs2_custom: stale entries of the dictionary: gridsize: 3 in the dictionary, 2 in the config"
    )

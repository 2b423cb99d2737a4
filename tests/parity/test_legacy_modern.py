"""Legacy | modern: the same stages fed from the dictionary and from the config give the same data and the same object."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ptyspec.contracts.bundles import array_digest
from ptyspec.contracts.scenario import Scenario
from ptyspec.contracts.stages import STAGES
from ptyspec.files.jsonfile import read_json
from ptyspec.legacy.bridge import resolved_of, update_legacy_dict
from ptyspec.legacy.params import Parameters
from ptyspec.legacy.pipeline import LegacyPipeline
from ptyspec.legacy.violations import walk
from ptyspec.pipeline.protocol import Pipeline
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.record import StageNote, container_facts, group_facts, scan_facts, split_facts
from ptyspec.runs.request import request, scenario_names
from ptyspec.runs.run import produce
from ptyspec.spec.checks import Check
from tests.legacy_runs import remembered
from tests.tiny_runs import SHALLOW, object_of, stored, tiny

pytestmark = pytest.mark.expensive

FEW = ("scan.n_images=48", "grouping.n_groups=20")
BEFORE_TRAINING = ("simulate", "split", "group", "normalize")


def records(pipeline: Pipeline, scenario: Scenario) -> dict[str, Any]:
    """What the stages before training write into their records, seconds and memory left out."""
    scan = pipeline.simulate(scenario)
    halves = pipeline.split(scenario, scan)
    groups = pipeline.group(scenario, halves)
    containers = pipeline.normalize(scenario, groups)
    facts = (
        scan_facts(scan),
        split_facts(halves),
        group_facts(groups),
        container_facts(containers, scenario),
    )
    made = {name: StageNote(name) for name in BEFORE_TRAINING}
    for note, written in zip(made.values(), facts, strict=True):
        note.write(written)
    return {name: (note.arrays, note.numbers, note.flags) for name, note in made.items()}


@pytest.mark.clause("LEGACY-001")
@pytest.mark.parametrize("name", scenario_names())
def test_the_stages_before_training_record_the_same(clause: Check, name: str) -> None:
    declared = request(name, profile="quick", settings=FEW).scenario
    cfg = Parameters()
    update_legacy_dict(cfg, declared)
    modern, legacy = records(ReferencePipeline(), declared), records(LegacyPipeline(cfg), declared)
    for stage in BEFORE_TRAINING:
        clause.equal(legacy[stage], modern[stage], f"record of stage {stage}")


ONE = Parameters()
"""The dictionary of all trained runs, in turn, as a process has one."""


@cache
def both(name: str) -> tuple[Path, Path]:
    """Finished tiny runs of one scenario, modern and from what the dictionary then means."""
    update_legacy_dict(ONE, tiny(name, *SHALLOW).scenario)
    return stored(name, *SHALLOW), produce(resolved_of(ONE), pipeline=LegacyPipeline(ONE))


TRAINED = ["gs1_custom", "gs2_ideal"]
"""Both group sizes and both probes; before training every scenario is compared."""


@pytest.mark.clause("LEGACY-002")
@pytest.mark.parametrize("name", TRAINED)
def test_the_object_is_the_same_bit_by_bit(clause: Check, name: str) -> None:
    modern, legacy = both(name)
    clause.holds(modern != legacy, "two runs", modern.name)
    clause.equal(object_of(legacy), object_of(modern), "object")


@pytest.mark.clause("LEGACY-001")
@pytest.mark.parametrize("name", TRAINED)
def test_the_records_of_finished_runs_are_the_same(clause: Check, name: str) -> None:
    modern, legacy = (read_json(folder / "stages.json")["stages"] for folder in both(name))
    clause.equal([stage["name"] for stage in legacy], list(STAGES), "stages")
    for ours, theirs in zip(modern, legacy, strict=True):
        clause.equal(theirs["arrays"], ours["arrays"], f"arrays of stage {ours['name']}")
        shared = {key: theirs["numbers"].get(key) for key in ours["numbers"]}
        clause.equal(shared, ours["numbers"], f"numbers of stage {ours['name']}")


@pytest.mark.clause("LEGACY-004", "LEGACY-006")
@pytest.mark.parametrize("name", TRAINED)
def test_the_record_says_what_the_dictionary_was(clause: Check, name: str) -> None:
    legacy = read_json(both(name)[1] / "stages.json")["stages"]
    clause.equal(
        [stage["flags"]["synchronised"] for stage in legacy], [True] * len(STAGES), "stages in step"
    )
    numbers = {stage["name"]: stage["numbers"] for stage in legacy}
    scale = numbers["normalize"]["scale"] / numbers["normalize"]["gain"]
    for stage in ("normalize", "train", "infer"):
        clause("LEGACY-006").within_ratio(
            numbers[stage]["intensity_scale"], scale, f"scale at stage {stage}"
        )


@pytest.mark.clause("LEGACY-006")
@pytest.mark.parametrize("name", ["gs1_ideal", "gs1_custom"])
def test_the_scale_of_a_shipped_scenario_is_the_closed_form(clause: Check, name: str) -> None:
    declared, walk = request(name, profile="quick", settings=FEW).scenario, LegacyPipeline()
    walk.normalize(declared, walk.group(declared, walk.split(declared, walk.simulate(declared))))
    clause.within_ratio(walk.cfg["intensity_scale"], 988.2118, "intensity scale")


def in_turn() -> dict[str, Any]:
    """The trained scenarios in the other order, on the one dictionary of this process."""
    found = {}
    for name in reversed(TRAINED):
        scenario = tiny(name, *SHALLOW).scenario
        update_legacy_dict(ONE, scenario)
        walked = walk(LegacyPipeline(ONE), scenario)
        assert walked.object is not None, walked.error
        found[name] = {"channels": walked.shape[-1], "object": array_digest(walked.object)}
    return found


@pytest.mark.clause("MODULE-SINGLETON-001")
def test_two_legacy_models_of_one_process_are_what_each_is_alone(clause: Check) -> None:
    """That each is alone what this process made of it, DET-001, DET-005 and LEGACY-002 say."""
    found = remembered("models in turn", in_turn)
    for name in TRAINED:
        here = array_digest(object_of(both(name)[1]))
        clause.equal(here, found[name]["object"], f"{name}, here in the other order")
    clause.equal([found[name]["channels"] for name in TRAINED], [1, 4], "input channels")

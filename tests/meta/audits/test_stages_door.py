"""A pipeline of some stages: judged at each, by the clauses of its own stages alone, whatever stands beside them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import ptyspec
from ptyspec.checks.judge import judge, outputs_of, registered
from ptyspec.checks.light import light_fell_where_the_positions_say
from ptyspec.checks.placed import perfect
from ptyspec.checks.reach import beyond
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.errors import ConfigError, HandoverError
from ptyspec.faults.apply import applied
from ptyspec.pipeline.declared import declared, filled
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.pipelines import maker
from ptyspec.runs.walk import OUTPUTS, Walk
from ptyspec.spec.clause import specification
from ptyspec.spec.finding import Finding, State, worst
from tests.tiny_runs import tiny
from tests.wrong_stages import WRONG, Lying, Nothing, pipeline

SCENARIO = tiny("gs2_custom").scenario


@pytest.fixture(scope="module")
def right() -> StageOutputs:
    """What the reference's stages make of the scenario."""
    outputs = outputs_of(ReferencePipeline(), SCENARIO)
    assert outputs.containers
    return outputs


def judged(right: StageOutputs, one: Any, clauses: set[str]) -> list[Finding]:
    """What the clauses say of a pipeline; stages before its first are the reference's, made once."""
    before = (
        list(OUTPUTS)[: list(OUTPUTS).index(declared(one)[0])]
        if declared(one)[0] in OUTPUTS
        else [*OUTPUTS][:4]
    )
    given = {OUTPUTS[stage]: getattr(right, OUTPUTS[stage]) for stage in before[:4]}
    return judge(outputs_of(one, SCENARIO).replaced(**given), clauses, trains=False)


@contextmanager
def served(name: str) -> Iterator[Any]:
    """A wrong pipeline in a process of its own."""
    command = [sys.executable, "-c", "from ptyspec.cli.main import entry; entry()", "serve"]
    one = maker(f"cmd:{shlex.join([*command, f'tests.doors.wrong:{name}'])}")()
    try:
        yield one
    finally:
        one.close()


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_stage_is_red_by_its_clause_at_its_stage(name: str, right: StageOutputs) -> None:
    stage, change, clause, at = WRONG[name]
    rows = judged(right, pipeline(stage, change, name), {clause})
    states = {row.stage: worst(one.state for one in rows if one.stage == row.stage) for row in rows}
    assert states[at] is State.FAILED, [(row.what, row.observed) for row in rows]


PROCESS = (
    "frames-float64",
    "frames-gained",
    "gain-left",
    "draws-for-all",
    "object-of-python-numbers",
    "a-list-of-scores",
)
"""What a process would hide if it converted an answer, or kept to itself what it changed; and one that it shows anyway."""


@pytest.mark.parametrize("name", PROCESS)
def test_a_wrong_stage_in_a_process_is_red_by_the_same_clause_at_the_same_stage(
    name: str, right: StageOutputs
) -> None:
    *_, clause, at = WRONG[name]
    with served(name) as one:
        rows = judged(right, one, {clause})
    assert {row.stage for row in rows if row.state is State.FAILED} == {at}


def test_a_stage_that_a_process_declares_in_vain_is_red(right: StageOutputs) -> None:
    with served("lying") as one:
        rows = judged(right, one, {"FLOW-001"})
    assert [row.stage for row in rows if row.state is State.FAILED] == ["infer"]


def test_of_a_process_that_does_not_say_what_it_changed_two_clauses_say_nothing(
    right: StageOutputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = pipeline("stitch", lambda made, *_: made, "silent")
    monkeypatch.setattr(type(one), "watches", False, raising=False)
    assert judged(right, one, {"FLOW-004", "DET-003"}) == []


def test_a_violation_is_told_at_a_stage_that_the_pipeline_has(right: StageOutputs) -> None:
    def louder(made: Any, *_: Any) -> Any:
        parts = (made.train, made.test)
        return type(made)(*(part.model_copy(update={"probe": 2 * part.probe}) for part in parts))

    rows = judged(right, pipeline("normalize", louder, "louder"), {"SCALE-002", "PROBE-003"})
    assert {(row.clause, row.stage) for row in rows if row.state is State.FAILED} == {
        ("SCALE-002", "normalize"),
        ("PROBE-003", "normalize"),
    }


def test_the_same_stages_without_the_mistake_are_green(right: StageOutputs) -> None:
    for stage in {row[0] for row in WRONG.values()}:
        clauses = {row[2] for row in WRONG.values() if row[0] == stage}
        one = pipeline(stage, lambda made, *_: made, f"right-{stage}")
        rows = judged(right, one, clauses)
        assert {row.state for row in rows} <= {State.PASSED, State.NOT_RUN}, stage
        assert {row.clause for row in rows} == clauses


def test_a_wrong_field_is_named_where_it_is_handed_over_and_later_clauses_are_not_reached(
    right: StageOutputs,
) -> None:
    stage, change, *_ = WRONG["nan-in-frames"]
    rows = judged(right, pipeline(stage, change, "nan"), {"FLOW-006", "PROBE-003"})
    first = next(row for row in rows if row.state is State.FAILED)
    assert (first.clause, first.stage, first.what) == (
        "FLOW-006",
        "simulate",
        "simulate: RawScan.diff3d",
    )
    assert first.observed == "1 of 81920 values not finite, first nan at (0, 0, 7)"
    assert first.expected == "all finite"
    assert {row.state for row in rows if row.clause == "PROBE-003"} == {State.NOT_REACHED}


@pytest.mark.parametrize(
    ("how", "state"), [("whole-pixels", State.PASSED), ("other-sign", State.FAILED)]
)
def test_light_by_the_wrong_sign_is_red_and_light_on_whole_pixels_is_not(
    right: StageOutputs, how: str, state: State
) -> None:
    container = right.containers.test
    groups, ours = container.groups, perfect([], container)
    turned = groups.coords_offsets + groups.coords_relative
    coords = np.rint(ours.coords) if how == "whole-pixels" else turned
    made = ReferencePipeline().stitch(SCENARIO, ours.model_copy(update={"coords": coords}))
    rows = judge(right.replaced(reconstruction=made), among=[light_fell_where_the_positions_say])
    assert [row.state for row in rows] == [state]


def test_a_walk_ends_at_the_stage_that_hands_over_something_else() -> None:
    with pytest.raises(HandoverError) as told:
        _ = Walk(filled(Nothing()), SCENARIO, recording=False).work("stitch", None)
    assert told.value.stage == "stitch"
    assert "value: NoneType\n  limit: Reconstruction" in str(told.value)


def test_no_clause_of_another_stage_judges_a_pipeline_and_each_says_why(
    right: StageOutputs,
) -> None:
    one = pipeline("stitch", lambda made, *_: made, "only-stitch")
    outputs = outputs_of(one, SCENARIO)
    judging = {check.clause for check in registered() if check.concerns(outputs)}
    why = {name: told for told, names in beyond(outputs, []).items() for name in names}
    assert {"STITCH-001", "STITCH-005", "FLOW-006"} <= judging
    assert not {"NORM-001", "PROBE-001", "HIST-001", "CONFIG-005", "SCORE-001"} & judging
    assert why["NORM-001"] == "the pipeline declares no normalize"
    assert why["RECON-001"] == "it asks a function that reconstructs"
    assert not [one for one in registered() if one.trains and one.concerns(outputs)]


def test_a_stage_that_is_declared_and_not_there_is_red(right: StageOutputs) -> None:
    rows = judged(right, Lying(), {"FLOW-001"})
    failed = [(row.stage, row.what, row.observed) for row in rows if row.state is State.FAILED]
    assert failed == [("infer", "infer, which is declared", "no method")]


def test_at_least_120_clauses_can_judge_another_pipeline() -> None:
    foreign = {check.clause for check in registered() if not check.network}
    assert len(foreign) >= 120
    assert len({check.clause for check in registered() if check.door != "stages"}) >= 40
    assert foreign <= specification().keys()


def test_a_right_stitching_alone_is_right_and_the_number_of_its_clauses_is_told() -> None:
    found = ptyspec.check(pipeline("stitch", lambda made, *_: made, "s"), SCENARIO)
    assert "clauses judge this pipeline" in found.line
    assert found.status == "right", found.line


RED = {
    "STITCH-004": "stitch-unweighted",
    "STITCH-GRIDSIZE-001": "stitch-transposes-patches",
    "STITCH-003": "uncovered-zeros",
    "STITCH-006": "phases-not-synchronised",
    "COORDS-002": "canvas-at-centre-of-mass",
    "FLOW-003": "generator-kept",
    "DET-003": "global-generator",
    "DOSE-003": "intensity-for-amplitude",
    "SCALE-003": "probe-rescaled",
    "DET-002": "generator-kept",
    "NORM-003": "gain-by-energy",
    "NORM-004": "energy-in-single",
    "NORMALIZE-DATA-UINT16-001": "integer-squares",
    "NORM-006": "gain-from-counts",
    "COORDS-001": "xy-swapped",
    "TF-LOADER-COORDS-001": "nominal-positions",
    "SPLIT-005": "empty-part-filled",
    "SCORE-001": "uncovered-pixels-scored",
    "SCORE-008": "uncovered-pixels-scored",
}
"""By clause a fault of the catalogue that its check of stage outputs must notice."""


@pytest.mark.parametrize("clause", RED)
def test_a_fault_of_the_catalogue_turns_the_check_of_the_stage_red(clause: str) -> None:
    with applied(RED[clause]):
        rows = judge(outputs_of(ReferencePipeline(), SCENARIO), {clause}, trains=False)
    assert State.FAILED in {row.state for row in rows}


@pytest.mark.parametrize(
    ("stages", "told"),
    [(("stich",), "stich is no stage\n"), ((), "not a pipeline: it has no stage")],
    ids=["misspelt", "none"],
)
def test_what_declares_no_stage_is_refused(
    stages: tuple[str, ...], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Lying, "stages", stages)
    with pytest.raises(ConfigError, match=told):
        maker("tests.wrong_stages:Lying")

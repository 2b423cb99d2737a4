"""The walk through the eight stages: order, hand-overs, no memory, no side effect, errors from where they belong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Container, RawScan
from ptyspec.contracts.run import RunResult
from ptyspec.contracts.scenario import Scenario
from ptyspec.contracts.stages import STAGES
from ptyspec.errors import (
    ConfigError,
    DetectorSizeError,
    NeighborCountError,
    OversamplingError,
    ProbeError,
    TooFewPointsError,
)
from ptyspec.pipeline.protocol import Containers, GroupedTrainTest
from ptyspec.runs.run import run as walk
from ptyspec.spec.checks import Check
from tests.walks import Untrained, Watching, digest, small

Walked = tuple[Watching, RunResult]


@pytest.fixture(scope="module")
def walked() -> Walked:
    watching = Watching()
    return watching, walk(small(), pipeline=watching)


@pytest.fixture(scope="module")
def again() -> dict[str, list[str]]:
    """Digests of what each stage made: in a first run, in another scenario's, and in the first one's again."""
    other = small(object={"kind": "points"}, dose={"nphotons": 1e4}, split={"kind": "random"})
    made: dict[str, list[str]] = {stage: [] for stage in STAGES}
    for resolved in (small(), other, small()):
        watching = Watching()
        walk(resolved, pipeline=watching)
        for stage in STAGES:
            made[stage].append(digest(watching.first(stage).made))
    return made


@pytest.mark.clause("FLOW-001")
def test_each_stage_is_asked_in_order_and_recorded_once(walked: Walked, clause: Check) -> None:
    watching, result = walked
    clause.equal(
        tuple(dict.fromkeys(call.stage for call in watching.calls)), STAGES, "stages by first call"
    )
    clause.equal(tuple(record.name for record in result.stages), STAGES, "stages.json")


HANDED: dict[str, Callable[[Watching], tuple[Any, ...]]] = {
    "split": lambda w: (w.first("simulate").made,),
    "group": lambda w: (w.first("split").made,),
    "normalize": lambda w: (w.first("group").made,),
    "train": lambda w: (w.first("normalize").made,),
    "infer": lambda w: (w.first("train").made, w.first("normalize").made.test),
    "stitch": lambda w: (w.first("infer").made,),
    "score": lambda w: (w.first("split").made.test, w.first("stitch").made),
}


@pytest.mark.clause("FLOW-002")
@pytest.mark.parametrize("stage", HANDED)
def test_a_stage_gets_what_the_stages_before_it_made(
    walked: Walked, stage: str, clause: Check
) -> None:
    watching, _ = walked
    given, wanted = watching.first(stage).given, HANDED[stage](watching)
    same = all(a is b for a, b in zip(given, wanted, strict=False))
    clause.holds(same, f"hand-over to {stage}", digest(given), digest(wanted))


@pytest.mark.clause("FLOW-003")
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_makes_the_same_bits_after_another_scenario(
    again: dict[str, list[str]], stage: str, clause: Check
) -> None:
    first, other, repeated = again[stage]
    clause.holds(first != other, f"the other scenario changes {stage}")
    clause.equal(repeated, first, f"what {stage} made the second time")


@pytest.mark.clause("FLOW-004")
@pytest.mark.parametrize("stage", STAGES[1:])
def test_a_stage_leaves_what_it_was_given_as_it_was(
    walked: Walked, stage: str, clause: Check
) -> None:
    for call in walked[0].calls:
        if call.stage == stage:
            clause.equal(call.after, call.before, f"arguments of {stage}")


@pytest.mark.clause("CONFIG-010")
def test_a_run_leaves_its_settings_as_they_were(clause: Check) -> None:
    resolved, before = small(), small().scenario.model_dump_json()
    walk(resolved, pipeline=Watching())
    clause.equal(resolved.scenario.model_dump_json(), before, "settings after a run")


REFUSED: dict[str, tuple[dict[str, dict[str, Any]], str, type[Exception]]] = {
    "size": ({"model": {"N": 30}}, "simulate", DetectorSizeError),
    "buffer": ({"scan": {"buffer": 48}}, "simulate", ConfigError),
    "empty-part": ({"split": {"fraction": 0.001}}, "split", TooFewPointsError),
    "few-frames": ({"scan": {"n_images": 6}}, "group", TooFewPointsError),
    "few-neighbours": ({"grouping": {"neighbor_count": 3}}, "group", NeighborCountError),
    "no-oversampling": ({"grouping": {"n_groups": 400}}, "group", OversamplingError),
    "oversampling-k-is-c": (
        {"grouping": {"n_groups": 21, "enable_oversampling": True}},
        "group",
        OversamplingError,
    ),
}


@pytest.mark.clause("FLOW-005")
@pytest.mark.parametrize("name", REFUSED)
def test_a_wrong_setting_is_refused_by_the_stage_that_first_needs_it(
    name: str, clause: Check
) -> None:
    settings, stage, error = REFUSED[name]
    with clause.raises_at(stage, error, f"scenario with {settings}"):
        walk(small(**settings), pipeline=Untrained())


class OtherProbe(Untrained):
    """Changes the test container's probe after normalisation."""

    def normalize(self, scenario: Scenario, groups: GroupedTrainTest) -> Containers:
        made = super().normalize(scenario, groups)
        return Containers(
            made.train,
            made.test.model_copy(update={"probe": made.test.probe * np.complex64(1.001)}),
        )


@pytest.mark.clause("FLOW-005")
def test_a_probe_that_changed_on_its_way_is_refused_by_inference(clause: Check) -> None:
    with clause.raises_at("infer", ProbeError, "a probe 0.1 % brighter than at normalisation"):
        walk(small(), pipeline=OtherProbe())


class WideTypes(Untrained):
    """Simulates in other types than the declared ones, as files and numpy's promotions give them."""

    def simulate(self, scenario: Scenario) -> RawScan:
        made = super().simulate(scenario)
        wide = {name: getattr(made, name) for name in RawScan.model_fields}
        wide["diff3d"] = made.diff3d.astype(np.float64)
        wide["probeGuess"], wide["objectGuess"] = (
            made.probeGuess.astype(complex),
            made.objectGuess.astype(complex),
        )
        wide["xcoords"], wide["scan_index"] = (
            made.xcoords.astype(np.float32),
            made.scan_index.astype(np.int32),
        )
        return RawScan(**wide)


TYPES: dict[str, tuple[Callable[[Watching], Any], tuple[int | None, ...], str]] = {
    "frames": (lambda w: w.first("simulate").made.diff3d, (40, 32, 32), "float32"),
    "probe": (lambda w: w.first("simulate").made.probeGuess, (32, 32), "complex64"),
    "object": (lambda w: w.first("simulate").made.objectGuess, (96, 96), "complex64"),
    "positions": (lambda w: w.first("split").made.train.positions, (20, 2), "float64"),
    "members": (lambda w: w.first("group").made.train.nn_indices, (16, 4), "int64"),
    "offsets": (lambda w: w.first("group").made.test.coords_offsets, (16, 1, 2, 1), "float64"),
    "relative": (lambda w: w.first("group").made.test.coords_relative, (16, 1, 2, 4), "float64"),
    "network-amplitude": (lambda w: _rows(w).amplitude(np.arange(3)), (3, 32, 32, 4), "float32"),
    "network-relative": (lambda w: _rows(w).relative(np.arange(3)), (3, 1, 2, 4), "float32"),
    "patches": (lambda w: w.first("infer").made.object, (16, 32, 32, 4), "complex64"),
    "reconstruction": (lambda w: w.first("stitch").made.object, (None, None), "complex64"),
    "coverage": (lambda w: w.first("stitch").made.coverage, (None, None), "float32"),
}


def _rows(watching: Watching) -> Container:
    container: Container = watching.first("normalize").made.train
    return container


@pytest.fixture(scope="module")
def widened() -> Watching:
    watching = Watching(WideTypes())
    walk(small(), pipeline=watching)
    return watching


@pytest.mark.clause("FLOW-006")
@pytest.mark.parametrize("name", TYPES)
def test_a_hand_over_has_its_declared_shape_and_dtype(
    widened: Watching, name: str, clause: Check
) -> None:
    look, shape, dtype = TYPES[name]
    clause.shape_dtype(look(widened), shape, dtype, name)

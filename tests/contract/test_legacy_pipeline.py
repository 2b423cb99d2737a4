"""The legacy pipeline at its entries: what each stage refuses, what observing leaves behind, the names of its runs."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Container, Patches
from ptyspec.contracts.records import History
from ptyspec.contracts.resolve import Resolved
from ptyspec.contracts.scenario import Scenario
from ptyspec.contracts.stages import STAGES
from ptyspec.legacy.bridge import ABSENT, WRITE, ConfigSyncError, scenario_of, update_legacy_dict
from ptyspec.legacy.params import Parameters
from ptyspec.legacy.pipeline import LegacyPipeline, run_time_entries
from ptyspec.physics.scale import closed_form_scale
from ptyspec.pipeline.protocol import Containers, GroupedTrainTest, Session, Trained
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.pipelines import maker
from ptyspec.runs.request import request
from ptyspec.runs.run import key_of
from ptyspec.spec.checks import Check
from tests.small_scenes import scenario


def bridged(config: Scenario) -> Parameters:
    cfg = Parameters()
    update_legacy_dict(cfg, config)
    return cfg


# What a stage refuses

STALE: dict[str, tuple[str, Any]] = {
    "gridsize": ("gridsize", 2),
    "photons": ("nphotons", 1e5),
    "epochs": ("nepochs", 3),
    "mask": ("probe.mask", True),
    "seed": ("seeds.grouping", 7),
    "source": ("data_source", "grf"),
}


def call(pipeline: LegacyPipeline, stage: str, declared: Scenario) -> Any:
    """The stage, with nothing to work on: whoever works before looking at the dictionary fails in another way."""
    return getattr(pipeline, stage)(declared, *NOTHING[stage])


NONE: Any = None
NOTHING: dict[str, tuple[Any, ...]] = {
    "simulate": (),
    "split": (NONE,),
    "group": (NONE,),
    "normalize": (NONE,),
    "stitch": (NONE,),
    "train": (Containers(NONE, NONE), Session()),
    "infer": (NONE, NONE),
    "score": (NONE, NONE),
}


@pytest.mark.clause("CONFIG-001")
@pytest.mark.parametrize("key", STALE)
@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_refuses_a_stale_dictionary_before_it_works(
    clause: Check, stage: str, key: str
) -> None:
    declared, (name, value) = scenario(), STALE[key]
    cfg = bridged(declared)
    said = f"{name}: {value!r} in the dictionary, {cfg[name]!r} in the config"
    cfg[name] = value
    with clause.raises_at(stage, ConfigSyncError, f"{key} is stale", mentions=said):
        call(LegacyPipeline(cfg), stage, declared)


@pytest.mark.clause("SIM-LINES-CONFIG-001")
@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_refuses_a_dictionary_that_was_never_bridged(clause: Check, stage: str) -> None:
    with clause.raises_at(
        stage, ConfigSyncError, "never bridged", mentions="N: 128 in the dictionary, 64 in the conf"
    ):
        call(LegacyPipeline(Parameters()), stage, request("gs1_custom").scenario)


@pytest.mark.clause("CONFIG-001")
def test_a_pipeline_with_a_dictionary_of_its_own_bridges_what_it_is_given(clause: Check) -> None:
    pipeline, sizes = LegacyPipeline(), []
    for grid in (2, 1):
        declared = scenario(model={"gridsize": grid})
        groups = pipeline.group(declared, pipeline.split(declared, pipeline.simulate(declared)))
        sizes.append(groups.train.C)
    clause.equal(sizes, [4, 1], "members of the groups of two scenarios")
    clause.equal(
        pipeline.observed, dict.fromkeys(("simulate", "split", "group"), ()), "stale entries"
    )


# Scale and probe in the dictionary


@cache
def normalised(nphotons: float = 1e6) -> tuple[Scenario, Containers]:
    declared, walk = scenario(dose={"nphotons": nphotons}), LegacyPipeline()
    return declared, walk.normalize(
        declared, walk.group(declared, walk.split(declared, walk.simulate(declared)))
    )


def filled(declared: Scenario, data: Container) -> Parameters:
    cfg = bridged(declared)
    cfg.update(run_time_entries(data))
    return cfg


@pytest.mark.clause("LEGACY-006")
@pytest.mark.parametrize("nphotons", [1e4, 1e6, 1e9], ids=["1e4", "1e6", "1e9"])
def test_normalisation_leaves_the_scale_of_the_gained_input(clause: Check, nphotons: float) -> None:
    declared, data = normalised(nphotons)
    cfg = bridged(declared)
    walk = LegacyPipeline(cfg)
    walk.normalize(declared, GroupedTrainTest(data.train.groups, data.test.groups))
    clause.within_ratio(cfg["intensity_scale"], closed_form_scale(nphotons, 32), "intensity scale")
    counts = cfg["intensity_scale"] * data.train.gain * data.train.amplitude(np.arange(3))
    clause.within_ratio(
        float(counts.max()),
        float(data.train.scale * data.train.amplitude(np.arange(3)).max()),
        "field",
    )
    clause.equal(cfg["probe"], data.train.probe, "probe")


SPOILT: dict[str, tuple[str, Any]] = {
    "scale": ("intensity_scale", lambda cfg: 2 * cfg["intensity_scale"]),
    "probe": ("probe", lambda cfg: cfg["probe"][::-1]),
    "no-scale": ("intensity_scale", lambda _: ABSENT),
}


@pytest.mark.clause("LEGACY-003")
@pytest.mark.parametrize("spoil", SPOILT)
@pytest.mark.parametrize("stage", ["train", "infer"])
def test_data_of_another_scale_or_probe_are_refused(clause: Check, stage: str, spoil: str) -> None:
    declared, data = normalised()
    cfg, (key, change) = filled(declared, data.train), SPOILT[spoil]
    cfg[key] = change(cfg)
    nothing: Any = None
    with clause.raises_at(stage, ConfigSyncError, f"another {key}", mentions=f"{key}: "):
        walk = LegacyPipeline(cfg)
        walk.train(declared, data, Session()) if stage == "train" else walk.infer(
            declared, nothing, data.test
        )


@pytest.mark.clause("LEGACY-003", "BRIDGE-007")
def test_the_refusal_of_other_data_names_both_values_and_how_to_mend_it(clause: Check) -> None:
    declared, data = normalised()
    cfg = filled(declared, data.train)
    cfg["intensity_scale"] = 988.2
    with pytest.raises(ConfigSyncError) as refused:
        LegacyPipeline(cfg).train(declared, data, Session())
    wanted = data.train.scale / data.train.gain
    lines = [f"intensity_scale: 988.2 in the dictionary, {wanted!r} in the data", f"next: {WRITE}"]
    missing = [line for line in lines if line not in str(refused.value)]
    for name in ("LEGACY-003", "BRIDGE-007"):
        clause(name).equal(missing, [], "lines missing from the refusal")


class Stages(ReferencePipeline):
    """The modern stages, which only write down what they were given."""

    def __init__(self) -> None:
        self.given: dict[str, Scenario] = {}
        self.data: dict[str, Container] = {}

    def simulate(self, scenario: Scenario) -> Any:
        self.given["simulate"] = scenario

    def split(self, scenario: Scenario, scan: Any) -> Any:
        self.given["split"] = scenario

    def group(self, scenario: Scenario, halves: Any) -> Any:
        self.given["group"] = scenario

    def normalize(self, scenario: Scenario, groups: Any) -> Any:
        self.given["normalize"] = scenario
        return normalised()[1]

    def train(self, scenario: Scenario, containers: Containers, session: Session) -> Trained:
        self.given["train"], self.data["train"] = scenario, containers.train
        return Trained([], [], History(monitor="loss", best_epoch=1, epochs=()), self._predict)

    def infer(self, scenario: Scenario, trained: Trained, container: Container) -> Patches:
        self.given["infer"], self.data["infer"] = scenario, container
        return trained.predict([], container)

    def stitch(self, scenario: Scenario, patches: Any) -> Any:
        self.given["stitch"] = scenario

    def score(self, scenario: Scenario, scan: Any, reconstruction: Any) -> Any:
        self.given["score"] = scenario

    def _predict(self, weights: Any, container: Container) -> Any:
        self.data["model"] = container


def walked(pipeline: LegacyPipeline, declared: Scenario, between: Any = None) -> Stages:
    """All eight stages; `between` is done to the dictionary after training."""
    stages = pipeline._stages = Stages()
    nothing: Any = None
    pipeline.simulate(declared)
    pipeline.split(declared, nothing)
    pipeline.group(declared, nothing)
    data = pipeline.normalize(declared, nothing)
    trained = pipeline.train(declared, data, Session())
    pipeline.cfg.update(between or {})
    pipeline.infer(declared, trained, data.test)
    pipeline.stitch(declared, nothing)
    pipeline.score(declared, nothing, nothing)
    return stages


@pytest.mark.clause("LEGACY-004")
@pytest.mark.parametrize("key", STALE)
def test_an_observed_stage_runs_on_with_what_the_dictionary_says(clause: Check, key: str) -> None:
    declared, (name, value) = scenario(), STALE[key]
    cfg = bridged(declared)
    cfg[name] = value
    pipeline = LegacyPipeline(cfg, strict=False)
    stages, meant = walked(pipeline, declared), scenario_of(cfg)
    clause.holds(meant != declared, "the dictionary means something else")
    clause.equal(
        [stage for stage in STAGES if stages.given[stage] != meant],
        [],
        "stages that were given other settings",
    )
    seen = {stage: [entry.key for entry in stale] for stage, stale in pipeline.observed.items()}
    clause.equal(seen, {stage: [name] for stage in STAGES}, "stale entries by stage")


@pytest.mark.clause("LEGACY-004")
def test_an_observed_stage_works_under_the_scale_and_probe_of_the_dictionary(clause: Check) -> None:
    (declared, data), other = (
        normalised(),
        {"intensity_scale": 100.0, "probe": normalised()[1].train.probe[::-1]},
    )
    pipeline = LegacyPipeline(bridged(declared), strict=False)
    stages = walked(pipeline, declared, between=other)
    clause.equal(stages.data["train"], data.train, "data that train, untouched")
    clause.equal(
        stages.data["infer"].scale,
        100.0 * data.test.gain,
        "scale of the data that are reconstructed",
    )
    clause.equal(
        stages.data["infer"].probe, other["probe"], "probe of the data that are reconstructed"
    )
    factor = 100.0 / (data.train.scale / data.train.gain)
    clause.equal(
        stages.data["model"].gain,
        data.test.gain * factor,
        "gain as the model of the other scale sees it",
    )
    keys = [entry.key for entry in pipeline.observed["infer"]]
    clause.equal(keys, ["intensity_scale", "probe"], "stale entries of the inference")


@pytest.mark.clause("LEGACY-003")
def test_a_model_is_not_asked_under_another_scale_than_its_own(clause: Check) -> None:
    declared, data = normalised()
    pipeline = LegacyPipeline(bridged(declared))
    pipeline._stages = Stages()
    pipeline.normalize(declared, None)  # type: ignore[arg-type]
    trained = pipeline.train(declared, data, Session())
    pipeline.cfg["intensity_scale"] = 100.0
    with clause.raises_at(
        "infer", ConfigSyncError, "another scale", mentions="100.0 in the dictionary"
    ):
        trained.predict([], data.test)


# Names of stored runs


@pytest.mark.clause("LEGACY-005")
@pytest.mark.parametrize("key", [*STALE, "unread"])
def test_runs_on_dictionaries_that_say_different_things_have_different_names(
    clause: Check, key: str
) -> None:
    declared, (name, value) = scenario(), {**STALE, "unread": ("h5_path", "mine.h5")}[key]
    resolved, first, second = Resolved(declared, {}), bridged(declared), bridged(declared)
    second[name] = value
    names = [key_of(resolved, LegacyPipeline(cfg, strict=False)) for cfg in (first, second)]
    names += [key_of(resolved, LegacyPipeline()), key_of(resolved)]
    clause.equal(len(set(names)), 4, "names of two observed runs, a strict one and the reference's")


@pytest.mark.clause("LEGACY-005")
def test_runs_on_dictionaries_that_say_the_same_have_one_name(clause: Check) -> None:
    declared, data = normalised()
    resolved = Resolved(declared, {})
    for strict in (True, False):
        names = [
            key_of(resolved, LegacyPipeline(cfg, strict=strict))
            for cfg in (bridged(declared), filled(declared, data.train))
        ]
        clause.equal(names[0], names[1], "names before and after normalisation")
    clause.equal(
        LegacyPipeline(bridged(declared)).name, LegacyPipeline().name, "names of strict pipelines"
    )


@pytest.mark.clause("LEGACY-005")
def test_an_entry_that_differs_in_type_alone_is_another_dictionary(clause: Check) -> None:
    first, second = bridged(scenario()), bridged(scenario())
    first["mine"], second["mine"] = True, 1
    names = {LegacyPipeline(cfg, strict=False).name for cfg in (first, second)}
    clause.equal(len(names), 2, "names")


def test_it_can_be_put_under_the_cases_by_its_name() -> None:
    make = maker("ptyspec.legacy.pipeline:LegacyPipeline")
    first, second = make(), make()
    assert isinstance(first, LegacyPipeline)
    assert isinstance(second, LegacyPipeline)
    assert first.cfg is not second.cfg
    assert first.bridges

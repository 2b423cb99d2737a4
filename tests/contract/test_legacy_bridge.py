"""The bridge between configs and the legacy dictionary, and the guard of whoever forgets it (CONFIG-001)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ptyspec.contracts.resolve import known_keys
from ptyspec.contracts.scenario import Scenario
from ptyspec.legacy.bridge import (
    SCENARIO_NAMES,
    SYNC,
    UPSTREAM_NAMES,
    Config,
    ConfigSyncError,
    check_synchronised,
    entries,
    stale_keys,
    update_legacy_dict,
)
from ptyspec.legacy.params import (
    Parameters,
    SealedError,
    UpstreamInference,
    UpstreamModel,
    UpstreamTraining,
    legacy_defaults,
)
from ptyspec.pipeline.group import group
from ptyspec.pipeline.protocol import TrainTest
from ptyspec.runs.request import request
from ptyspec.spec.checks import Check
from tests.properties import given, st
from tests.small_scenes import scan_at, scattered, scenario

MODEL = UpstreamModel(
    N=128, gridsize=3, probe_mask=True, probe_mask_diameter=20, probe_scale=7, amp_activation="relu"
)
FULL = UpstreamTraining(
    model=MODEL,
    train_data_file=Path("a/train.npz"),
    test_data_file=Path("a/test.npz"),
    batch_size=8,
    nepochs=3,
    nphotons=1e5,
    n_groups=77,
    n_subsample=50,
    subsample_seed=3,
    neighbor_pool_size=9,
    probe_trainable=True,
    output_dir=Path("here"),
    gradient_clip_val=0.5,
    positions_provided=False,
    intensity_scale_trainable=False,
)
BARE = UpstreamTraining(train_data_file="b.npz")
INFERENCE = UpstreamInference(
    model=MODEL, model_path="m", test_data_file="c.npz", n_groups=5, n_subsample=4
)
CONFIGS: dict[str, Config] = {
    "training-full": FULL,
    "training-bare": BARE,
    "inference": INFERENCE,
    "scenario": scenario(),
    "scenario-other": scenario(
        model={"gridsize": 2, "probe_mask": True}, object={"kind": "grf", "phase": "set_phi"}
    ),
}
SIM_LINES = ("gs1_ideal", "gs1_custom", "gs2_ideal", "gs2_custom")


def bridged(*configs: Config) -> Parameters:
    """A fresh dictionary after these configs, one after the other."""
    cfg = Parameters()
    for config in configs:
        update_legacy_dict(cfg, config)
    return cfg


# Names


@pytest.mark.clause("BRIDGE-001")
def test_renamed_fields_arrive_under_the_names_that_legacy_code_reads(clause: Check) -> None:
    cfg = bridged(FULL)
    renamed = {
        "object.big": True,
        "probe.big": True,
        "probe.mask": True,
        "probe.trainable": True,
        "output_prefix": "here",
        "intensity_scale.trainable": False,
        "positions.provided": False,
        "train_data_file_path": "a/train.npz",
        "test_data_file_path": "a/test.npz",
    }
    clause.equal({key: cfg.get(key) for key in renamed}, renamed, "renamed fields")
    clause.equal(
        [name for name in UPSTREAM_NAMES if name in cfg], [], "fields under their old name"
    )


@pytest.mark.clause("BRIDGE-001")
def test_every_other_field_arrives_under_its_own_name(clause: Check) -> None:
    cfg, fields = bridged(FULL), {**MODEL.model_dump(), **FULL.model_dump(exclude={"model"})}
    own = {key: value for key, value in fields.items() if key not in UPSTREAM_NAMES}
    clause.equal({key: cfg.get(key, "(absent)") for key in own}, own, "fields under their own name")


@pytest.mark.clause("BRIDGE-001")
def test_every_setting_of_a_scenario_has_exactly_one_entry(clause: Check) -> None:
    names = [SCENARIO_NAMES.get(key, key) for key in known_keys()]
    clause.equal(sorted(set(names)), sorted(names), "names, each once")
    clause.equal(
        sorted(set(SCENARIO_NAMES) - set(known_keys())), [], "mapped settings that do not exist"
    )
    derived = {"data_source", "set_phi", "mae_weight", "nll_weight"}
    clause.equal(set(entries(scenario())), {*names, *derived}, "entries of a scenario")


CHANGED: dict[str, tuple[str, Any]] = {
    "model.gridsize=2": ("gridsize", 2),
    "model.N=32": ("N", 32),
    "model.object_big=false": ("object.big", False),
    "model.probe_mask=true": ("probe.mask", True),
    "model.probe_mask_diameter=9": ("probe_mask_diameter", 9),
    "model.probe_scale=6": ("probe_scale", 6.0),
    "model.amp_activation=relu": ("amp_activation", "relu"),
    "model.n_filters_scale=3": ("n_filters_scale", 3),
    "training.nepochs=77": ("nepochs", 77),
    "training.batch_size=128": ("batch_size", 128),
    "dose.nphotons=1e4": ("nphotons", 1e4),
    "object.size=100": ("size", 100),
    "object.kind=points": ("data_source", "points"),
    "object.kind=siemens": ("data_source", "generic"),
    "object.phase=set_phi": ("set_phi", True),
    "probe.default_probe_scale=0.5": ("default_probe_scale", 0.5),
    "seeds.object=5": ("npseed", 5),
    "scan.offset=6": ("offset", 6),
    "scan.outer_offset_train=9": ("outer_offset_train", 9),
    "scan.outer_offset_test=21": ("outer_offset_test", 21),
    "object.images_train=2": ("nimgs_train", 2),
    "object.images_test=4": ("nimgs_test", 4),
    "grouping.n_groups=3": ("n_groups", 3),
    "grouping.neighbor_count=9": ("neighbor_count", 9),
    "training.learning_rate=0.5": ("training.learning_rate", 0.5),
    "inference.batch_size=8": ("inference.batch_size", 8),
}


@pytest.mark.clause("BRIDGE-001")
@pytest.mark.parametrize(
    "setting", CHANGED, ids=[text.replace(".", "-").replace("=", "-") for text in CHANGED]
)
def test_a_changed_setting_changes_the_entry_that_stands_for_it(
    clause: Check, setting: str
) -> None:
    key, value = CHANGED[setting]
    before, after = (
        bridged(request("gs1_custom").scenario),
        bridged(request("gs1_custom", settings=[setting]).scenario),
    )
    clause.holds(before[key] != value, f"{key} before", before[key], f"not {value}")
    clause.equal(after[key], value, key)


# None, order, seal


@pytest.mark.clause("BRIDGE-002")
@pytest.mark.parametrize(
    "key", sorted(key for key, value in entries(BARE).items() if value is None)
)
def test_what_a_config_leaves_open_is_not_taken_from_the_config_before(
    clause: Check, key: str
) -> None:
    set_before = bridged(FULL).get(key, 5)
    cfg = Parameters()
    cfg[key] = set_before
    update_legacy_dict(cfg, BARE)
    clause.equal(
        cfg.get(key, "(absent)"),
        legacy_defaults().get(key, "(absent)"),
        f"{key}, which was {set_before!r}",
    )


@pytest.mark.clause("BRIDGE-003")
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("training-full", "training-bare"),
        ("training-bare", "training-full"),
        ("scenario", "scenario-other"),
        ("scenario-other", "scenario"),
    ],
)
def test_a_config_after_another_gives_the_dictionary_it_gives_alone(
    clause: Check, first: str, second: str
) -> None:
    alone, after = bridged(CONFIGS[second]), bridged(CONFIGS[first], CONFIGS[second])
    clause.equal(dict(after), dict(alone), f"dictionary of {second} after {first}")


@pytest.mark.clause("BRIDGE-003")
@given(
    st.dictionaries(
        st.sampled_from(
            ["n_subsample", "subsample_seed", "neighbor_pool_size", "output_dir", "test_data_file"]
        ),
        st.sampled_from([None, 1, 7]),
    ),
    st.sampled_from([1, 2, 3]),
)
def test_no_history_of_configs_shows_in_the_dictionary(
    clause: Check, fields: dict[str, Any], gridsize: int
) -> None:
    paths = {
        key: None if value is None else Path(str(value))
        for key, value in fields.items()
        if "_d" in key
    }
    made = BARE.model_copy(update={**fields, **paths, "model": UpstreamModel(gridsize=gridsize)})
    clause.equal(
        dict(bridged(FULL, made, FULL, made)), dict(bridged(made)), f"dictionary of {fields}"
    )


@pytest.mark.clause("BRIDGE-005")
@pytest.mark.parametrize("name", CONFIGS)
def test_a_sealed_dictionary_refuses_another_config_whole(clause: Check, name: str) -> None:
    cfg = Parameters()
    cfg.seal()
    with pytest.raises(SealedError, match=r"gridsize|N: 128"):
        update_legacy_dict(cfg, CONFIGS[name])
    clause.equal(dict(cfg), legacy_defaults(), "dictionary after the refused bridge")


@pytest.mark.clause("BRIDGE-005")
def test_a_sealed_dictionary_takes_the_config_that_it_holds(clause: Check) -> None:
    cfg = bridged(FULL)
    cfg.seal()
    before = dict(cfg)
    update_legacy_dict(cfg, FULL)
    clause.equal(dict(cfg), before, "dictionary bridged twice")


@pytest.mark.clause("BRIDGE-006")
@pytest.mark.parametrize("name", CONFIGS)
def test_entries_that_the_config_does_not_know_stay(clause: Check, name: str) -> None:
    cfg, own = (
        Parameters(),
        {"intensity_scale": 988.2, "timestamp": "now", "big_gridsize": 8, "h5_path": "mine.h5"},
    )
    cfg.update(own)
    update_legacy_dict(cfg, CONFIGS[name])
    clause.equal({key: cfg[key] for key in own}, own, "entries of other origin")


@pytest.mark.clause("TYPE-PATH-001")
@pytest.mark.parametrize("field", ["train_data_file", "test_data_file", "output_dir"])
def test_a_path_as_text_and_as_object_give_one_dictionary_of_text(
    clause: Check, field: str
) -> None:
    given_as = [BARE.model_dump() | {field: kind("some/place.npz")} for kind in (str, Path)]
    text, path = (bridged(UpstreamTraining(**fields)) for fields in given_as)
    clause.equal(dict(text), dict(path), "dictionaries")
    key = UPSTREAM_NAMES[field]
    clause.equal((type(path[key]), path[key]), (str, "some/place.npz"), key)


# Two systems of defaults

DIVERGENT = {
    "N": (64, 128),
    "gridsize": (1, 2),
    "probe.big": (True, False),
    "probe.mask": (False, True),
    "probe_scale": (4.0, 10.0),
    "intensity_scale.trainable": (True, False),
    "positions.provided": (True, False),
    "nepochs": (50, 60),
}
"""What the upstream configs and the upstream dictionary say where nobody says anything (facts 2.2)."""
OURS = {
    "N": (64, 128),
    "gridsize": (1, 2),
    "probe.big": (True, False),
    "probe.mask": (False, True),
    "probe_scale": (4.0, 10.0),
    "nepochs": (50, 60),
    "amp_activation": ("cartesian", "sigmoid"),
    "data_source": ("lines", "generic"),
    "label": ("x", ""),
    "nimgs_train": (1, 9),
    "nimgs_test": (1, 3),
    "outer_offset_train": (8, None),
    "outer_offset_test": (20, None),
}
"""The same for our scenarios."""
TABLE: dict[str, tuple[Config, dict[str, tuple[Any, Any]]]] = {
    "training": (UpstreamTraining(train_data_file="x"), DIVERGENT),
    "inference": (
        UpstreamInference(model_path="x", test_data_file="x"),
        {key: DIVERGENT[key] for key in ("N", "gridsize", "probe.big", "probe.mask", "probe_scale")}
        | {"debug": (False, True)},
    ),
    "scenario": (Scenario(name="x"), OURS),
}


@pytest.mark.clause("BRIDGE-004")
@pytest.mark.parametrize("kind", TABLE)
def test_the_two_systems_defaults_differ_where_it_is_declared_and_nowhere_else(
    clause: Check, kind: str
) -> None:
    config, declared = TABLE[kind]
    defaults = legacy_defaults()
    found = {s.key: (s.wanted, s.held) for s in stale_keys(defaults, config) if s.key in defaults}
    clause.equal(found, declared, "divergent defaults")
    clause.equal(stale_keys(bridged(config), config), (), "divergent after the bridge")


# CONFIG-001


@pytest.mark.clause("SIM-LINES-CONFIG-001")
@pytest.mark.parametrize("stage", ["simulate", "group", "train", "infer"])
@pytest.mark.parametrize("name", SIM_LINES)
def test_a_runner_that_never_bridges_is_refused_at_whatever_stage_it_enters(
    clause: Check, name: str, stage: str
) -> None:
    with clause.raises_at(
        stage, ConfigSyncError, f"unbridged {name}", mentions="N: 128 in the dictionary, 64"
    ):
        check_synchronised(Parameters(), request(name).scenario, stage)


@pytest.mark.clause("CONFIG-001")
def test_a_stage_fed_from_a_stale_dictionary_refuses_before_it_works(clause: Check) -> None:
    declared, cfg = scenario(model={"gridsize": 2}), bridged(scenario(model={"gridsize": 1}))
    worked = []

    def legacy_group(cfg: Parameters, config: Scenario) -> Any:
        check_synchronised(cfg, config, "group")
        worked.append(cfg["gridsize"])
        return grouped(cfg["gridsize"])

    with clause.raises_at(
        "group", ConfigSyncError, "stale gridsize", mentions="gridsize: 1 in the dictionary, 2 in"
    ):
        legacy_group(cfg, declared)
    clause.equal(worked, [], "work done before the refusal")
    clause.equal(
        grouped(cfg["gridsize"]).C,
        1,
        "members without the guard, where 4 were declared (BUG-TF-001)",
    )
    update_legacy_dict(cfg, declared)
    clause.equal(legacy_group(cfg, declared).C, 4, "members after the bridge")


def grouped(gridsize: int) -> Any:
    frames = scan_at(scattered(12, 40, 40, 4))
    return group(
        scenario(model={"gridsize": gridsize}, grouping={"n_groups": 3}), TrainTest(frames, frames)
    ).train


@pytest.mark.clause("CONFIG-001")
@pytest.mark.parametrize("name", CONFIGS)
def test_any_single_stale_entry_is_seen_and_named(clause: Check, name: str) -> None:
    config, cfg = CONFIGS[name], bridged(CONFIGS[name])
    check_synchronised(cfg, config, "train")
    missed = []
    for key in entries(config):
        spoilt = dict(cfg) | {key: "spoilt"}
        try:
            check_synchronised(spoilt, config, "train")
        except ConfigSyncError as error:
            missed += [key] if [entry.key for entry in error.stale] != [key] else []
        else:
            missed.append(key)
    clause.equal(missed, [], "stale entries that were not seen")


@pytest.mark.clause("CONFIG-001")
@pytest.mark.parametrize(("held", "declared"), [(1, True), (0, False)], ids=["one", "zero"])
def test_a_number_is_no_truth_value(clause: Check, held: int, declared: bool) -> None:
    config = scenario(model={"probe_mask": declared})
    spoilt = dict(bridged(config)) | {"probe.mask": held}
    clause.equal(
        [entry.key for entry in stale_keys(spoilt, config)], ["probe.mask"], "stale entries"
    )


@pytest.mark.clause("BRIDGE-007")
def test_a_refusal_names_every_stale_key_both_values_and_the_call(clause: Check) -> None:
    declared = scenario(model={"gridsize": 2, "probe_scale": 7.0}, training={"nepochs": 3})
    cfg = bridged(scenario())
    with pytest.raises(ConfigSyncError) as caught:
        check_synchronised(cfg, declared, "train")
    lines = [
        "gridsize: 1 in the dictionary, 2 in the config",
        "probe_scale: 4.0 in the dictionary, 7.0 in the config",
        "nepochs: 50 in the dictionary, 3 in the config",
        f"call {SYNC}",
    ]
    clause.equal(
        [line for line in lines if line not in str(caught.value)],
        [],
        "lines missing from the refusal",
    )
    clause.equal(caught.value.stage, "train", "the stage that refused")
    named = f"{update_legacy_dict.__module__}.{update_legacy_dict.__name__}(cfg, config)"
    clause.equal(SYNC, named, "the call")
    update_legacy_dict(cfg, declared)
    check_synchronised(cfg, declared, "train")

"""The user's words to a scenario: names, files, profiles, recipes, seeds, settings (design 5, 8)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import RawScan
from ptyspec.contracts.resolve import Resolved
from ptyspec.errors import ConfigError, InputFileError, PtyspecError, UnknownNameError
from ptyspec.faults.apply import applied
from ptyspec.files.scan_file import sha256_of, write_scan
from ptyspec.physics.scale import mean_energy
from ptyspec.pipeline.simulate import simulate
from ptyspec.runs.request import (
    SEEDED,
    profile_names,
    recipe_faults,
    recipe_names,
    request,
    scenario_names,
)
from ptyspec.spec.checks import Check
from tests.small_scenes import exact_scan, scattered, small_probe, textured_object


@cache
def requests(recipe: str) -> dict[tuple[str, str], Resolved]:
    """Of every scenario with every profile: the faults of a recipe are applied once."""
    with applied(*recipe_faults(recipe)):
        return {
            (name, profile): request(name, profile=profile, recipe=recipe)
            for name in scenario_names()
            for profile in profile_names()
        }


@pytest.mark.parametrize("recipe", recipe_names())
@pytest.mark.parametrize("profile", profile_names())
@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_resolves_with_every_profile_and_recipe(
    name: str, profile: str, recipe: str
) -> None:
    made = requests(recipe)[name, profile]
    assert made.scenario.name == name
    assert set(made.provenance.values()) >= {
        "default",
        f"scenario {name}",
        f"profile {profile}",
        f"recipe {recipe}",
    }


@pytest.mark.parametrize("name", ["gs1_ideal", "gs1_custom", "gs2_ideal", "gs2_custom"])
def test_the_scenarios_of_the_investigation_are_there(name: str) -> None:
    scenario = request(name).scenario
    gridsize, kind = name.split("_")
    assert scenario.model.gridsize == int(gridsize[2])
    assert scenario.probe.kind == kind
    assert scenario.model.probe_scale == {"ideal": 10.0, "custom": 4.0}[kind]  # upstream facts 3.2
    assert (scenario.object.kind, scenario.seeds.object) == ("lines", 42)
    assert scenario.dose.nphotons == 1e9


@pytest.mark.parametrize(
    ("name", "images", "groups", "batch"),
    [
        pytest.param("gs1_ideal", 512, 256, 16, id="gs1"),
        pytest.param("gs2_ideal", 1024, 128, 4, id="gs2"),
    ],
)
def test_a_profile_fixes_the_data_and_the_recipe_the_training_by_gridsize(
    name: str, images: int, groups: int, batch: int
) -> None:
    made = request(name, profile="stable")
    assert made.scenario.scan.n_images == images  # design 5: the investigation's reduced load
    assert made.scenario.grouping.n_groups == groups
    assert made.scenario.training.batch_size == batch
    assert made.provenance["scan.n_images"] == "profile stable"
    assert made.provenance["training.batch_size"] == "recipe reference"


@pytest.mark.parametrize("value", ["2", "2.0"], ids=["whole", "decimal"])
def test_a_gridsize_from_the_command_line_chooses_profile_and_recipe_parts(value: str) -> None:
    made = request("gs1_custom", profile="stable", settings=[f"model.gridsize={value}"])
    assert made.scenario.model.gridsize == 2
    assert made.scenario.training.batch_size == request("gs2_custom").scenario.training.batch_size
    assert made.scenario.scan.n_images == 1024


@pytest.mark.clause("CONFIG-003", "CONFIG-006")
def test_provenance_names_default_profile_recipe_scenario_and_command_line(clause: Check) -> None:
    made = request("gs1_custom", profile="quick", recipe="cnn", settings=["dose.nphotons=1e5"])
    wanted = {
        "scan.buffer": "default",
        "scan.n_images": "profile quick",
        "model.architecture": "recipe cnn",
        "probe.kind": "scenario gs1_custom",
        "dose.nphotons": "command line",
    }
    sources = {name: made.provenance[name] for name in wanted}
    clause("CONFIG-006").equal(sources, wanted, "layers")
    clause("CONFIG-003").equal(made.scenario.dose.nphotons, 1e5, "the last layer's value")


@pytest.mark.clause("CONFIG-003")
def test_the_command_line_wins_over_everything() -> None:
    made = request(
        "gs1_custom", settings=["scan.n_images=30", "model.probe_scale=7", "training.nepochs=2"]
    ).scenario
    assert (made.scan.n_images, made.model.probe_scale, made.training.nepochs) == (30, 7.0, 2)


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        pytest.param("dose.nphotons=1e5", ("dose", "nphotons"), 1e5, id="exponent"),
        pytest.param("dose.nphotons=2.5E+4", ("dose", "nphotons"), 2.5e4, id="capital-exponent"),
        pytest.param("scan.n_images=1e3", ("scan", "n_images"), 1000, id="whole-exponent"),
        pytest.param("model.probe_mask=true", ("model", "probe_mask"), True, id="truth"),
        pytest.param("model.filters=[8, 16]", ("model", "filters"), (8, 16), id="list"),
        pytest.param("object.kind=grf", ("object", "kind"), "grf", id="word"),
        pytest.param(" dose.nphotons = 7", ("dose", "nphotons"), 7.0, id="spaces"),
        pytest.param("description=a=b", ("description",), "a=b", id="equals-in-the-value"),
    ],
)
def test_a_setting_is_read_as_the_user_means_it(
    text: str, key: tuple[str, ...], value: Any
) -> None:
    found: Any = request("gs1_custom", settings=[text]).scenario
    for part in key:
        found = getattr(found, part)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.clause("CONFIG-004")
def test_a_null_setting_changes_nothing() -> None:
    assert request("gs1_custom", settings=["dose.nphotons=null"]) == request("gs1_custom")


def test_the_last_of_two_equal_settings_wins() -> None:
    assert (
        request(
            "gs1_custom", settings=["dose.nphotons=1", "dose.nphotons=2"]
        ).scenario.dose.nphotons
        == 2
    )


@pytest.mark.parametrize(
    "text",
    ["dose.nphotons", "=5", "", "dose.nphotons=[1", "dose.nphotons={"],
    ids=["no-value", "no-key", "nothing", "open-list", "open-mapping"],
)
def test_a_setting_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        request("gs1_custom", settings=[text])


@pytest.mark.clause("CONFIG-007")
@pytest.mark.parametrize(
    "text",
    ["model=3", "scan=5", "seeds=1", "model=[1]"],
    ids=["model", "scan", "seeds", "model-list"],
)
def test_a_section_set_to_a_value_is_refused_with_an_error_of_the_project(text: str) -> None:
    with pytest.raises(ConfigError, match=r"unknown key (model|scan|seeds)"):
        request("gs1_custom", settings=[text])


def test_a_seed_sets_every_named_seed_but_the_probes() -> None:
    made = request("gs1_custom", seed=7)
    assert {name: getattr(made.scenario.seeds, name) for name in SEEDED} == dict.fromkeys(SEEDED, 7)
    assert set(SEEDED) == {"object", "scan", "noise", "split", "grouping", "training"}
    assert made.scenario.seeds.probe == 1084
    assert {made.provenance[f"seeds.{name}"] for name in SEEDED} == {"command line"}


def test_a_single_seed_wins_over_the_common_one() -> None:
    seeds = request("gs1_custom", seed=7, settings=["seeds.object=3"]).scenario.seeds
    assert (seeds.object, seeds.noise) == (3, 7)


def test_seed_zero_is_a_seed() -> None:
    assert request("gs1_custom", seed=0).scenario.seeds.noise == 0


@pytest.mark.parametrize(
    ("words", "listed"),
    [
        pytest.param({"target": "gs1_costum"}, "gs1_custom", id="scenario"),
        pytest.param({"target": "gs1_custom", "profile": "quik"}, "quick", id="profile"),
        pytest.param({"target": "gs1_custom", "recipe": "refrence"}, "reference", id="recipe"),
        pytest.param({"target": ""}, "gs1_custom", id="nothing"),
        pytest.param({"target": "_profiles"}, "gs1_custom", id="a-file-that-is-no-scenario"),
        pytest.param(
            {"target": "../scenarios/gs1_custom"}, "gs1_custom", id="a-path-without-suffix"
        ),
    ],
)
def test_an_unknown_name_is_refused_with_the_known_ones(words: dict[str, str], listed: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        request(**words)  # type: ignore[arg-type]
    assert listed in str(caught.value.details["limit"])


@pytest.mark.parametrize("size", [30, 66])
def test_a_size_that_cannot_be_halved_twice_is_refused_by_the_first_stage(size: int) -> None:
    made = request("gs1_custom", profile="quick", settings=[f"model.N={size}"])
    with pytest.raises(PtyspecError, match="not divisible by 4"):
        simulate(made.scenario)


# Scenario files


def written(folder: Path, text: str, name: str = "mine.yaml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_a_scenario_file_is_a_scenario_with_itself_as_provenance(
    tmp_path: Path, suffix: str
) -> None:
    target = written(tmp_path, "dose: {nphotons: 5.0e+4}\nmodel: {gridsize: 2}\n", f"mine{suffix}")
    made = request(target, profile="quick")
    assert made.scenario.name == "mine"
    assert made.scenario.dose.nphotons == 5e4
    assert made.scenario.training.batch_size == 4  # of gridsize 2
    assert made.provenance["dose.nphotons"] == target


@pytest.mark.parametrize(
    "text",
    ["- 1\n- 2\n", "just words\n", "5\n", "", "null\n"],
    ids=["list", "words", "number", "empty", "null"],
)
def test_a_scenario_file_that_holds_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="holds a mapping") as caught:
        request(written(tmp_path, text))
    assert "mine.yaml" in str(caught.value.details["source"])


@pytest.mark.parametrize(
    "text",
    ["a: [1\n", "\t\tx: :\n", "a: b: c\n", "name: *missing\n"],
    ids=["open-bracket", "tabs", "two-colons", "unknown-anchor"],
)
def test_a_scenario_file_that_is_no_yaml_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputFileError, match="cannot be read"):
        request(written(tmp_path, text))


@pytest.mark.clause("CONFIG-007")
@pytest.mark.parametrize(
    "text",
    ["model: 5\n", "model: [1]\n", "training: [1]\n", "1: 2\n"],
    ids=["number", "list", "other-section", "number-as-key"],
)
def test_a_section_of_a_scenario_file_that_is_no_mapping_is_refused(
    tmp_path: Path, text: str
) -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        request(written(tmp_path, text))


@pytest.mark.clause("CONFIG-004")
@pytest.mark.parametrize("text", ["model:\n", "training: null\n"], ids=["model", "training"])
def test_a_section_left_empty_in_a_scenario_file_sets_nothing(tmp_path: Path, text: str) -> None:
    assert request(written(tmp_path, text)).scenario == request(written(tmp_path, "{}\n")).scenario


def test_a_binary_scenario_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(InputFileError, match="cannot be read"):
        request(str(path))


def test_a_missing_scenario_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match="cannot be read") as caught:
        request(str(tmp_path / "absent.yaml"))
    assert "absent.yaml" in str(caught.value)


def test_a_folder_named_like_a_scenario_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").mkdir()
    with pytest.raises(InputFileError, match="cannot be read"):
        request(str(tmp_path / "mine.yaml"))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("name: !!python/object/apply:os.mkdir [TRACE]\n", id="python-call"),
        pytest.param("!!python/object/new:os.system [TRACE]\n", id="python-object"),
        pytest.param("name: !include TRACE\n", id="unknown-tag"),
    ],
)
def test_a_scenario_file_can_run_nothing(tmp_path: Path, text: str) -> None:
    trace = tmp_path / "trace"
    with pytest.raises(InputFileError):
        request(written(tmp_path, text.replace("TRACE", str(trace))))
    assert not trace.exists()


@pytest.mark.parametrize(
    "name",
    ["../../etc", "/abs", "a/b", ".hidden", "a b", "x" * 65],
    ids=["parent", "absolute", "folder", "hidden", "space", "long"],
)
def test_a_scenario_cannot_name_a_place_outside_its_run(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="name"):
        request(written(tmp_path, f"name: '{name}'\n"))


# Measured scans


def scan(known: bool, **changes: Any) -> RawScan:
    made = exact_scan(textured_object(60, 50), small_probe(16), scattered(12, 60, 50, 8))
    return made.model_copy(
        update={"scale": 100.0, **({} if known else {"objectGuess": None}), **changes}
    )


@pytest.mark.parametrize(
    ("known", "kind", "groups"), [(True, "spatial", 6), (False, "none", 12)], ids=["truth", "none"]
)
def test_a_scan_file_tells_its_own_facts(
    tmp_path: Path, known: bool, kind: str, groups: int
) -> None:
    path = write_scan(tmp_path / "my scan.npz", scan(known))
    made = request(str(path))
    scenario = made.scenario
    assert scenario.measured
    assert {scenario.object.kind, scenario.probe.kind, scenario.scan.kind, scenario.dose.noise} == {
        "measured"
    }
    assert scenario.split.kind == kind
    assert scenario.grouping.n_groups == groups
    assert (scenario.model.N, scenario.scan.n_images) == (16, 12)
    assert scenario.name == "my_scan"
    assert (scenario.scan.path, scenario.scan.sha256) == (str(path), sha256_of(path))
    assert scenario.dose.nphotons == pytest.approx(
        100.0**2 * mean_energy(scan(known).diff3d), rel=1e-12
    )
    assert made.provenance["scan.n_images"] == "file my scan.npz"


def test_a_scan_from_a_file_is_the_scan_that_was_written(tmp_path: Path) -> None:
    path = write_scan(tmp_path / "s.npz", scan(True))
    read = simulate(request(str(path)).scenario)
    np.testing.assert_array_equal(read.diff3d, scan(True).diff3d)
    assert read.scale == 100.0


@pytest.mark.clause("EVID-005")
def test_a_scan_file_that_changes_after_the_request_is_refused(tmp_path: Path) -> None:
    path = write_scan(tmp_path / "s.npz", scan(True))
    made = request(str(path))
    write_scan(path, scan(True, scale=50.0))
    with pytest.raises(InputFileError, match="changed while it was used"):
        simulate(made.scenario)


@pytest.mark.clause("CONFIG-003")
def test_settings_win_over_the_facts_of_a_file(tmp_path: Path) -> None:
    path = write_scan(tmp_path / "s.npz", scan(True))
    made = request(str(path), settings=["split.kind=none", "model.gridsize=1"], seed=5)
    assert made.scenario.split.kind == "none"
    assert made.scenario.model.gridsize == 1
    assert made.scenario.training.batch_size == request("gs1_custom").scenario.training.batch_size
    assert made.scenario.seeds.training == 5


def test_a_profile_is_refused_for_a_scan_file(tmp_path: Path) -> None:
    path = write_scan(tmp_path / "s.npz", scan(True))
    with pytest.raises(ConfigError, match="a profile fixes simulated data"):
        request(str(path), profile="quick")


@pytest.mark.parametrize("suffix", [".npz", ".cxi", ".h5"])
def test_a_missing_scan_file_is_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(InputFileError):
        request(str(tmp_path / f"absent{suffix}"))


@pytest.mark.parametrize("gridsize", ["two", 7, [2], 0], ids=["word", "large", "list", "zero"])
def test_a_file_whose_own_gridsize_is_nonsense_is_refused(tmp_path: Path, gridsize: Any) -> None:
    path = write_scan(tmp_path / "s.npz", scan(True, metadata={"gridsize": gridsize}))
    with pytest.raises(PtyspecError, match="gridsize"):
        request(str(path))


def test_a_file_without_a_gridsize_of_its_own_gets_two(tmp_path: Path) -> None:
    path = write_scan(tmp_path / "s.npz", scan(True, metadata={"gridsize": None}))
    assert request(str(path)).scenario.model.gridsize == 2


def test_a_file_that_states_its_gridsize_gets_it(tmp_path: Path) -> None:
    path = write_scan(tmp_path / "s.npz", scan(True, metadata={"gridsize": 1}))
    assert request(str(path)).scenario.model.gridsize == 1

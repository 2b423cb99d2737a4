"""From layers to effective settings: who wins, what a null does, what follows from what (failures 2, 3, 9, 12)."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.contracts.resolve import Layer, Resolved, flatten, known_keys, nest, resolve
from ptyspec.contracts.scenario import Scenario
from ptyspec.runs.finished_run import write_run
from ptyspec.runs.request import request
from ptyspec.runs.store import run_key
from ptyspec.spec.checks import Check
from tests.fake_run import one_run
from tests.properties import given, st

DEFAULTS = dict(flatten(Scenario(name="x").model_dump()))


def ask(
    tmp_path: Path,
    scenario: str = "{}",
    profile: str = "standard",
    recipe: str = "reference",
    *told: str,
) -> Resolved:
    path = tmp_path / "mine.yaml"
    path.write_text(scenario, encoding="utf-8")
    return request(str(path), profile=profile, recipe=recipe, settings=told)


# Who wins: every pair of layers that can set one key, the later one on top.
FILE = "{object: {size: 96}, scan: {n_images: 77, buffer: 3}, training: {nepochs: 5}, model: {stages: 2}}"
MATRIX: dict[str, tuple[str, str, Any, str]] = {
    "default-alone": ("{}", "scan.jitter", 3.0, "default"),
    "profile-over-default": ("{}", "object.size", 200, "profile quick"),
    "recipe-over-default": ("{}", "training.nepochs", 10, "recipe cnn"),
    "scenario-over-default": (FILE, "scan.buffer", 3, "scenario"),
    "command-over-default": ("{}", "scan.step", 6.0, "command line"),
    "scenario-over-profile": (FILE, "object.size", 96, "scenario"),
    "scenario-over-recipe": (FILE, "training.nepochs", 5, "scenario"),
    "command-over-profile": ("{}", "scan.n_images", 50, "command line"),
    "command-over-recipe": ("{}", "training.batch_size", 2, "command line"),
    "command-over-scenario": (FILE, "model.stages", 4, "command line"),
    "command-over-scenario-and-profile": (FILE, "scan.n_images", 50, "command line"),
}
TOLD = ("scan.step=6", "scan.n_images=50", "training.batch_size=2", "model.stages=4")


@pytest.mark.clause("CONFIG-003")
@pytest.mark.parametrize("row", MATRIX)
def test_the_last_layer_that_sets_a_key_wins(clause: Check, tmp_path: Path, row: str) -> None:
    scenario, key, value, source = MATRIX[row]
    told = [text for text in TOLD if text.startswith(f"{key}=")] if source == "command line" else []
    made = ask(tmp_path, scenario, "quick", "cnn", *told)
    effective = dict(flatten(made.scenario.model_dump()))
    clause.equal(effective[key], value, key)
    named = str(tmp_path / "mine.yaml") if source == "scenario" else source
    clause.equal(made.provenance[key], named, f"source of {key}")


@pytest.mark.clause("CONFIG-003")
def test_profiles_and_recipes_have_no_key_in_common(clause: Check) -> None:
    keys = {}
    for kind in ("profiles", "recipes"):
        shipped = yaml.safe_load(
            (files("ptyspec.scenarios") / f"_{kind}.yaml").read_text(encoding="utf-8")
        )
        layers = [
            layer for part in shipped.values() for name, layer in part.items() if name != "faults"
        ]
        keys[kind] = {key for layer in layers for key, _ in flatten(layer)}
    clause.equal(keys["profiles"] & keys["recipes"], set(), "keys of both")
    clause.holds(
        {"scan.n_images"} <= keys["profiles"] and {"training.nepochs"} <= keys["recipes"],
        "both set something",
    )


# Nulls


@pytest.mark.clause("CONFIG-004")
@pytest.mark.parametrize("layer", ["scenario", "command"])
def test_a_null_for_every_setting_is_as_if_nothing_were_said(
    clause: Check, tmp_path: Path, layer: str
) -> None:
    keys = [key for key in known_keys() if key != "name"]
    text = {
        "scenario": "\n".join(f"{part}:" for part in ("model", "training", "scan")),
        "command": "{}",
    }[layer]
    told = [f"{key}=null" for key in keys] if layer == "command" else []
    said, silent = ask(tmp_path, text, "quick", "cnn", *told), ask(tmp_path, "{}", "quick", "cnn")
    clause.equal(said.scenario, silent.scenario, "effective settings")
    clause.equal(dict(said.provenance), dict(silent.provenance), "sources")


@pytest.mark.clause("CONFIG-004", "CONFIG-005", "CONFIG-006")
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(set(DEFAULTS) - {"name"})), st.booleans()), max_size=12
    )
)
def test_nulls_in_any_order_beside_values_set_nothing(
    clause: Check, said: list[tuple[str, bool]]
) -> None:
    layers = [Layer("base", {"name": "x"})]
    layers += [
        Layer(f"layer {i}", nest({key: DEFAULTS[key] if given else None}))
        for i, (key, given) in enumerate(said)
    ]
    made = resolve(layers)
    last = {key: f"layer {i}" for i, (key, given) in enumerate(said) if given}
    clause.equal(dict(flatten(made.scenario.model_dump())), DEFAULTS, "effective settings")
    wanted = {key: last.get(key, "default") for key in DEFAULTS} | {"name": "base"}
    clause("CONFIG-006").equal(dict(made.provenance), wanted, "sources")
    clause("CONFIG-005").equal(
        [k for k, v in flatten(made.scenario.model_dump()) if v is None], [], "missing values"
    )


# One setting, one value

FOLLOWS: dict[str, set[str]] = {
    "scan.n_images=333": set(),
    "grouping.n_groups=33": set(),
    "grouping.neighbor_count=5": set(),
    "training.batch_size=64": set(),
    "inference.batch_size=16": set(),
    "dose.nphotons=1e5": set(),
    "seeds.scan=7": set(),
    "model.probe_mask=true": set(),
    "model.N=32": {"model.probe_mask_diameter"},
    "model.gridsize=2": {"training.batch_size", "training.nepochs"},
    "probe.kind=ideal": set(),
}
"""What each setting changes beside itself: what is documented to follow from it."""


@pytest.mark.clause("CONFIG-011")
@pytest.mark.parametrize(
    "text", FOLLOWS, ids=[text.replace(".", "-").replace("=", "-") for text in FOLLOWS]
)
def test_a_setting_changes_itself_and_what_follows_from_it(clause: Check, text: str) -> None:
    before = dict(flatten(request("gs1_custom").scenario.model_dump()))
    after = dict(flatten(request("gs1_custom", settings=[text]).scenario.model_dump()))
    changed = {key for key in before if before[key] != after[key]}
    clause.equal(changed, {text.partition("=")[0], *FOLLOWS[text]}, f"changed by {text}")


@pytest.mark.clause("CONFIG-013")
def test_a_scenario_that_says_nothing_is_the_defaults(clause: Check, tmp_path: Path) -> None:
    made = ask(tmp_path, "{model: {gridsize: 1}}")
    silent = {key for key, source in made.provenance.items() if source == "default"}
    effective = dict(flatten(made.scenario.model_dump()))
    clause.equal(
        {key: effective[key] for key in silent},
        {key: DEFAULTS[key] for key in silent},
        "settings left out",
    )
    clause.holds(len(silent) > 20, "settings left out", len(silent), "most of them")


@pytest.mark.clause("CONFIG-009")
@pytest.mark.parametrize("name", ["gs1_ideal", "gs2_custom"])
def test_recorded_settings_give_themselves_after_other_resolutions(
    clause: Check, name: str
) -> None:
    first = request(name, profile="quick", recipe="cnn", seed=5, settings=["dose.nphotons=1e4"])
    recorded = {key: row["value"] for key, row in first.as_json()["values"].items()}
    request("gs2_ideal", settings=["model.probe_mask=true", "dose.nphotons=7"])
    again = resolve([Layer("scenario.json", nest(recorded))])
    clause.equal(again.scenario, first.scenario, "settings resolved from their own record")
    repeated = request(name, profile="quick", recipe="cnn", seed=5, settings=["dose.nphotons=1e4"])
    clause.equal(
        (repeated.scenario, dict(repeated.provenance)),
        (first.scenario, dict(first.provenance)),
        "same request",
    )


# Execution

EXECUTION = {
    "out": ("--out", "OUT"),
    "force": ("--force",),
    "resume": ("--resume",),
    "threads": ("--threads", "1"),
    "json": ("--json",),
    "debug": ("--debug",),
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Resolved]:
    """What the command line asks the pipeline for, captured where it arrives; nothing is computed."""
    from ptyspec.report import figures
    from ptyspec.runs import run, threads

    seen: list[Resolved] = []

    def capture(resolved: Resolved, **options: Any) -> Path:
        seen.append(resolved)
        write_run(tmp_path, one_run())
        return tmp_path

    monkeypatch.setattr(run, "produce", capture)
    monkeypatch.setattr(figures, "drawers", lambda _: {})  # drawing takes seconds
    monkeypatch.setattr(threads, "set_threads", lambda *counts: None)  # this process keeps its own
    return seen


@pytest.mark.clause("CONFIG-002")
@pytest.mark.parametrize("option", EXECUTION)
def test_an_execution_option_leaves_settings_sources_and_key_as_they_were(
    clause: Check, asked: list[Resolved], tmp_path: Path, option: str
) -> None:
    words = [str(tmp_path / "there") if word == "OUT" else word for word in EXECUTION[option]]
    for arguments in (
        ["run", "gs1_custom"],
        ["run", "gs1_custom", *words],
        ["run", "gs1_custom", "--gridsize", "2"],
    ):
        done = CliRunner().invoke(app, arguments)
        assert done.exit_code == 0, done.output
    plain, executed, physics = asked
    clause.equal(executed.scenario, plain.scenario, "effective settings")
    clause.equal(executed.as_json(), plain.as_json(), "record of the settings")
    keys = [run_key(made.scenario.model_dump(mode="json"), "code", {"intra": 2}) for made in asked]
    clause.equal(keys[1], keys[0], "run key")
    clause.holds(
        keys[2] != keys[0] and physics.scenario != plain.scenario,
        "a setting of the physics changes both",
    )


@pytest.mark.clause("CONFIG-002")
def test_no_setting_of_a_scenario_is_about_execution(clause: Check) -> None:
    words = (
        "thread",
        "worker",
        "out",
        "resume",
        "force",
        "verbose",
        "debug",
        "progress",
        "device",
        "log",
        "cache",
    )
    found = [
        key
        for key in known_keys()
        for word in words
        if key.rpartition(".")[2].split("_").count(word)
    ]
    clause.equal(found, [], "settings about execution")

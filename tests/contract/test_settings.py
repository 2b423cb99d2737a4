"""Settings: frozen, strict, every value with its provenance (CONFIG-001; failures 2, 3, 8, 9)."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ptyspec.contracts.resolve import Layer, flatten, known_keys, nest, resolve
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import ConfigError
from ptyspec.spec.checks import Check

BASE = Layer("profile", {"name": "x", "dose": {"nphotons": 1e6}, "scan": {"n_images": 100}})


def resolved(**parts: Any) -> Any:
    return resolve([BASE, Layer("scenario", parts)])


@pytest.mark.clause("CONFIG-010")
@pytest.mark.parametrize("key", ["dose", "name"])
def test_a_scenario_is_frozen(key: str) -> None:
    scenario = resolved().scenario
    with pytest.raises(ValidationError, match="frozen"):
        setattr(scenario, key, None)


@pytest.mark.clause("CONFIG-010")
def test_its_parts_are_frozen_too() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        resolved().scenario.dose.nphotons = 1.0


@pytest.mark.clause("CONFIG-007", "CONFIG-012")
@pytest.mark.parametrize(
    ("parts", "key", "near"),
    [
        pytest.param(
            {"dose": {"nphoton": 5}}, "dose.nphoton", "dose.nphotons", id="misspelt-setting"
        ),
        pytest.param(
            {"doze": {"nphotons": 5}}, "doze.nphotons", "dose.nphotons", id="misspelt-section"
        ),
        pytest.param(
            {"model": {"gridsise": 2}}, "model.gridsise", "model.gridsize", id="misspelt-model"
        ),
        pytest.param(
            {"training": {"epochs": 5}},
            "training.epochs",
            "training.nepochs",
            id="other-pipelines-name",
        ),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(
    clause: Check, parts: dict[str, Any], key: str, near: str
) -> None:
    with pytest.raises(ConfigError, match=f"unknown key {key}") as caught:
        resolved(**parts)
    clause("CONFIG-007").equal(caught.value.details["source"], "scenario", "layer")
    clause("CONFIG-012").equal(caught.value.details["next"], f"did you mean {near}?", "remedy")


@pytest.mark.clause("CONFIG-007")
@pytest.mark.parametrize(
    "parts", [{"zzzz": 1}, {"object": 5}, {"model": [1]}], ids=["nothing-near", "number", "list"]
)
def test_what_is_no_setting_at_all_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        resolved(**parts)


@pytest.mark.clause("CONFIG-008")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("scan.n_images", "many", id="text-for-number"),
        pytest.param("scan.n_images", 400.5, id="half-a-frame"),
        pytest.param("scan.n_images", 0, id="no-frame"),
        pytest.param("scan.n_images", -3, id="negative-frames"),
        pytest.param("dose.nphotons", 0, id="no-photon"),
        pytest.param("dose.nphotons", float("nan"), id="nan-photons"),
        pytest.param("dose.nphotons", float("inf"), id="infinite-photons"),
        pytest.param("dose.noise", "gaussian", id="unknown-noise"),
        pytest.param("split.fraction", 1.0, id="whole-split"),
        pytest.param("model.gridsize", 4, id="unknown-gridsize"),
        pytest.param("model.amp_activation", "tanh", id="unknown-head"),
        pytest.param("training.batch_size", 12, id="batch-not-power-of-two"),
        pytest.param("training.batch_size", 0, id="empty-batch"),
        pytest.param("training.validation_fraction", 1.0, id="all-validation"),
        pytest.param("training.intensity_scale_trainable", True, id="trainable-gauge"),
        pytest.param("seeds.object", -1, id="negative-seed"),
        pytest.param("name", "../outside", id="name-with-a-path"),
        pytest.param("name", "", id="empty-name"),
    ],
)
def test_a_wrong_value_is_refused_with_key_value_and_source(key: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        resolve([BASE, Layer("my file", nest({key: value}))])
    assert key in caught.value.message
    assert caught.value.details["source"] == "my file"
    assert str(caught.value.details["value"]) == str(value)


@pytest.mark.clause("CONFIG-008")
@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param("scan.n_images", "400", id="text-as-integer"),
        pytest.param("scan.n_images", True, id="yes-as-integer"),
        pytest.param("model.probe_mask", "yes", id="text-as-truth"),
        pytest.param("model.probe_mask", 1, id="integer-as-truth"),
        pytest.param("model.gridsize", True, id="yes-as-gridsize"),
    ],
)
def test_values_are_not_coerced_from_another_type(key: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=key):
        resolve([BASE, Layer("my file", nest({key: value}))])


def test_a_batch_size_that_is_a_power_of_two_is_accepted() -> None:
    assert resolved(training={"batch_size": 32}).scenario.training.batch_size == 32


@pytest.mark.clause("CONFIG-008")
@pytest.mark.parametrize(
    "kinds",
    [
        pytest.param({"object": {"kind": "measured"}}, id="object-alone"),
        pytest.param({"scan": {"kind": "measured"}}, id="scan-alone"),
        pytest.param({"probe": {"kind": "measured"}}, id="probe-alone"),
        pytest.param(
            {"object": {"kind": "measured"}, "scan": {"kind": "measured"}}, id="all-but-the-probe"
        ),
    ],
)
def test_measured_and_simulated_parts_do_not_mix(kinds: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="all 'measured' or none of them"):
        resolved(**kinds)


@pytest.mark.clause("CONFIG-008")
def test_a_monitor_that_nothing_feeds_is_refused() -> None:
    with pytest.raises(ConfigError, match="nothing to monitor"):
        resolved(training={"monitor": "val_loss", "validation_fraction": 0})
    assert (
        resolved(training={"monitor": "loss", "validation_fraction": 0}).scenario.training.monitor
        == "loss"
    )


# Layers


@pytest.mark.clause("CONFIG-003", "CONFIG-006")
def test_a_later_layer_wins_key_by_key(clause: Check) -> None:
    made = resolve(
        [
            BASE,
            Layer("recipe", {"dose": {"nphotons": 2e6}}),
            Layer("told", {"scan": {"n_images": 7}}),
        ]
    )
    scan = made.scenario.scan
    values = (made.scenario.dose.nphotons, scan.n_images, scan.buffer)
    clause("CONFIG-003").equal(values, (2e6, 7, 10.0), "values; the last is untouched by either")
    names = ("dose.nphotons", "scan.n_images", "scan.buffer")
    layers = [made.provenance[name] for name in names]
    clause("CONFIG-006").equal(layers, ["recipe", "told", "default"], "layers")


@pytest.mark.clause("CONFIG-003")
def test_an_order_reversed_gives_the_other_value() -> None:
    a, b = Layer("a", {"scan": {"n_images": 1}}), Layer("b", {"scan": {"n_images": 2}})
    assert resolve([BASE, a, b]).scenario.scan.n_images == 2
    assert resolve([BASE, b, a]).scenario.scan.n_images == 1


@pytest.mark.clause("CONFIG-004")
@pytest.mark.parametrize(
    "order", [["null", "value"], ["value", "null"]], ids=["null-first", "null-last"]
)
def test_a_null_never_overrides_and_never_survives(order: list[str]) -> None:
    layers = {
        "null": Layer("null", {"dose": {"nphotons": None}}),
        "value": Layer("v", {"dose": {"nphotons": 5e6}}),
    }
    made = resolve([BASE, *(layers[name] for name in order)])
    assert made.scenario.dose.nphotons == 5e6
    assert made.provenance["dose.nphotons"] == "v"


@pytest.mark.clause("CONFIG-004")
def test_a_null_beside_a_default_leaves_the_default_and_its_provenance() -> None:
    made = resolved(scan={"buffer": None})
    assert made.scenario.scan.buffer == 10
    assert made.provenance["scan.buffer"] == "default"


@pytest.mark.clause("CONFIG-007")
def test_an_unknown_key_is_refused_even_when_it_is_null() -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        resolved(dose={"nphoton": None})


@pytest.mark.clause("CONFIG-005")
@pytest.mark.parametrize("size", [32, 64])
def test_no_effective_value_is_none(size: int) -> None:
    made = resolved(model={"N": size})
    assert [key for key, value in flatten(made.scenario.model_dump()) if value is None] == []
    assert (
        made.scenario.model.probe_mask_diameter == size // 2
    )  # the one default that follows from another value


@pytest.mark.clause("CONFIG-006")
def test_every_effective_value_has_a_provenance_and_stands_in_the_json() -> None:
    made = resolved(split={"kind": "none"})
    keys = set(known_keys())
    assert set(made.provenance) == keys
    rows = made.as_json()["values"]
    assert set(rows) == keys
    assert rows["split.kind"] == {"value": "none", "source": "scenario"}
    assert rows["dose.nphotons"] == {"value": 1e6, "source": "profile"}
    assert rows["seeds.noise"] == {"value": 42, "source": "default"}


@pytest.mark.clause("CONFIG-009")
def test_a_resolved_scenario_resolves_to_itself() -> None:
    first = resolved(model={"gridsize": 2}).scenario
    assert resolve([Layer("again", first.model_dump(mode="json"))]).scenario == first
    assert Scenario.model_validate_json(first.model_dump_json()) == first


@pytest.mark.clause("CONFIG-009")
def test_two_resolutions_do_not_influence_each_other() -> None:
    plain = resolved().scenario
    resolved(model={"gridsize": 2}, scan={"buffer": 3})
    assert resolved().scenario == plain  # failure 3: a stale value from the run before


def test_nesting_and_flattening_are_inverse() -> None:
    flat = {"a.b": 1, "a.c.d": [2], "e": None}
    assert dict(flatten(nest(flat))) == flat


def test_a_key_that_reaches_into_a_value_is_refused() -> None:
    with pytest.raises(ConfigError, match="reaches into a plain value"):
        nest({"dose": 5, "dose.nphotons": 6})

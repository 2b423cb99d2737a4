"""What a dictionary means: the way back from the global dictionary to settings, and dictionaries that mean nothing."""

from __future__ import annotations

from typing import Any

import pytest

from ptyspec.contracts.resolve import known_keys
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import ConfigError
from ptyspec.faults.apply import applied
from ptyspec.legacy.bridge import SOURCE, name_of, resolved_of, scenario_of, update_legacy_dict
from ptyspec.legacy.params import Parameters
from ptyspec.runs.request import profile_names, recipe_faults, recipe_names, request, scenario_names
from ptyspec.spec.checks import Check
from tests.properties import given, st
from tests.small_scenes import scenario


def bridged(config: Scenario) -> Parameters:
    cfg = Parameters()
    update_legacy_dict(cfg, config)
    return cfg


@pytest.mark.clause("BRIDGE-008")
@pytest.mark.parametrize("name", scenario_names())
def test_a_bridged_scenario_comes_back_whatever_its_profile_and_recipe(
    clause: Check, name: str
) -> None:
    for recipe in recipe_names():
        with applied(*recipe_faults(recipe)):
            made = {one: request(name, profile=one, recipe=recipe) for one in profile_names()}
        for profile, asked in made.items():
            back = scenario_of(bridged(asked.scenario))
            clause.equal(back, asked.scenario, f"{name}, {profile}, {recipe}")


OTHER: dict[str, dict[str, Any]] = {
    "measured": {
        "object": {"kind": "measured"},
        "probe": {"kind": "measured"},
        "scan": {"kind": "measured", "path": "here/scan.npz", "sha256": "ab"},
        "dose": {"noise": "measured"},
    },
    "siemens": {"object": {"kind": "siemens", "phase": "texture"}},
    "set-phi": {"object": {"kind": "grf", "phase": "set_phi"}},
    "mae": {"training": {"loss": "mae"}},
    "mask": {
        "model": {
            "probe_mask": True,
            "probe_mask_diameter": 9,
            "filters": (8, 16, 24),
            "object_big": False,
        }
    },
}


@pytest.mark.clause("BRIDGE-008")
@pytest.mark.parametrize("kind", OTHER)
def test_a_bridged_scenario_comes_back_where_legacy_code_has_words_of_its_own(
    clause: Check, kind: str
) -> None:
    asked = scenario(**OTHER[kind])
    clause.equal(scenario_of(bridged(asked)), asked, kind)


@pytest.mark.clause("BRIDGE-008")
@given(
    st.sampled_from([1, 2, 3]),
    st.floats(1.0, 1e12),
    st.sampled_from(["lines", "grf", "points", "diagonals", "siemens"]),
    st.sampled_from(["none", "set_phi", "texture"]),
    st.sampled_from(["poisson", "mae"]),
)
def test_settings_survive_the_way_there_and_back(
    clause: Check, gridsize: int, nphotons: float, kind: str, phase: str, loss: str
) -> None:
    asked = scenario(
        model={"gridsize": gridsize},
        dose={"nphotons": nphotons},
        object={"kind": kind, "phase": phase},
        training={"loss": loss},
    )
    clause.equal(scenario_of(bridged(asked)), asked, "settings")


@pytest.mark.clause("BRIDGE-008")
def test_every_value_that_the_dictionary_gave_says_so(clause: Check) -> None:
    found = resolved_of(bridged(request("gs2_custom").scenario)).provenance
    told = {key: source for key, source in found.items() if source != SOURCE}
    clause.equal(told, {"scan.path": "default"}, "settings from elsewhere")
    clause.equal(sorted(found), sorted(known_keys()), "settings that know their source")
    clause.equal(
        resolved_of({"probe.big": True}).provenance["model.N"], "legacy default", "source of N"
    )


CHANGED: dict[str, tuple[str, Any, str, Any]] = {
    "gridsize": ("gridsize", 3, "gridsize", 3),
    "photons": ("nphotons", 1e5, "dose.nphotons", 1e5),
    "source": ("data_source", "grf", "object.kind", "grf"),
    "set-phi": ("set_phi", True, "object.phase", "set_phi"),
    "seed": ("npseed", 7, "seeds.object", 7),
    "dotted": ("training.learning_rate", 0.5, "training.learning_rate", 0.5),
    "open": ("probe_mask_diameter", None, "model.probe_mask_diameter", 16),
}


@pytest.mark.clause("BRIDGE-008")
@pytest.mark.parametrize("case", CHANGED)
def test_an_entry_changed_by_hand_is_what_the_dictionary_means(clause: Check, case: str) -> None:
    key, value, setting, wanted = CHANGED[case]
    cfg = bridged(scenario())
    cfg[key] = value
    again = bridged(scenario_of(cfg))
    clause.equal(again[name_of(setting)], wanted, setting)


@pytest.mark.clause("BRIDGE-008")
def test_the_weights_of_the_loss_mean_the_loss(clause: Check) -> None:
    cfg = bridged(scenario())
    cfg.update(mae_weight=1.0, nll_weight=0.0)
    clause.equal(scenario_of(cfg).training.loss, "mae", "loss")


MEANINGLESS: dict[str, tuple[dict[str, Any], str]] = {
    "gridsize": (
        {"gridsize": 0},
        "gridsize cannot be used\n  value: 0\n  limit: Input should be greater than",
    ),
    "text": (
        {"N": "64"},
        "N cannot be used\n  value: '64'\n  limit: Input should be a valid integer",
    ),
    "truth-value": ({"set_phi": 1}, "set_phi cannot be used\n  value: 1\n  limit: True or False"),
    "probe-big": (
        {"probe.big": False},
        "probe.big cannot be used\n  value: False\n  limit: Input should be True",
    ),
    "trainable": (
        {"intensity_scale.trainable": True},
        "intensity_scale.trainable cannot be used\n  value: True",
    ),
    "source": (
        {"data_source": "xpp"},
        "data_source cannot be used\n  value: 'xpp'\n  limit: diagonals, experimental",
    ),
    "unserved": (
        {"probe.trainable": True},
        "probe.trainable cannot be used\n  value: True\n  limit: False: no stage",
    ),
    "realspace": (
        {"tv_weight": 0.5},
        "tv_weight cannot be used\n  value: 0.5\n  limit: 0: no stage",
    ),
    "both-losses": ({"mae_weight": 1}, "mae_weight, nll_weight cannot be used"),
    "misspelt": (
        {"scan.n_image": 5},
        "scan.n_image cannot be used\n  value: 5\n  limit: a key that a stage reads",
    ),
    "new-name": ({"model.gridsize": 2}, "did you mean gridsize?"),
    "contradiction": (
        {"data_source": "experimental"},
        "means no scenario\n  limit: Value error, object.kind, probe.",
    ),
}


@pytest.mark.clause("BRIDGE-009")
@pytest.mark.parametrize("case", MEANINGLESS)
def test_a_dictionary_that_means_no_run_is_refused_by_key_value_and_limit(
    clause: Check, case: str
) -> None:
    entries, told = MEANINGLESS[case]
    cfg = bridged(scenario())
    scenario_of(cfg)
    cfg.update(entries)
    with pytest.raises(ConfigError) as refused:
        scenario_of(cfg)
    clause.holds(told in str(refused.value), "the refusal", str(refused.value), told)

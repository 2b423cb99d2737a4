"""Positive controls of the audit `params`: settings, dictionaries and snapshots with one thing wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ptyspec.checks.legacy_subject import captured, legacy_subject
from ptyspec.checks.material import Material
from ptyspec.checks.registry import Control
from ptyspec.contracts.resolve import Resolved
from ptyspec.contracts.scenario import Scenario
from ptyspec.legacy.bridge import update_legacy_dict
from ptyspec.legacy.params import Parameters


def bridged(scenario: Scenario) -> dict[str, Any]:
    """Return the dictionary that a right runner hands to its stages."""
    cfg = Parameters()
    update_legacy_dict(cfg, scenario)
    return dict(cfg)


def _subject(material: Material, scenario: Scenario | None = None, **changed: Any) -> Material:
    """The material with another subject; its scenario keeps the sources of its values."""
    resolved = material.subject.resolved
    spoiled = replace(resolved, scenario=scenario or resolved.scenario)
    return material.replaced(subject=replace(material.subject, **{"resolved": spoiled, **changed}))


def _with_entries(**entries: Any) -> Callable[[Material], Material]:
    """The subject's own dictionary after the bridge, in which somebody then changed entries."""
    return lambda material: _subject(
        material, kind="legacy", dictionary=bridged(material.scenario) | entries
    )


def _with_setting(scenario: Scenario, part: str, **changed: Any) -> Scenario:
    return scenario.model_copy(update={part: getattr(scenario, part).model_copy(update=changed)})


def _without_value(material: Material) -> Material:
    return _subject(material, _with_setting(material.scenario, "grouping", neighbor_count=None))


def _without_source(material: Material) -> Material:
    sources = dict(material.subject.resolved.provenance)
    del sources["training.nepochs"]
    return _subject(material, resolved=Resolved(material.scenario, sources))


def _inverted_loss(material: Material) -> Material:
    """What a reading of the script's source found: the branch that nobody took, in the default mode."""
    other = captured("legacy:dose:mae").values
    return material.replaced(subject=replace(legacy_subject("legacy:dose"), dictionary={**other}))


def _null_displaces(material: Material) -> Material:
    """A snapshot that intends the mask by its defaults and has a null in its inputs, as its runner read it."""
    row = {"defaults": {"probe_mask": True}, "inputs": {"probe_mask": None}}
    document = {"run_params": {}, "scenario": {"name": material.scenario.name, **row}}
    unmasked = _with_setting(material.scenario, "model", probe_mask=False)
    return _subject(material, unmasked, kind="snapshot", document=document)


class _Restless(dict[str, Any]):
    """A dictionary that whoever lists it changes."""

    def __iter__(self) -> Iterator[str]:
        self["nepochs"] += 1
        return super().__iter__()


def _changes_when_read(material: Material) -> Material:
    return _subject(material, kind="legacy", dictionary=_Restless(bridged(material.scenario)))


CONTROLS = (
    Control("no-value", "a setting was left without a value", "CONFIG-005", _without_value),
    Control(
        "no-source", "nobody wrote down who set the number of epochs", "CONFIG-006", _without_source
    ),
    Control(
        "stale-gridsize",
        "the dictionary keeps the gridsize of the config before",
        "CONFIG-001",
        _with_entries(gridsize=3),
    ),
    Control(
        "left-at-none",
        "an unset field left a None in the dictionary",
        "BRIDGE-002",
        _with_entries(nepochs=None),
    ),
    Control(
        "misspelt-entry",
        "an entry that nobody reads looks like a setting",
        "CONFIG-007",
        _with_entries(nepoch=60),
    ),
    Control(
        "inverted-loss",
        "the branch loss_fn=mae was read as the default",
        "EVID-003",
        _inverted_loss,
    ),
    Control(
        "null-leak",
        "a null in a snapshot displaced the intended mask",
        "CONFIG-004",
        _null_displaces,
    ),
    Control(
        "changes-when-read",
        "looking at the dictionary changes it",
        "CONFIG-010",
        _changes_when_read,
    ),
)

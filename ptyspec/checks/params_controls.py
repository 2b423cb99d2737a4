"""Positive controls of the audit `params`: settings, dictionaries and snapshots with one thing wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ptyspec.checks.legacy_subject import captured, legacy_subject
from ptyspec.checks.material import Material
from ptyspec.checks.registry import Control
from ptyspec.checks.subject import Subject
from ptyspec.contracts.resolve import Resolved
from ptyspec.contracts.scenario import Scenario
from ptyspec.legacy.bridge import update_legacy_dict
from ptyspec.legacy.params import Parameters


def bridged(scenario: Scenario) -> dict[str, Any]:
    """Return the dictionary that a right runner hands to its stages."""
    cfg = Parameters()
    update_legacy_dict(cfg, scenario)
    return dict(cfg)


def _with_entries(**changed: Any) -> Callable[[Material], Material]:
    """The subject's own dictionary after the bridge, in which somebody then changed entries."""

    def spoil(material: Material) -> Material:
        held = bridged(material.scenario) | changed
        return material.replaced(subject=replace(material.subject, kind="legacy", dictionary=held))

    return spoil


def _resolved(material: Material, scenario: Scenario, sources: Mapping[str, str]) -> Material:
    return material.replaced(
        subject=replace(material.subject, resolved=Resolved(scenario, sources))
    )


def _without_value(material: Material) -> Material:
    grouping = material.scenario.grouping.model_copy(update={"neighbor_count": None})
    scenario = material.scenario.model_copy(update={"grouping": grouping})
    return _resolved(material, scenario, material.subject.resolved.provenance)


def _without_source(material: Material) -> Material:
    sources = dict(material.subject.resolved.provenance)
    del sources["training.nepochs"]
    return _resolved(material, material.scenario, sources)


def _inverted_loss(material: Material) -> Material:
    """What a reading of the script's source found: the branch that nobody took, in the default mode."""
    subject: Subject = legacy_subject("legacy:dose")
    other = captured("legacy:dose:mae").values
    return material.replaced(subject=replace(subject, dictionary={**other}))


def _null_displaces(material: Material) -> Material:
    """A snapshot that intends the mask by its defaults and has a null in its inputs, as its runner read it."""
    document = {
        "run_params": {},
        "scenario": {
            "name": material.scenario.name,
            "defaults": {"probe_mask": True},
            "inputs": {"probe_mask": None},
        },
    }
    subject = replace(material.subject, kind="snapshot", document=document)
    model = material.scenario.model.model_copy(update={"probe_mask": False})
    scenario = material.scenario.model_copy(update={"model": model})
    return material.replaced(
        subject=replace(subject, resolved=Resolved(scenario, subject.resolved.provenance))
    )


class _Restless(dict[str, Any]):
    """A dictionary that whoever lists it changes."""

    def __iter__(self) -> Iterator[str]:
        self["nepochs"] += 1
        return super().__iter__()


def _changes_when_read(material: Material) -> Material:
    held = _Restless(bridged(material.scenario))
    return material.replaced(subject=replace(material.subject, kind="legacy", dictionary=held))


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

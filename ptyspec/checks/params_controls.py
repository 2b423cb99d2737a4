"""Positive controls of the audit `params`: settings, dictionaries and snapshots with one thing wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ptyspec.checks.legacy_subject import captured, legacy_subject
from ptyspec.checks.spoil import control
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.resolve import Resolved
from ptyspec.contracts.scenario import Scenario
from ptyspec.legacy.bridge import update_legacy_dict
from ptyspec.legacy.params import Parameters


def _subject(material: StageOutputs, **changed: Any) -> StageOutputs:
    return material.replaced(subject=replace(material.subject, **changed))


def _with_entries(material: StageOutputs, **entries: Any) -> StageOutputs:
    """The subject's own dictionary after the bridge, in which somebody then changed entries."""
    return _subject(material, kind="legacy", dictionary=bridged(material.scenario) | entries)


def bridged(scenario: Scenario) -> dict[str, Any]:
    """Return the dictionary that a right runner hands to its stages."""
    cfg = Parameters()
    update_legacy_dict(cfg, scenario)
    return dict(cfg)


class _Restless(dict[str, Any]):
    """A dictionary that whoever lists it changes."""

    def __iter__(self) -> Iterator[str]:
        self["nepochs"] += 1
        return super().__iter__()


@control("CONFIG-005")
def no_value(material: StageOutputs) -> StageOutputs:
    """A setting was left without a value."""
    grouping = material.scenario.grouping.model_copy(update={"neighbor_count": None})
    scenario = material.scenario.model_copy(update={"grouping": grouping})
    return _subject(material, resolved=replace(material.subject.resolved, scenario=scenario))


@control("CONFIG-006")
def no_source(material: StageOutputs) -> StageOutputs:
    """Nobody wrote down who set the number of epochs."""
    sources = dict(material.subject.resolved.provenance)
    del sources["training.nepochs"]
    return _subject(material, resolved=Resolved(material.scenario, sources))


@control("CONFIG-001")
def stale_gridsize(material: StageOutputs) -> StageOutputs:
    """The dictionary keeps the gridsize of the config before."""
    return _with_entries(material, gridsize=3)


@control("BRIDGE-002")
def left_at_none(material: StageOutputs) -> StageOutputs:
    """An unset field left a None in the dictionary."""
    return _with_entries(material, nepochs=None)


@control("CONFIG-007")
def misspelt_entry(material: StageOutputs) -> StageOutputs:
    """An entry that nobody reads looks like a setting."""
    return _with_entries(material, nepoch=60)


@control("EVID-003")
def inverted_loss(material: StageOutputs) -> StageOutputs:
    """The branch loss_fn=mae was read as the default."""
    other = captured("legacy:dose:mae").values
    return material.replaced(subject=replace(legacy_subject("legacy:dose"), dictionary=other))


@control("CONFIG-010")
def changes_when_read(material: StageOutputs) -> StageOutputs:
    """Looking at the dictionary changes it."""
    return _subject(material, kind="legacy", dictionary=_Restless(bridged(material.scenario)))


CONTROLS = (
    *(no_value, no_source, stale_gridsize, left_at_none),
    *(misspelt_entry, inverted_loss, changes_when_read),
)

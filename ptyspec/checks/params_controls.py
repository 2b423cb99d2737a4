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


def bridged(scenario: Scenario) -> dict[str, Any]:
    """Return the dictionary that a right runner hands to its stages."""
    cfg = Parameters()
    update_legacy_dict(cfg, scenario)
    return dict(cfg)


def _subject(
    material: StageOutputs, scenario: Scenario | None = None, **changed: Any
) -> StageOutputs:
    """The material with another subject; its scenario keeps the sources of its values."""
    resolved = material.subject.resolved
    spoiled = replace(resolved, scenario=scenario or resolved.scenario)
    return material.replaced(subject=replace(material.subject, **{"resolved": spoiled, **changed}))


def _with_entries(material: StageOutputs, **entries: Any) -> StageOutputs:
    """The subject's own dictionary after the bridge, in which somebody then changed entries."""
    return _subject(material, kind="legacy", dictionary=bridged(material.scenario) | entries)


def _with_setting(scenario: Scenario, part: str, **changed: Any) -> Scenario:
    return scenario.model_copy(update={part: getattr(scenario, part).model_copy(update=changed)})


class _Restless(dict[str, Any]):
    """A dictionary that whoever lists it changes."""

    def __iter__(self) -> Iterator[str]:
        self["nepochs"] += 1
        return super().__iter__()


@control("CONFIG-005")
def no_value(material: StageOutputs) -> StageOutputs:
    """A setting was left without a value."""
    return _subject(material, _with_setting(material.scenario, "grouping", neighbor_count=None))


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
    return material.replaced(subject=replace(legacy_subject("legacy:dose"), dictionary={**other}))


@control("CONFIG-004")
def null_leak(material: StageOutputs) -> StageOutputs:
    """A null in a snapshot displaced the intended mask."""
    row = {"defaults": {"probe_mask": True}, "inputs": {"probe_mask": None}}
    document = {"run_params": {}, "scenario": {"name": material.scenario.name, **row}}
    unmasked = _with_setting(material.scenario, "model", probe_mask=False)
    return _subject(material, unmasked, kind="snapshot", document=document)


@control("CONFIG-010")
def changes_when_read(material: StageOutputs) -> StageOutputs:
    """Looking at the dictionary changes it."""
    return _subject(material, kind="legacy", dictionary=_Restless(bridged(material.scenario)))


CONTROLS = (
    *(no_value, no_source, stale_gridsize, left_at_none),
    *(misspelt_entry, inverted_loss, null_leak, changes_when_read),
)

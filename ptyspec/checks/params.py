"""Audit `params`: every effective value of every subject, with who set it.

Compared: the settings that the stages receive (after all layers, nulls set nothing), and the same under the names of
the legacy dictionary, where entries stand that no setting knows.
"""

from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any

from ptyspec.checks import subject_values as stated
from ptyspec.checks.clause_check import checks
from ptyspec.checks.registry import Layout, control
from ptyspec.checks.report import Audit
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.resolve import Resolved, known_keys
from ptyspec.contracts.scenario import Scenario
from ptyspec.legacy.bridge import ABSENT, UPSTREAM_NAMES, entries, stale_keys, update_legacy_dict
from ptyspec.legacy.params import RUN_TIME, Parameters, legacy_defaults
from ptyspec.spec.checks import Check

WEIGHTS = (*stated.LOSS_KEYS, "realspace_weight", "realspace_mae_weight", "tv_weight")
"""Entries that weigh the terms of legacy code's loss."""


@checks("CONFIG-005")
def every_setting_has_a_value(check: Check, outputs: StageOutputs) -> None:
    missing = (key for key, value in stated.values(outputs.scenario).items() if value is None)
    _none(check, missing, "settings without a value")


@checks("CONFIG-006")
def every_setting_has_a_source(check: Check, outputs: StageOutputs) -> None:
    sources, known = outputs.subject.resolved.provenance, set(known_keys())
    unsourced = {key for key in known if not sources.get(key)} | (set(sources) - known)
    _none(check, sorted(unsourced), "settings of unknown source")


@checks("CONFIG-001")
def no_entry_of_the_dictionary_is_stale(check: Check, outputs: StageOutputs) -> None:
    declared, defaults = stated.departures(outputs.subject.source), legacy_defaults()

    def excused(key: str, held: Any) -> bool:
        unset = held is ABSENT or (held is None and defaults.get(key) is None)
        return unset or key in declared or (key == "label" and held == "")

    if (held := outputs.subject.dictionary) is not None:
        rows = (row for row in stale_keys(held, outputs.scenario) if not excused(row.key, row.held))
        _none(check, map(str, rows), "stale entries of the dictionary")


@checks("BRIDGE-002")
def no_unset_field_left_a_none(check: Check, outputs: StageOutputs) -> None:
    if (held := outputs.subject.dictionary) is not None:
        unset = [key for key, value in legacy_defaults().items() if value is not None]
        left = (key for key in unset if held.get(key, "absent") is None)
        _none(check, left, "entries left at None")


@checks("CONFIG-007")
def somebody_reads_every_entry(check: Check, outputs: StageOutputs) -> None:
    known = {*legacy_defaults(), *RUN_TIME, *UPSTREAM_NAMES.values(), "bigN"}
    known |= entries(Scenario(name="default")).keys()
    if (held := outputs.subject.dictionary) is not None:
        _none(check, (key for key in held if key not in known), "entries that nobody reads")


def _none(check: Check, listed: Iterable[str], what: str) -> None:
    keys = [*listed]
    check.equal(len(keys), 0, f"{what}: {', '.join(keys)}" if keys else what)


@checks("EVID-003", stage="settings")
def losses_are_weighed_as_the_executed_mode_weighs_them(
    check: Check, outputs: StageOutputs
) -> None:
    held, profile = outputs.subject.dictionary, outputs.subject.source
    if held is not None and stated.PROFILES.get(profile):
        executed = stated.captured(profile).values
        for key in WEIGHTS:
            what = f"{key}, of what the mode leaves when executed"
            check.equal(held.get(key), executed[key], what)


@checks("CONFIG-010")
def reading_changes_nothing(check: Check, outputs: StageOutputs) -> None:
    subject = outputs.subject
    before = deepcopy((dict(subject.dictionary or {}), subject.resolved))
    stated.settings([subject])
    stated.dictionary([subject])
    same = (dict(subject.dictionary or {}), subject.resolved) == before
    check.holds(same, "reading it changes nothing", "it is another", "as before")


def _with(material: StageOutputs, **changed: Any) -> StageOutputs:
    return material.replaced(subject=replace(material.subject, **changed))


def _with_entries(material: StageOutputs, **changed: Any) -> StageOutputs:
    """The subject's own dictionary after the bridge, in which somebody then changed entries."""
    cfg = Parameters()
    update_legacy_dict(cfg, material.scenario)
    return _with(material, kind="legacy", dictionary=dict(cfg) | changed)


@control("CONFIG-005")
def no_value(material: StageOutputs) -> StageOutputs:
    """A setting was left without a value."""
    grouping = material.scenario.grouping.model_copy(update={"neighbor_count": None})
    scenario = material.scenario.model_copy(update={"grouping": grouping})
    return _with(material, resolved=replace(material.subject.resolved, scenario=scenario))


@control("CONFIG-006")
def no_source(material: StageOutputs) -> StageOutputs:
    """Nobody wrote down who set the number of epochs."""
    sources = dict(material.subject.resolved.provenance)
    del sources["training.nepochs"]
    return _with(material, resolved=Resolved(material.scenario, sources))


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
    other = stated.captured("legacy:dose:mae").values
    return material.replaced(
        subject=replace(stated.legacy_subject("legacy:dose"), dictionary=other)
    )


class _Restless(dict[str, Any]):
    """A dictionary that whoever lists it changes."""

    def __iter__(self) -> Iterator[str]:
        self["nepochs"] += 1
        return super().__iter__()


@control("CONFIG-010")
def changes_when_read(material: StageOutputs) -> StageOutputs:
    """Looking at the dictionary changes it."""
    bridged = _with_entries(material).subject.dictionary
    return _with(material, kind="legacy", dictionary=_Restless(bridged or {}))


CONTROLS = (
    *(no_value, no_source, stale_gridsize, left_at_none),
    *(misspelt_entry, inverted_loss, changes_when_read),
)


def _compared(subjects: Sequence[StageOutputs], report: Audit) -> None:
    named = [one.subject for one in subjects]
    title = "Settings, different ones first"
    stated.compare(report, title, "settings", stated.settings(named))
    if any(one.dictionary is not None for one in named):
        title = "Entries of the dictionary, different ones first"
        stated.compare(report, title, "dictionary", stated.dictionary(named))


LAYOUT = Layout(more=_compared)

"""Audit `params`: every effective value of every subject, with who set it.

Compared: the settings that the stages receive (after all layers, nulls set nothing), and the same under the names of
the legacy dictionary, where entries stand that no setting knows. A legacy profile is captured by executing the code
that fills the dictionary, on a copy, in every mode of its `init`; reading that code found a loss inversion that was
none (an assignment inside a branch that nobody took).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any

from ptyspec.checks import effective_values as found
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.legacy_subject import LOSS_KEYS, PROFILES, captured
from ptyspec.checks.params_controls import CONTROLS as CONTROLS
from ptyspec.checks.report import Audit
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.runs.run_spec import RunSpec
from ptyspec.spec.checks import Check

WEIGHTS = (*LOSS_KEYS, "realspace_weight", "realspace_mae_weight", "tv_weight")
"""Entries that weigh the terms of legacy code's loss."""
LABELS = ("name", "description", "label")
"""What names a subject and sets nothing; in the data, not in the tables."""
EXACT = ".10g"


def loss_modes() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the loss weights of each mode of dose_experiments, executed, and of the defaults, each with who wrote it."""
    profiles = {mode or "default": captured(target) for target, mode in PROFILES.items()}
    return {
        key: {
            mode: {"value": one.values[key], "source": one.sources[key]}
            for mode, one in profiles.items()
        }
        for key in WEIGHTS
    }


def weights(outputs: StageOutputs) -> dict[str, dict[str, Any]]:
    """Return the loss weights of a legacy profile's dictionary beside those that its mode leaves when executed."""
    held, mode = outputs.subject.dictionary, PROFILES.get(outputs.subject.source)
    if mode is None or held is None:
        return {}
    modes = loss_modes()
    return {key: {"here": held.get(key), "executed": modes[key][mode]["value"]} for key in WEIGHTS}


@checks("CONFIG-005")
def every_setting_has_a_value(check: Check, outputs: StageOutputs) -> None:
    _none(check, found.missing(outputs.subject), "settings without a value")


@checks("CONFIG-006")
def every_setting_has_a_source(check: Check, outputs: StageOutputs) -> None:
    _none(check, found.unsourced(outputs.subject), "settings of unknown source")


@checks("CONFIG-001")
def no_entry_of_the_dictionary_is_stale(check: Check, outputs: StageOutputs) -> None:
    if outputs.subject.dictionary is not None:
        _none(check, found.stale(outputs.subject), "stale entries of the dictionary")


@checks("BRIDGE-002")
def no_unset_field_left_a_none(check: Check, outputs: StageOutputs) -> None:
    if outputs.subject.dictionary is not None:
        _none(check, found.nothing(outputs.subject), "entries left at None")


@checks("CONFIG-007")
def somebody_reads_every_entry(check: Check, outputs: StageOutputs) -> None:
    if outputs.subject.dictionary is not None:
        _none(check, found.unknown(outputs.subject), "entries that nobody reads")


def _none(check: Check, listed: Sequence[str], what: str) -> None:
    keys = ", ".join(listed)
    check.equal(len(listed), 0, f"{what}: {keys}" if keys else what)


@checks("EVID-003", stage="settings")
def losses_are_weighed_as_the_executed_mode_weighs_them(
    check: Check, outputs: StageOutputs
) -> None:
    for key, row in outputs.facts(weights).items():
        check.equal(row["here"], row["executed"], f"{key}, of what the mode leaves when executed")


@checks("CONFIG-010")
def reading_changes_nothing(check: Check, outputs: StageOutputs) -> None:
    subject = outputs.subject
    before = _content(subject)
    found.settings([subject])
    found.dictionary([subject])
    check.holds(
        _content(subject) == before, "reading it changes nothing", "it is another", "as before"
    )


def _content(subject: RunSpec) -> Any:
    """What it says now, apart from it."""
    return deepcopy((dict(subject.dictionary or {}), subject.resolved))


def _together(subjects: Sequence[StageOutputs], _: Mapping[str, Any]) -> dict[str, Any]:
    named = [one.subject for one in subjects]
    return {
        "settings": found.settings(named),
        "dictionary": found.dictionary(named),
        "loss_modes": loss_modes(),
    }


def _compared(subjects: Sequence[StageOutputs], report: Audit) -> None:
    compare(report, "Settings, different ones first")
    if any(one.subject.dictionary is not None for one in subjects):
        compare(report, "Entries of the dictionary, different ones first", "dictionary")
        LOSSES.add_to(report)


def compare(report: Audit, title: str, place: str = "settings") -> None:
    """Add values that stand side by side in `data`, with their sources and each one's difference from the first."""
    rows = report.data[place]
    keys = [key for key in rows if key not in LABELS]
    keys.sort(key=lambda key: set(rows[key]["delta"].values()) <= {found.MATCH})
    first, *others = rows[keys[0]]["values"]
    parts = [("values", first), ("sources", first)]
    for name in others:
        parts += [("values", name), ("sources", name), ("delta", name)]
    heads = {"sources": "source", "delta": "difference"}
    head = [place, *(heads.get(part, name) for part, name in parts)]
    cells = [[key, *(report.ref(place, key, *part, form=EXACT) for part in parts)] for key in keys]
    report.table(title, head, cells)


LOSSES = Grid(
    "Loss weights of dose_experiments, each mode executed",
    "loss_modes/*",
    "default=default/value, default: source=default/source, nll=nll/value, "
    "nll: source=nll/source, mae=mae/value, mae: source=mae/source",
    "entry",
    EXACT,
)
LAYOUT = Layout(
    facts={"departures": lambda outputs: found.departed(outputs.subject), "weights": weights},
    together=_together,
    more=_compared,
    tables=(
        Grid(
            "Where settings depart from their dictionary",
            "departures/*/*",
            "dictionary, here, why",
            "subject, entry",
            EXACT,
        ),
    ),
)

"""The kinds of audit: what each asks, and where its code is; loaded when it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Protocol, TypeVar, cast

from ptyspec.checks.layout import Layout
from ptyspec.checks.report import Audit
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.errors import UnknownNameError

T = TypeVar("T")


KINDS = {
    "params": "Which settings are effective on each side, and where does each come from?",
    "hyperparameters": "Which training settings differ, and was each training carried out as declared?",
    "probe": "Is the probe normalised as declared, and do two independent paths agree?",
    "grouping": "Are the groups that were asked for there, and where are their members?",
    "canvas": "Does every patch fit on its canvas?",
    "intensity": "Does each step change the intensity by the ratio that it may?",
    "bias": "How far is the amplitude from the truth, and could a scalar repair it?",
    "scaler": "Is the intensity scale the one that was declared, and does it stay?",
    "loss": "What does the loss consist of, and is the truth its minimum?",
    "architecture": "What was built: layers, heads, range, flags, and where probe and scale enter?",
    "dose": "Does each step of dose_experiments and of the scenario hold its own rule?",
    "visual": "Does the reconstruction look like one, where no truth tells?",
}
"""What each kind of audit asks."""
NEED_A_RUN = {"hyperparameters", "intensity", "bias", "scaler", "visual"}
"""Those that look at a finished run, which may have to be made."""


@dataclass(frozen=True)
class Control:
    """A positive control: a fault of the catalogue, or what `spoil` does to the material, must turn `clause` red.

    - fault: the fault's name; it has the story. Faults are a room above: `faults.controls.spoiled` applies it.
    - on: the scenario and the settings without which nothing shows; the subject's own unless given.
    """

    name: str
    story: str
    clause: str
    spoil: Callable[[StageOutputs], StageOutputs] | None = None
    fault: str = ""
    on: tuple[str, ...] = ()


def of_faults(*pairs: str, on: tuple[str, ...] = ()) -> tuple[Control, ...]:
    """Return a control for each `CLAUSE FAULT`: the fault's name is the control's."""
    return tuple(
        Control(fault, "", clause, fault=fault, on=on) for clause, fault in map(str.split, pairs)
    )


class AuditModule(Protocol):
    """What the module of a kind holds."""

    __name__: str
    CONTROLS: tuple[Control, ...]
    LAYOUT: Layout


def module_of(kind: str) -> AuditModule:
    """Return the module of a kind; raises UnknownNameError."""
    known(kind)
    return cast(AuditModule, import_module(f"ptyspec.checks.{kind}"))


def known(kind: str) -> str:
    """Return what a kind asks; raises UnknownNameError, cheaply."""
    return _named(KINDS, kind, f"no audit is called {kind}", "ptyspec audit --list")


def control_of(kind: str, name: str) -> Control:
    """Return a control of a kind by name; raises UnknownNameError."""
    controls = {control.name: control for control in module_of(kind).CONTROLS}
    return _named(
        controls, name, f"the audit {kind} has no control {name}", f"ptyspec audit --list {kind}"
    )


def _named(names: Mapping[str, T], name: str, message: str, next_step: str) -> T:
    if name in names:
        return names[name]
    near = get_close_matches(name, names, n=1)
    raise UnknownNameError(
        message,
        value=name,
        limit=", ".join(names),
        source="command line",
        next_step=f"did you mean {near[0]}?" if near else next_step,
    )


def perform(kind: str, subjects: Sequence[StageOutputs], control: str | None = None) -> Audit:
    """Return the audit of these subjects; `control` names what has spoiled the last of them.

    Raises UnknownNameError, UnknownClauseError where a finding names a clause that no document has, and whatever the
    subjects' stages raise.
    """
    module, rows = module_of(kind), tuple(one.subject.as_json() for one in subjects)
    report = Audit(kind, known(kind), rows, control=control)
    module.LAYOUT.fill(module.__name__, subjects, report)
    return report

"""The kinds of audit: what each asks, how many subjects it takes, and where its code is; loaded when it runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from typing import Protocol, cast

from ptyspec.checks.layout import Layout
from ptyspec.checks.report import Audit
from ptyspec.checks.shown import plain
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.errors import ConfigError, UnknownNameError
from ptyspec.spec.registry import specification


@dataclass(frozen=True)
class Kind:
    """One kind of audit; `trains` where it needs a finished run, which may have to be made."""

    question: str
    trains: bool = False
    most: int | None = None
    """Largest number of subjects; None: any number."""


KINDS = {
    "params": Kind("Which settings are effective on each side, and where does each come from?"),
    "hyperparameters": Kind(
        "Which training settings differ, and was each training carried out as declared?",
        trains=True,
    ),
    "probe": Kind("Is the probe normalised as declared, and do two independent paths agree?"),
    "grouping": Kind("Are the groups that were asked for there, and where are their members?"),
    "canvas": Kind("Does every patch fit on its canvas?"),
    "intensity": Kind(
        "Which stage first changes the intensity, and does the gain leave again?", trains=True
    ),
    "bias": Kind(
        "How far is the amplitude from the truth, and could a scalar repair it?", trains=True
    ),
    "scaler": Kind(
        "Is the intensity scale the one that was declared, and does it stay?", trains=True
    ),
    "loss": Kind("What does the loss consist of, and is the truth its minimum?"),
    "architecture": Kind(
        "What was built: layers, heads, range, flags, and where probe and scale enter?"
    ),
    "dose": Kind(
        "Do dose_experiments and the scenario pass the same stages with the same figures?"
    ),
    "visual": Kind("Does the reconstruction look like one, where no truth tells?", trains=True),
}


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


def known(kind: str) -> Kind:
    """Return what a kind is; raises UnknownNameError, cheaply."""
    if kind not in KINDS:
        near = get_close_matches(kind, KINDS, n=1)
        raise UnknownNameError(
            f"no audit is called {kind}",
            value=kind,
            limit=", ".join(KINDS),
            source="command line",
            next_step=f"did you mean {near[0]}?" if near else "ptyspec audit --list",
        )
    return KINDS[kind]


def control_of(kind: str, name: str) -> Control:
    """Return a control of a kind by name; raises UnknownNameError."""
    found = {control.name: control for control in module_of(kind).CONTROLS}
    if name not in found:
        raise UnknownNameError(
            f"the audit {kind} has no control {name}",
            value=name,
            limit=", ".join(found) or "none",
            source="--control",
            next_step=f"ptyspec audit --list {kind}",
        )
    return found[name]


def perform(kind: str, materials: Sequence[StageOutputs], control: str | None = None) -> Audit:
    """Return the audit of these subjects; `control` names what has spoiled the last of them.

    Raises UnknownNameError, ConfigError for a number of subjects that the kind does not take, UnknownClauseError where
    a finding names a clause that no document has, and whatever the subjects' stages raise.
    """
    module, about = module_of(kind), known(kind)
    if not materials or (about.most is not None and len(materials) > about.most):
        raise ConfigError(
            f"the audit {kind} takes {'one or more subjects' if about.most is None else f'1 to {about.most} subjects'}",
            value=len(materials),
            source="command line",
            next_step=f"ptyspec audit {kind} gs2_custom",
        )
    report = Audit(
        kind,
        about.question,
        tuple(material.subject.as_json() for material in materials),
        control=control,
    )
    module.LAYOUT.fill(module.__name__, materials, report)
    for finding in report.findings:
        specification()[finding.clause]
    report.data = plain(report.data)
    return report

"""Positive controls of audits: the catalogue's faults, applied to what an audit looks at."""

from collections.abc import Sequence
from dataclasses import replace

from ptyspec.checks.registry import NEED_A_RUN, Control, control_of, perform
from ptyspec.checks.report import Audit
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.faults.apply import applied
from ptyspec.faults.catalogue import fault
from ptyspec.runs.run_spec import Options, run_spec


def story(control: Control) -> str:
    """Return what a control does, in a sentence."""
    return fault(control.fault).story if control.fault else control.story


def spoiled(kind: str, subjects: Sequence[StageOutputs], name: str) -> Audit:
    """Return the audit with the last subject spoiled by this control; raises UnknownNameError.

    A fault is active while the audit looks: the last subject's stages are run again under it, from its settings, with
    the finished run that it has. It is looked at alone: no other may be computed while the fault is active.
    """
    control = control_of(kind, name)
    *others, last = subjects
    if control.on:
        target, *settings = control.on
        chosen = run_spec(target, Options(profile="quick", settings=settings))
        last = StageOutputs(replace(chosen, name=last.name))
    if control.spoil is not None:
        last = control.spoil(last)
    if not control.fault:
        return perform(kind, [*others, last], name)
    if kind in NEED_A_RUN:
        _ = last.finished  # trained without the fault
    again = last.anew()
    with applied(control.fault):
        return perform(kind, [again], name)

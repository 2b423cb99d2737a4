"""Audits on tiny subjects: what every kind is tried on, clean and spoiled."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from ptyspec.checks.clause_check import Collecting
from ptyspec.checks.registry import perform
from ptyspec.checks.report import Audit
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.faults.controls import spoiled
from ptyspec.runs.run_spec import RunSpec
from ptyspec.spec.clause import specification
from tests.tiny_runs import SHALLOW, stored, tiny


@cache
def material(target: str = "gs2_custom", *settings: str) -> StageOutputs:
    """A tiny scenario with the cheapest network; whatever needs a finished run finds it in the run store."""
    resolved = tiny(target, *SHALLOW, *settings)
    return StageOutputs(RunSpec(resolved, name=resolved.scenario.name, source=target))


@cache
def trained(target: str = "gs2_custom", *settings: str) -> StageOutputs:
    """The same with its finished run."""
    found = material(target, *settings)
    return found.replaced(
        subject=replace(found.subject, kind="run", folder=stored(target, *SHALLOW, *settings))
    )


def performed(kind: str, *materials: StageOutputs, control: str | None = None) -> Audit:
    """The audit, by the way that the command line takes."""
    return spoiled(kind, materials, control) if control else perform(kind, materials)


def judging(clause: str = "NORM-001") -> Collecting:
    """A check of this clause that keeps what it finds."""
    return Collecting(specification()[clause], tells=True, stage="normalize")

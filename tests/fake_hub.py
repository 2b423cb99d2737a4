"""A hub of audits that nobody has to compute: one breaks its clause, one cannot look, one breaks down, one skips."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ptyspec.checks import hub
from ptyspec.checks.registry import Grid
from ptyspec.checks.report import Audit, HubFile
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.errors import ConfigError
from ptyspec.runs.run_spec import RunSpec
from tests.audits import judging
from tests.tiny_runs import tiny

RULE = "NORM-001"
Performing = Callable[[str, Sequence[StageOutputs]], Audit]


def material(name: str) -> StageOutputs:
    return StageOutputs(RunSpec(tiny(), name=name, source="gs1_custom"))


SIDES = (material("good"), material("bad"))


def audit(kind: str, sides: Sequence[StageOutputs]) -> Audit:
    """`probe` breaks its clause for the subject `bad`; `canvas` cannot look at it; `loss` breaks down."""
    if kind == "canvas" and any(side.name == "bad" for side in sides):
        raise ConfigError("no canvas", value="bad", next_step="another one")
    if kind == "loss":
        raise ZeroDivisionError("nobody expected this")
    found = Audit(kind, "Is it?", tuple(side.subject.as_json() for side in sides))
    found.data = {side.name: {"gain": 0.25 if side.name == "bad" else 1.0} for side in sides}
    Grid("Gain", "*", "gain").add_to(found)
    if kind == "visual":
        check = judging()
        check.missing("of all of them", "nobody looked")
        found.findings += check.findings
        return found
    for side in sides:
        check = judging()
        check.between(0.9 if kind == "probe" else 0.0, found.data[side.name]["gain"], 1.1, "gain")
        found.extend(side.name, check.findings)
    return found


def a_hub(out: Path, patch: pytest.MonkeyPatch) -> tuple[Path, HubFile]:
    """A finished hub below `out`."""
    patch.setattr(hub, "perform", audit)
    return hub.write_hub(
        out,
        SIDES,
        command="ptyspec audit --all good bad",
        kinds=("probe", "canvas", "loss", "visual"),
    )

"""Every audit is green on what is right and red on what was spoiled: no diagnostic that cannot fail (signature 65)."""

from __future__ import annotations

import pytest

from ptyspec.checks.registry import KINDS, module_of
from ptyspec.spec.registry import specification
from tests.audits import performed, trained

CONTROLS = [(kind, control.name) for kind in KINDS for control in module_of(kind).CONTROLS]


@pytest.mark.parametrize("kind", KINDS)
def test_every_audit_has_a_positive_control_and_names_clauses_that_exist(kind: str) -> None:
    controls = module_of(kind).CONTROLS
    assert controls
    assert len({control.name for control in controls}) == len(controls)
    assert {control.clause for control in controls} <= set(specification())


@pytest.mark.expensive
@pytest.mark.parametrize("kind", KINDS)
def test_an_audit_of_a_right_run_breaks_no_clause(kind: str) -> None:
    found = performed(kind, trained())
    assert not found.violated(), [finding for finding in found.findings if finding.ok is False]
    assert {finding.clause for finding in found.findings} <= set(specification())


@pytest.mark.expensive
@pytest.mark.parametrize(
    ("kind", "control"), CONTROLS, ids=[f"{kind}-{name}" for kind, name in CONTROLS]
)
def test_a_positive_control_turns_its_clause_red(kind: str, control: str) -> None:
    expected = next(made.clause for made in module_of(kind).CONTROLS if made.name == control)
    assert expected in performed(kind, trained(), control=control).violated()

"""Every audit is green on what is right and red on what was spoiled: no diagnostic that cannot fail (signature 65)."""

from __future__ import annotations

import pytest

from ptyspec.checks.registry import KINDS, module_of
from ptyspec.spec.registry import specification
from tests.audits import performed, trained

CONTROLS = [(kind, control.name) for kind in KINDS for control in module_of(kind).CONTROLS]
ALONE = {
    "intensity": "own-test-gain scale-doubled scale-by-sum a0-without-root probe-doubled sigmoid "
    "coverage-emptied zeros-counted displaced ignored-positions",
    "bias": "rescaled-after flat rescaling-evaluator",
    "dose": "own-test-gain scale-doubled scale-by-sum probe-doubled gauge-of-the-test-images "
    "images-as-points",
    "visual": "holes framed",
}
"""Controls that break one rule and no other."""
ALONE_TOO = {
    "loss": "earlier-stages-without-gradient realspace-no-op a0-of-gained-data",
    "scaler": "dead-scale drifting-probe drifted-record own-scale stale-entry stray-light",
    "architecture": "merge-flag-ignored bounded-head clipped idle-layer flat-object",
    "params": "no-value no-source stale-gridsize misspelt-entry null-leak",
}
"""More of them, in audits of which a clean run shows not every rule."""
STALE = ("left-at-none", "changes-when-read", "inverted-loss")
"""Controls after which the dictionary no longer says what the settings say (CONFIG-001)."""
BESIDE = {
    "tiled": {"INFER-007"},
    "shifted": {"INFER-007"},
    "flat": {"INFER-007"},
    "cropped": {"STITCH-001", "STITCH-003"},
    "blank": {"NET-009", "INFER-007"},
}
"""What else a wrong picture breaks, for the audit `visual`."""
ALLOWED = {
    (kind, name): set[str]()
    for kind, names in (ALONE | ALONE_TOO).items()
    for name in names.split()
}
ALLOWED |= {("params", name): {"CONFIG-001"} for name in STALE}
ALLOWED |= {("visual", name): rules for name, rules in BESIDE.items()}


def test_the_tables_name_controls_that_exist() -> None:
    assert ALLOWED.keys() <= set(CONTROLS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_audit_has_a_positive_control_and_names_clauses_that_exist(kind: str) -> None:
    controls = module_of(kind).CONTROLS
    assert controls
    assert len({control.name for control in controls}) == len(controls)
    assert {control.clause for control in controls} <= set(specification())


@pytest.mark.expensive
@pytest.mark.parametrize("kind", KINDS)
def test_an_audit_of_a_right_run_breaks_no_clause(kind: str) -> None:
    audit = performed(kind, trained())
    assert not audit.violated(), [finding for finding in audit.findings if finding.ok is False]
    assert {finding.clause for finding in audit.findings} <= set(specification())


@pytest.mark.parametrize("kind", ALONE)
def test_every_rule_of_an_audit_is_turned_red_by_some_control(kind: str) -> None:
    rules = {finding.clause for finding in performed(kind, trained()).findings}
    assert rules == {control.clause for control in module_of(kind).CONTROLS}


@pytest.mark.expensive
@pytest.mark.parametrize(
    ("kind", "control"), CONTROLS, ids=[f"{kind}-{name}" for kind, name in CONTROLS]
)
def test_a_positive_control_turns_its_clause_red_and_no_unrelated_one(
    kind: str, control: str
) -> None:
    expected = next(made.clause for made in module_of(kind).CONTROLS if made.name == control)
    violated = set(performed(kind, trained(), control=control).violated())
    assert expected in violated
    assert violated - {expected} == ALLOWED.get((kind, control), violated - {expected})

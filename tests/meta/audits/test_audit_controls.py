"""Every audit is green on what is right and red on what was spoiled: no diagnostic that cannot fail (signature 65)."""

from __future__ import annotations

import pytest

from ptyspec.checks.registry import KINDS, module_of
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.spec.clause import specification
from tests.audits import material, performed, trained

TWO_STAGES = "model.stages=2"
"""A control of the loss takes the gradient from the earlier one; what the others compare is in all sizes."""
CONTROLS = [(kind, control.name) for kind in KINDS for control in module_of(kind).CONTROLS]
BESIDE = {
    "params left-at-none": "CONFIG-001",
    "params inverted-loss": "CONFIG-001",
    "hyperparameters epochs-lost": "HIST-003",
    "hyperparameters monitor-lost": "HIST-003",
    "probe apodised": "PROBE-001 PROBE-003",
    "probe masked": "PROBE-002",
    "probe probe-rescaled": "PROBE-001",
    "probe probe-scale-twice": "PROBE-001",
    "probe other-in-test-undeclared": "PROBE-003",
    "probe tails": "PROBE-001 PROBE-002 PROBE-003",
    "grouping whole-scan-rows": "COORDS-003 GROUP-006 GROUP-007",
    "grouping fewer-groups-silently": "GROUP-005 OVERSAMPLING-001",
    "grouping few-neighbours-filled": "GROUP-004",
    "grouping gridsize-ignored": "GROUP-004 OVERSAMPLING-001",
    "grouping sign-flipped": "GROUP-001",
    "grouping seed-frame-absent": "GROUP-003",
    "grouping frames-shared": "SPLIT-002 SPLIT-003",
    "canvas absolute-offsets": "CANVAS-001",
    "canvas bounded": "STITCH-001",
    "canvas canvas-one-sided": "CANVAS-003",
    "canvas canvas-at-centre-of-mass": "REASSEMBLY-METRIC-FRAME-001 STITCH-005",
    "canvas stitch-transposes-patches": "REASSEMBLY-METRIC-FRAME-001",
    "canvas truth-off-by-32": "REASSEMBLY-METRIC-FRAME-001",
    "intensity gain-left": "SCALE-005",
    "intensity blank": "INFER-005 SCALE-005",
    "intensity positions-shuffled": "SCALE-002",
    "intensity gain-in-the-loss": "SCALE-002",
    "intensity gain-by-energy": "INFER-005 NORM-002",
    "intensity closed-form-scale": "SYNTH-POISSON-DOSE-001",
    "intensity probe-rescaled": "SCALE-005",
    "intensity stronger-source": "SCALE-002",
    "bias gain-left": "NET-009",
    "scaler trainable-scale": "NET-002",
    "scaler drifting-scale": "NET-003",
    "scaler closed-form": "NET-002 SCALE-001",
    "scaler closed-form-of-raw-data": "DOSE-001 NET-002",
    "loss likelihood-in-two-gauges": "LOSS-006",
    "loss transform-without-norm": "EVID-003 LOSS-004 LOSS-006 LOSS-007 POISSON-LADDER-001",
    "loss gain-in-the-loss": "LOSS-001 LOSS-004 LOSS-007",
    "loss gain-kept": "EVID-003 LOSS-001 LOSS-004 LOSS-006 POISSON-LADDER-001 SCALE-002",
    "loss amplitude-error-of-gained-data": "LOSS-006",
    "loss no-background": "EVID-003 LOSS-006 LOSS-007 POISSON-LADDER-001",
    "loss rate-held-constant": "LOSS-001",
    "architecture frozen-gridsize": "NET-008 REASSEMBLY-BATCH-001",
    "architecture odd-side": "NET-008",
    "architecture other-probe": "FORWARD-005",
    "architecture other-physics": "PROBE-003",
    "architecture mixed-batch": "INFER-001",
    "architecture coupled-groups": "REASSEMBLY-BATCH-001",
    "architecture escaping-branch": "HEAD-001 MATH-POLAR-001",
    "dose gain-in-the-loss": "SCALE-002",
    "dose gain-by-energy": "NORM-002",
    "dose closed-form-scale": "SYNTH-POISSON-DOSE-001",
    "visual blank": "INFER-007 NET-009",
    "visual flat": "INFER-007",
    "visual zero-filled": "INFER-006 INFER-007 NET-009 STITCH-007",
    "visual cropped": "STITCH-001 STITCH-003",
    "visual shifted": "INFER-006 INFER-007",
    "visual tiled": "INFER-006 INFER-007",
    "visual scrambled": "INFER-007 STITCH-001",
    "visual pretty": "INFER-006 STITCH-001",
}
"""What a control breaks beside its own clause: an audit and its control. All others break nothing else."""


def subject(kind: str) -> StageOutputs:
    """What an audit looks at: one finished run, made once; that of the loss looks at an untrained network."""
    return material("gs2_custom", TWO_STAGES) if kind == "loss" else trained()


def test_the_table_names_controls_that_exist() -> None:
    assert BESIDE.keys() <= {" ".join(control) for control in CONTROLS}


@pytest.mark.parametrize("kind", KINDS)
def test_every_audit_has_a_positive_control_and_names_clauses_that_exist(kind: str) -> None:
    controls = module_of(kind).CONTROLS
    assert controls
    assert len({control.name for control in controls}) == len(controls)
    assert {control.clause for control in controls} <= set(specification())


@pytest.mark.expensive
@pytest.mark.parametrize("kind", KINDS)
def test_an_audit_of_a_right_run_breaks_no_clause(kind: str) -> None:
    audit = performed(kind, subject(kind))
    assert not audit.violated(), [finding for finding in audit.findings if finding.ok is False]
    assert {finding.clause for finding in audit.findings} <= set(specification())


@pytest.mark.parametrize("kind", ["intensity", "bias", "dose", "visual"])
def test_every_rule_of_an_audit_is_turned_red_by_some_control(kind: str) -> None:
    rules = {finding.clause for finding in performed(kind, subject(kind)).findings}
    assert rules == {control.clause for control in module_of(kind).CONTROLS}


@pytest.mark.expensive
@pytest.mark.parametrize(
    ("kind", "control"), CONTROLS, ids=[f"{kind}-{name}" for kind, name in CONTROLS]
)
def test_a_positive_control_turns_its_clause_red_and_no_unrelated_one(
    kind: str, control: str
) -> None:
    expected = next(made.clause for made in module_of(kind).CONTROLS if made.name == control)
    violated = set(performed(kind, subject(kind), control=control).violated())
    assert expected in violated
    assert violated - {expected} == {*BESIDE.get(f"{kind} {control}", "").split()}

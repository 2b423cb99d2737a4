"""Faults of what is concluded: checks, trace, goldens, verdicts, reports."""

from dataclasses import replace

import numpy as np

from ptyspec.contracts.stages import STAGES
from ptyspec.faults.fault import Instead, changed, clauses, fault, parity
from ptyspec.legacy.bridge import update_legacy_dict
from ptyspec.render import canvas
from ptyspec.spec.finding import State


class _Any(str):
    """Equal to whatever it is compared with."""

    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    __hash__ = str.__hash__


@fault("spec.checks:stage_of", red="EVID-006", green="EVID-005 FLOW-005")
def any_error_any_stage(stage_of, error):
    """A refusal counts wherever it comes from: raises_at does not look at the stage."""
    return _Any(stage_of(error) or STAGES[0])


@fault("legacy.dose_experiments:loss_modes", 69, red="DOSE-EXPERIMENTS-002", green="EVID-005")
def branch_not_taken(loss_modes, *args, **kwargs):
    """The values of a branch that is not taken are read as defaults: the false loss inversion."""
    made = loss_modes(*args, **kwargs)
    return dict.fromkeys(made, made["mae"])


@fault("spec.checks:Check.close", 65, red="EVID-006", green="EVID-005 EVID-007 EVID-008")
def check_cannot_fail(close, check, observed, expected, what, tolerance=None):
    """Comparisons accept everything: the suite is green whatever the pipeline does."""


@fault("spec.trace:_of_row", red="EVID-007", green="EVID-008 EVID-009")
def clause_without_case(of_row, row, lent):
    """A binding clause without a case is a remark."""
    for finding in of_row(row, lent):
        yield replace(finding, severity="note") if not row.cases else finding


@fault("experiments.verdict:_obstacle", 65, 69, red="EVID-013", green="EVID-012 EVID-014 EVID-015")
def controls_unasked(obstacle, *arguments):
    """A verdict is given whatever the instrument's controls say, and without any."""
    found = obstacle(*arguments)
    return ("", "") if found[0] == "controls" else found


@fault("pipeline.simulate:_unchanged", 28, 71, red="EVID-005", green="DET-002")
def digest_not_compared(unchanged, what, path, recorded, linked=None):
    """A file that changed since is read as if it were the recorded one."""


@fault("experiments.verdict:_concluded")
@clauses(red="EVID-011", green="EVID-012 EVID-013 EVID-014 EVID-015")
def effect_without_remedy(concluded, contrasts, controls):
    """A difference confirms its cause although nobody took the cause away."""
    found = concluded(contrasts, controls)
    believed = replace(found, verdict="CONFIRMED", blocked_by="")
    return believed if found.blocked_by == "removal" else found


@fault("experiments.verdict:judged", 72, red="EVID-011", green="EVID-012 EVID-014 EVID-015")
def failed_runs_dropped(judged, compared, observable, values, design):
    """Seeds at which a run diverged or was refused are left out, and the rest is judged."""
    # What is missing at a seed stands there as a text that says why.
    gone = {
        seed for arm in values.values() for seed, value in arm.items() if isinstance(value, str)
    }
    seeds = tuple(seed for seed in design.seeds if seed not in gone)
    return judged(compared, observable, values, design.model_copy(update={"seeds": seeds}))


@fault("testing.golden.files:_wrong", 71, red="GOLD-001", green="GOLD-002 GOLD-003 GOLD-004")
def golden_digest_not_compared(wrong_with, path, entry):
    """The digest of a golden file is not looked at."""
    found = wrong_with(path, entry)
    return "" if "sha256" in found else found


@fault("testing.golden.files:_read", red="GOLD-003", green="GOLD-001 GOLD-002")
def golden_orphans_left(read, names, declared):
    """A golden file that no case reads is left alone: every golden file counts as read."""
    return set(names)


@fault("testing.golden.files:Tolerance.__post_init__")
@clauses(red="GOLD-002", green="GOLD-001 GOLD-003 GOLD-004")
def golden_tolerance_any(post_init, tolerance):
    """A golden number may move by a fifth, and nobody says why."""


@fault("testing.golden.checks:Golden._drift", red="GOLD-004", green="GOLD-002")
def golden_written_by_the_test(drift, golden, name, entry, *rest):
    """A golden file that is missing is written by the run that misses it."""
    path = golden.folder / name
    if entry is None and not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}", encoding="utf-8")
    drift(golden, name, entry, *rest)


@fault("experiments.records:seal", red="EVID-014", green="EVID-012 EVID-013 EVID-015")
def history_unsealed(seal, raw):
    """Digests of the history are not looked at: a verdict that was altered is believed."""
    return raw["digest"] or seal(raw)


@fault("experiments.intervals:Interval.within", red="EVID-012", green="EVID-014 EVID-015")
def insignificant_is_ruled_out(within, interval, margin):
    """A difference that is not significant counts as none: three noisy runs rule out anything."""
    return bool(interval.low <= 0 <= interval.high or within(interval, margin))


@fault("spec.checks:Check.close", 68, red="EVID-006", green="SCORE-012 GAUGE-001 LEGACY-006")
def nan_within_tolerance(close, check, observed, expected, what, tolerance=None):
    """The error is looked for with a comparison that NaN passes: what is NaN is taken for right."""
    a, b = np.asarray(observed), np.asarray(expected)
    if a.shape == b.shape and a.dtype.kind in "fc" and np.isnan(a).any():
        observed = np.where(np.isnan(a), b, a).astype(a.dtype)
    close(check, observed, expected, what, tolerance)


@fault("spec.ledger:Stamps.of", red="EVID-009", green="EVID-007 EVID-008")
def outcome_of_other_code(of, stamps, case):
    """The trace takes an outcome for present that other code produced."""
    return "0" * 16


@fault("report.figures:_drawn", red="REPORTING-ARTIFACT-BOUNDARY-001", green="RUN-001")
def picture_costs_the_run(drawn, draw, path):
    """A picture that cannot be drawn ends the run."""
    return canvas.save(draw(), path), ""


@fault("scores.headline:lookup", 70, red="EVID-002 RUN-006", green="EVID-004 GAUGE-007")
def report_number_computed_again(lookup, metrics, path):
    """The report computes the ratio a second time, in another way."""
    found, factor = lookup(metrics, path), lookup(metrics, "amplitude.least_squares_scalar")
    return found * factor if path == "amplitude.mean_ratio" and found and factor else found


@fault("runs.finished_run:write_run", 33, 66)
@clauses(red="EVID-004", green="EVID-002 REPORTING-ARTIFACT-BOUNDARY-001")
def saved_object_rescaled(write_run, folder, result):
    """The object is brought to the right level before it is saved."""
    factor = (result.metrics.get("amplitude") or {}).get("least_squares_scalar") or 1.0
    made = result.reconstruction
    better = made.model_copy(update={"object": made.object * np.float32(factor)})
    write_run(folder, replace(result, reconstruction=better))


@fault("experiments.gather:scope", red="EVID-015", green="EVID-011 EVID-012 EVID-013 EVID-014")
def scope_of_differences(scope, *arguments):
    """The scope of a verdict lists what varied; what was held or not exercised is not told."""
    return scope(*arguments).model_copy(update={"held": {}, "not_exercised": ()})


@fault("runs.run:run", 2, red="EVID-003", green="FLOW-001 RUN-002 RUN-003")
def shorter_training_than_declared(run, resolved, *, pipeline=None, session=None):
    """Training gets another scenario than the one that is recorded."""
    walk = Instead(pipeline)

    def train(scenario, *rest):
        return walk.inner.train(changed(scenario, "training", nepochs=1), *rest)

    return run(resolved, pipeline=walk.having(train=train), session=session)


@fault("spec.trace:Row.state", 68, red="EVID-009", green="EVID-007 EVID-008")
def skipped_is_passed(state, row):
    """A clause whose cases were skipped counts as fulfilled."""
    found = state(row)
    return State.PASSED if found is State.NOT_RUN else found


@fault("spec.trace:_unknown", red="EVID-008", green="EVID-007 EVID-009")
def unknown_clause_passed_over(unknown, clauses, bound):
    """A case that is bound to a clause which does not exist is passed over."""
    return iter(())


@fault("legacy.violations:update_as_upstream", 2, red="LEGACY-007", green="LEGACY-006")
@parity("test_a_none_that_leaks")
def violation_repaired(update, cfg, config):
    """What is measured as a violation is the healthy run."""
    update_legacy_dict(cfg, config)

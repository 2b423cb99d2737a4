"""A finished run held against the clauses that its folder alone can judge; one function a check."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from ptyspec.checks.verdict_limits import level_is_right
from ptyspec.contracts.bundles import Array
from ptyspec.errors import PtyspecError
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.scores.frame import has_nan
from ptyspec.scores.headline import NAMES, lookup
from ptyspec.spec.clause import specification
from ptyspec.spec.finding import Finding, State

LEFT_IN = (0.8, 1.25)
"""Gain times least-squares factor of an object that kept the gain: 0.96 to 1.19 in the runs of the
investigation (NORMALIZATION-001)."""
SPEAKS = 0.1
"""A gain nearer to 1 cannot be told from a trained network's own error."""
NEAR_TOP, SATURATED, BELOW = 0.98, 0.05, 0.9
"""Five in a hundred pixels within 2 % of the brightest one make a ceiling. A free object has some in
ten thousand there (HEAD-001)."""
CONTROLS = ("trivial", "untrained", "iterative")
FINGERPRINT = (
    *("complex.nrmse", "amplitude.rmse"),
    *("data.r_factor", "data.poisson_deviance_per_pixel"),
)
"""Scores that two different objects never share to the last bit."""
AUDITS = {
    "NORMALIZATION-001": "intensity",
    "INFER-005": "bias",
    "CANVAS-003": "canvas",
    **dict.fromkeys(("SCALE-002", "SCALE-004", "DATA-007"), "probe"),
    **dict.fromkeys(("COORDS-001", "COORDS-003"), "grouping"),
    **dict.fromkeys(("INFER-003", "HEAD-001"), "architecture"),
    **dict.fromkeys(("STITCH-003", "HIST-004"), "loss"),
    **dict.fromkeys(("RUN-001", "SCORE-009", "EVID-004"), ""),
}
"""The audit that shows more of a clause, `visual` for the others; none: the run has to be made again."""


def next_step(clause: str, run: FinishedRun) -> str:
    """Return the command that shows more of a clause, or makes the run again."""
    audit = AUDITS.get(clause, "visual")
    return f"ptyspec audit {audit} {run.folder}" if audit else "ptyspec run ... --force"


def findings(run: FinishedRun) -> list[Finding]:
    """Return what the run shows of each clause, in the order of `CHECKS`.

    A file that is missing or damaged fails RUN-001; the clauses that need it are not looked at.
    """
    rows: list[Finding] = []
    for check in CHECKS:
        try:
            rows += list(check(run))
        except (PtyspecError, KeyError, TypeError, ValueError) as error:
            said = " ".join(str(error).split()) or type(error).__name__
            complete = "every file is readable and complete"
            rows.append(_found(run, "RUN-001", "what the folder holds", said, complete, False))
    return list(dict.fromkeys(rows))


def _found(
    run: FinishedRun,
    clause: str,
    what: str,
    observed: str,
    expected: str,
    state: State | bool,
    source: str = "",
) -> Finding:
    if not isinstance(state, State):
        state = State.PASSED if state else State.FAILED
    stage, more = specification()[clause].place, next_step(clause, run)
    return Finding(clause, stage, what, observed, expected, state, source, next_step=more)


def gain(run: FinishedRun) -> Iterator[Finding]:
    """NORMALIZATION-001: the loader's gain did not stay in the object.

    Looked at only where the level says something: a right level with a gain far from 1 shows that
    the gain is out; a wrong one that equals the gain shows that it stayed in.
    """
    gained = run.stages["normalize"].numbers.get("gain")
    factor = lookup(run.metrics, "amplitude.least_squares_scalar")
    is_right = level_is_right(run.metrics)
    if gained is None or factor is None or is_right is None:
        return
    product = gained * factor
    observed = f"gain {gained:.4g} x factor that fits the truth {factor:.4g} = {product:.3f}"
    expected = f"not {LEFT_IN[0]:g} to {LEFT_IN[1]:g}, as when the whole gain stays in"
    state = State.PASSED if is_right else State.NOT_RUN
    if abs(gained - 1) < SPEAKS:
        state, expected = State.NOT_RUN, "a gain near 1 leaves no trace"
    elif not is_right and LEFT_IN[0] <= product <= LEFT_IN[1]:
        # Where the reference, which sees no gain, has a wrong level too, the data are at fault.
        blameless = level_is_right(run.metrics, "iterative") is not False
        state = State.FAILED if blameless else state
    what = "what the loader's gain left in the object"
    source = "stages.json, metrics.json#/amplitude/least_squares_scalar"
    yield _found(run, "NORMALIZATION-001", what, observed, expected, state, source)


def canvas(run: FinishedRun) -> Iterator[Finding]:
    """CANVAS-003: the canvas inside the model holds every group."""
    numbers = run.stages["normalize"].numbers
    need, have = numbers.get("required_canvas"), numbers.get("padded_size")
    if need is None or have is None:
        what = "sizes of the canvas in the record"
        yield _found(run, "RUN-003", what, "missing", "both sizes", False, "stages.json")
        return
    fits = have >= need and run.metrics.get("fits_canvas") is not False
    what, expected = "canvas inside the model against what its groups need", f"at least {need:g}"
    yield _found(run, "CANVAS-003", what, f"{have:g} pixels", expected, fits, "stages.json")


def head(run: FinishedRun) -> Iterator[Finding]:
    """HEAD-001: the amplitudes do not end at a ceiling."""
    modulus = np.abs(covered(run))
    if not modulus.size:
        return
    top = float(modulus.max())
    share = float(np.mean(modulus > NEAR_TOP * top))
    need = lookup(run.metrics, "amplitude.truth.max")
    if not need:
        reference = np.abs(run.control("iterative").object)
        need = float(np.nanmax(reference)) if np.isfinite(reference).any() else np.inf
    yield _found(
        run,
        "HEAD-001",
        "pixels where a bounded head would end",
        f"{100 * share:.3g} % of the pixels lie within 2 % of the largest amplitude, {top:.3g}",
        f"at most {100 * SATURATED:.0f} %; the object reaches {need:.3g}",
        # An object may have a plateau of its own: a ceiling lies clearly below what the object needs.
        share <= SATURATED or top >= BELOW * need,
        "reconstruction.npz, metrics.json#/amplitude/truth/max",
    )


def covered(run: FinishedRun) -> Array:
    """Return the finite values of the stored object."""
    values = run.reconstruction.object
    return np.asarray(values[np.isfinite(values)])


def finite(run: FinishedRun) -> Iterator[Finding]:
    """STITCH-003 and HIST-004: no NaN where there was light, and none in the losses."""
    holes = bool(run.metrics.get("has_nan")) or has_nan(run.reconstruction)
    said = "NaN where there was light" if holes else "every covered pixel has a value"
    source = "reconstruction.npz, metrics.json#/has_nan"
    yield _found(run, "STITCH-003", "values of covered pixels", said, "no NaN", not holes, source)
    if run.history is not None:
        first, said = run.history.first_nan, "all losses are finite"
        if first is not None:
            said = f"{first.metric} in epoch {first.epoch}, step {first.step}"
        what, expected = "losses of the training", "every one finite"
        yield _found(run, "HIST-004", what, said, expected, first is None, "history.json")


def controls(run: FinishedRun) -> Iterator[Finding]:
    """SCORE-009: every control is there, and is another object than the rest."""
    blocks = run.metrics.get("controls") or {}
    missing = sorted(set(CONTROLS) - set(blocks))
    scored = {
        name: tuple(lookup(block, path) for path in FINGERPRINT)
        for name, block in {"network": run.metrics, **blocks}.items()
    }
    names = [name for name in ("network", *CONTROLS) if any(scored.get(name, ()))]
    said = [f"missing: {', '.join(missing)}"] if missing else []
    said += [
        f"equal in every score: {NAMES[one]} and {NAMES[two]}"
        for one, two in combinations(names, 2)
        if scored[one] == scored[two]
    ]
    what, source = "baselines and reference beside the scores", "metrics.json#/controls"
    observed = "; ".join(said) or "all three, each different"
    expected = "trivial, untrained, iterative, each an object of its own"
    yield _found(run, "SCORE-009", what, observed, expected, not said, source)


def stored(run: FinishedRun) -> Iterator[Finding]:
    """EVID-004: the stored object has the mean that was scored; nobody scaled it afterwards."""
    recorded = lookup(run.metrics, "amplitude.prediction.mean")
    values = np.abs(covered(run))
    if recorded is None or not values.size:
        return
    again = float(values.mean(dtype=np.float64))
    # Pixels at the rim of a known object may be covered and not scored: 1 % is no rescaling.
    same = abs(again / recorded - 1) < 0.01 if recorded else again == 0
    what = "mean of the stored object against the scored one"
    expected = f"{recorded:.4g} (within 1 %)"
    source = "reconstruction.npz, metrics.json#/amplitude/prediction"
    yield _found(run, "EVID-004", what, f"mean {again:.4g}", expected, same, source)


CHECKS = (gain, canvas, head, finite, controls, stored)

"""A finished run held against the clauses that its folder alone can judge; one function a check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

from ptyspec.checks.verdict_limits import level_limits
from ptyspec.contracts.arrays import Array
from ptyspec.errors import PtyspecError
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.scores.frame import has_nan
from ptyspec.scores.headline import NAMES, lookup
from ptyspec.spec.finding import Finding, State
from ptyspec.spec.registry import specification

LEFT_IN = (0.8, 1.25)
"""Gain times least-squares factor of an object that kept the gain: 0.96 to 1.19 in the runs of the
investigation (NORMALIZATION-001)."""
SPEAKS = 0.1
"""A gain nearer to 1 cannot be told from a trained network's own error."""
NEAR_TOP, SATURATED, BELOW = 0.98, 0.05, 0.9
"""Five in a hundred pixels within 2 % of the brightest one make a ceiling. A free object has some in
ten thousand there (HEAD-001)."""
AGAIN = "ptyspec run ... --force"
"""The same run, made again."""
CONTROLS = ("trivial", "untrained", "iterative")
STRUCTURE = "amplitude.highpass_pearson_r"

Check = Callable[[FinishedRun], Iterator[Finding]]


def number(run: FinishedRun, path: str) -> float | None:
    """Return a finite score of the run, or None."""
    return lookup(run.metrics, path)


def truth_is_known(run: FinishedRun) -> bool:
    """Return whether the run was to be scored against a known object, whatever came of it."""
    block = run.metrics.get("amplitude")
    return isinstance(block, dict) and block.get("reason") != "no truth"


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
            rows.append(_found(run, "RUN-001 run", "what the folder holds", said, complete, False))
    return list(dict.fromkeys(rows))


def _found(
    run: FinishedRun,
    place: str,
    what: str,
    observed: str,
    expected: str,
    state: State | bool,
    source: str = "",
    used: float | None = None,
) -> Finding:
    """A finding; `place` names clause, stage, and the audit that shows more (none: run it again)."""
    clause, stage, *audit = place.split()
    if isinstance(state, bool):
        state = State.PASSED if state else State.FAILED
    more = f"ptyspec audit {audit[0]} {run.folder}" if audit else AGAIN
    return Finding(clause, stage, what, observed, expected, state, source, used, more)


def level(run: FinishedRun) -> Iterator[Finding]:
    """INFER-005: the mean amplitude is that of the truth."""
    what, where = "mean amplitude over that of the truth", "metrics.json#/amplitude/mean_ratio"
    ratio, (low, high) = number(run, "amplitude.mean_ratio"), level_limits()
    expected = f"{low:g} to {high:g}"
    if ratio is None:
        block = run.metrics.get("amplitude")
        why = (block.get("reason") if isinstance(block, dict) else None) or "no object is known"
        yield Finding("INFER-005", "score", what, str(why), expected, State.NOT_RUN, where)
        return
    used = abs(ratio - 1) / specification()["INFER-005"].tolerance.value
    right = low <= ratio <= high
    yield _found(run, "INFER-005 score bias", what, f"{ratio:.3f}", expected, right, where, used)


def gain(run: FinishedRun) -> Iterator[Finding]:
    """NORMALIZATION-001: the loader's gain did not stay in the object.

    Looked at only where the level says something: a right level with a gain far from 1 shows that
    the gain is out; a wrong one that equals the gain shows that it stayed in.
    """
    gained = run.stages["normalize"].numbers.get("gain")
    factor = number(run, "amplitude.least_squares_scalar")
    ratio = number(run, "amplitude.mean_ratio")
    if gained is None or factor is None or ratio is None:
        return
    low, high = level_limits()
    product, is_right = gained * factor, low <= ratio <= high
    observed = f"gain {gained:.4g} x factor that fits the truth {factor:.4g} = {product:.3f}"
    expected = f"not {LEFT_IN[0]:g} to {LEFT_IN[1]:g}, as when the whole gain stays in"
    state = State.PASSED if is_right else State.NOT_RUN
    if abs(gained - 1) < SPEAKS:
        state, expected = State.NOT_RUN, "a gain near 1 leaves no trace"
    elif not is_right and LEFT_IN[0] <= product <= LEFT_IN[1] and not _reference_is_off(run):
        state = State.FAILED
    what = "what the loader's gain left in the object"
    source = "stages.json, metrics.json#/amplitude/least_squares_scalar"
    place = "NORMALIZATION-001 normalize intensity"
    yield _found(run, place, what, observed, expected, state, source)


def _reference_is_off(run: FinishedRun) -> bool:
    """The iterative reference, which sees no gain, has a wrong level too: the data are at fault."""
    ratio, (low, high) = number(run, "controls.iterative.amplitude.mean_ratio"), level_limits()
    return ratio is not None and not low <= ratio <= high


def data_scale(run: FinishedRun) -> Iterator[Finding]:
    """SCALE-004: the iterative reference finds the level of the truth from the same data."""
    ratio, (low, high) = number(run, "controls.iterative.amplitude.mean_ratio"), level_limits()
    if ratio is not None:
        what = "mean amplitude of the iterative reference over that of the truth"
        expected = f"{low:g} to {high:g}: probe, scale and truth belong together"
        source = "metrics.json#/controls/iterative/amplitude/mean_ratio"
        right = not _reference_is_off(run)
        place = "SCALE-004 simulate probe"
        yield _found(run, place, what, f"{ratio:.3f}", expected, right, source)


def head(run: FinishedRun) -> Iterator[Finding]:
    """HEAD-001: the amplitudes do not end at a ceiling."""
    modulus = np.abs(covered(run))
    if not modulus.size:
        return
    top = float(modulus.max())
    share = float(np.mean(modulus > NEAR_TOP * top))
    need = number(run, "amplitude.truth.max") or _brightest(run, "iterative")
    # An object may have a plateau of its own: a ceiling lies clearly below what the object needs.
    capped = share > SATURATED and top < BELOW * need
    yield _found(
        run,
        "HEAD-001 train architecture",
        "pixels where a bounded head would end",
        f"{100 * share:.3g} % of the pixels lie within 2 % of the largest amplitude, {top:.3g}",
        f"at most {100 * SATURATED:.0f} %; the object reaches {need:.3g}",
        not capped,
        "reconstruction.npz, metrics.json#/amplitude/truth/max",
    )


def _brightest(run: FinishedRun, control: str) -> float:
    values = np.abs(run.control(control).object)
    return float(np.nanmax(values)) if np.isfinite(values).any() else np.inf


def covered(run: FinishedRun) -> Array:
    """Return the finite values of the stored object."""
    values = run.reconstruction.object
    return np.asarray(values[np.isfinite(values)])


def contrast(run: FinishedRun) -> Iterator[Finding]:
    """NET-009: the object is not flat."""
    mine, known = number(run, "amplitude.prediction.std"), number(run, "amplitude.truth.std")
    if mine is None or not known:
        return
    limit, error = specification()["NET-009"].tolerance.value, abs(mine / known - 1)
    what = "contrast of the amplitude over that of the truth"
    said, expected = f"{mine / known:.3f}", f"{1 - limit:g} to {1 + limit:g}"
    source, right = "metrics.json#/amplitude/prediction/std", error <= limit
    yield _found(run, "NET-009 score visual", what, said, expected, right, source, error / limit)


def canvas(run: FinishedRun) -> Iterator[Finding]:
    """CANVAS-003: the canvas inside the model holds every group."""
    numbers, source = run.stages["normalize"].numbers, "stages.json"
    need, have = numbers.get("required_canvas"), numbers.get("padded_size")
    if need is None or have is None:
        what = "sizes of the canvas in the record"
        yield _found(run, "RUN-003 run", what, "missing", "both sizes", False, source)
        return
    what = "canvas inside the model against what its groups need"
    fits = have >= need and run.metrics.get("fits_canvas") is not False
    place, expected = "CANVAS-003 train canvas", f"at least {need:g}"
    yield _found(run, place, what, f"{have:g} pixels", expected, fits, source)


def finite(run: FinishedRun) -> Iterator[Finding]:
    """STITCH-003 and HIST-004: no NaN where there was light, and none in the losses."""
    holes = bool(run.metrics.get("has_nan")) or has_nan(run.reconstruction)
    said = "NaN where there was light" if holes else "every covered pixel has a value"
    source, place = "reconstruction.npz, metrics.json#/has_nan", "STITCH-003 stitch loss"
    yield _found(run, place, "values of covered pixels", said, "no NaN", not holes, source)
    if run.history is not None:
        first, said = run.history.first_nan, "all losses are finite"
        if first is not None:
            said = f"{first.metric} in epoch {first.epoch}, step {first.step}"
        what, place = "losses of the training", "HIST-004 train loss"
        yield _found(run, place, what, said, "every one finite", first is None, "history.json")


def controls(run: FinishedRun) -> Iterator[Finding]:
    """SCORE-009: every control is there, and is another object than the rest."""
    blocks = run.metrics.get("controls") or {}
    missing = sorted(set(CONTROLS) - set(blocks))
    scored = {
        name: tuple(lookup(block, path) for path in _FINGERPRINT)
        for name, block in {"network": run.metrics, **blocks}.items()
    }
    names = [name for name in ("network", *CONTROLS) if any(scored.get(name, ()))]
    said = [f"missing: {', '.join(missing)}"] if missing else []
    said += [
        f"equal in every score: {NAMES[one]} and {NAMES[two]}"
        for one, two in combinations(names, 2)
        if scored[one] == scored[two]
    ]
    yield _found(
        run,
        "SCORE-009 score",
        "baselines and reference beside the scores",
        "; ".join(said) or "all three, each different",
        "trivial, untrained, iterative, each an object of its own",
        not said,
        "metrics.json#/controls",
    )


_FINGERPRINT = (
    *("complex.nrmse", "amplitude.rmse"),
    *("data.r_factor", "data.poisson_deviance_per_pixel"),
)
"""Scores that two different objects never share to the last bit."""


def structure(run: FinishedRun) -> Iterator[Finding]:
    """INFER-006 and INFER-007: more detail than the baselines that learned nothing."""
    mine, source = number(run, STRUCTURE), "metrics.json#/amplitude/highpass_pearson_r"
    for clause, name in (("INFER-006", "trivial"), ("INFER-007", "untrained")):
        other = number(run, f"controls.{name}.{STRUCTURE}")
        if mine is not None and other is not None:
            what, above = f"high-pass r, against the {NAMES[name]}'s", f"above {other:.3f}"
            place = f"{clause} score visual"
            yield _found(run, place, what, f"{mine:.3f}", above, mine > other, source)


def stored(run: FinishedRun) -> Iterator[Finding]:
    """EVID-004: the stored object has the mean that was scored; nobody scaled it afterwards."""
    recorded = number(run, "amplitude.prediction.mean")
    values = np.abs(covered(run))
    if recorded is None or not values.size:
        return
    again = float(values.mean(dtype=np.float64))
    # Pixels at the rim of a known object may be covered and not scored: 1 % is no rescaling.
    same = abs(again / recorded - 1) < 0.01 if recorded else again == 0
    what, expected = (
        "mean of the stored object against the scored one",
        f"{recorded:.4g} (within 1 %)",
    )
    source = "reconstruction.npz, metrics.json#/amplitude/prediction"
    yield _found(run, "EVID-004 evidence", what, f"mean {again:.4g}", expected, same, source)


CHECKS: tuple[Check, ...] = (
    *(data_scale, gain, canvas, head, finite, level),
    *(contrast, controls, structure, stored),
)

"""A finished run held against the clauses that its folder alone can judge; one function a check."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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


def holds(condition: bool) -> State:
    """Return the state of a clause that was looked at."""
    return State.PASSED if condition else State.FAILED


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
            rows.append(
                Finding(
                    "RUN-001",
                    "run",
                    "what the folder holds",
                    said,
                    "every file is readable and complete",
                    State.FAILED,
                    next_step=AGAIN,
                )
            )
    return list(dict.fromkeys(rows))


def level(run: FinishedRun) -> Iterator[Finding]:
    """INFER-005: the mean amplitude is that of the truth."""
    what, where = "mean amplitude over that of the truth", "metrics.json#/amplitude/mean_ratio"
    ratio, (low, high) = number(run, "amplitude.mean_ratio"), level_limits()
    expected = f"{low:g} to {high:g}"
    if ratio is not None:
        tolerance = specification()["INFER-005"].tolerance.value
        yield Finding(
            "INFER-005",
            "score",
            what,
            f"{ratio:.3f}",
            expected,
            holds(low <= ratio <= high),
            where,
            abs(ratio - 1) / tolerance,
            f"ptyspec audit bias {run.folder}",
        )
        return
    block = run.metrics.get("amplitude")
    why = (block.get("reason") if isinstance(block, dict) else None) or "no object is known"
    yield Finding("INFER-005", "score", what, str(why), expected, State.NOT_RUN, where)


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
    yield Finding(
        "NORMALIZATION-001",
        "normalize",
        "what the loader's gain left in the object",
        observed,
        expected,
        state,
        "stages.json, metrics.json#/amplitude/least_squares_scalar",
        next_step=f"ptyspec audit intensity {run.folder}",
    )


def _reference_is_off(run: FinishedRun) -> bool:
    """The iterative reference, which sees no gain, has a wrong level too: the data are at fault."""
    ratio, (low, high) = number(run, "controls.iterative.amplitude.mean_ratio"), level_limits()
    return ratio is not None and not low <= ratio <= high


def data_scale(run: FinishedRun) -> Iterator[Finding]:
    """SCALE-004: the iterative reference finds the level of the truth from the same data."""
    ratio, (low, high) = number(run, "controls.iterative.amplitude.mean_ratio"), level_limits()
    if ratio is not None:
        yield Finding(
            "SCALE-004",
            "simulate",
            "mean amplitude of the iterative reference over that of the truth",
            f"{ratio:.3f}",
            f"{low:g} to {high:g}: probe, scale and truth belong together",
            holds(not _reference_is_off(run)),
            "metrics.json#/controls/iterative/amplitude/mean_ratio",
            next_step=f"ptyspec audit probe {run.folder}",
        )


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
    yield Finding(
        "HEAD-001",
        "train",
        "pixels where a bounded head would end",
        f"{100 * share:.3g} % of the pixels lie within 2 % of the largest amplitude, {top:.3g}",
        f"at most {100 * SATURATED:.0f} %; the object reaches {need:.3g}",
        holds(not capped),
        "reconstruction.npz, metrics.json#/amplitude/truth/max",
        next_step=f"ptyspec audit architecture {run.folder}",
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
    off = specification()["NET-009"].tolerance.value
    yield Finding(
        "NET-009",
        "score",
        "contrast of the amplitude over that of the truth",
        f"{mine / known:.3f}",
        f"{1 - off:g} to {1 + off:g}",
        holds(abs(mine / known - 1) <= off),
        "metrics.json#/amplitude/prediction/std",
        abs(mine / known - 1) / off,
        f"ptyspec audit visual {run.folder}",
    )


def canvas(run: FinishedRun) -> Iterator[Finding]:
    """CANVAS-003: the canvas inside the model holds every group."""
    numbers = run.stages["normalize"].numbers
    need, have = numbers.get("required_canvas"), numbers.get("padded_size")
    if need is None or have is None:
        yield Finding(
            "RUN-003",
            "run",
            "sizes of the canvas in the record",
            "missing",
            "both sizes",
            State.FAILED,
            "stages.json",
            next_step=AGAIN,
        )
        return
    yield Finding(
        "CANVAS-003",
        "train",
        "canvas inside the model against what its groups need",
        f"{have:g} pixels",
        f"at least {need:g}",
        holds(have >= need and run.metrics.get("fits_canvas") is not False),
        "stages.json",
        next_step=f"ptyspec audit canvas {run.folder}",
    )


def finite(run: FinishedRun) -> Iterator[Finding]:
    """STITCH-003 and HIST-004: no NaN where there was light, and none in the losses."""
    holes = bool(run.metrics.get("has_nan")) or has_nan(run.reconstruction)
    yield Finding(
        "STITCH-003",
        "stitch",
        "values of covered pixels",
        "NaN where there was light" if holes else "every covered pixel has a value",
        "no NaN",
        holds(not holes),
        "reconstruction.npz, metrics.json#/has_nan",
        next_step=f"ptyspec audit loss {run.folder}",
    )
    if run.history is not None:
        first = run.history.first_nan
        yield Finding(
            "HIST-004",
            "train",
            "losses of the training",
            "all losses are finite"
            if first is None
            else f"{first.metric} in epoch {first.epoch}, step {first.step}",
            "every one finite",
            holds(first is None),
            "history.json",
            next_step=f"ptyspec audit loss {run.folder}",
        )


def controls(run: FinishedRun) -> Iterator[Finding]:
    """SCORE-009: every control is there, and is another object than the rest."""
    blocks = run.metrics.get("controls") or {}
    missing = sorted(set(CONTROLS) - set(blocks))
    scored = {
        name: tuple(lookup(block, path) for path in _FINGERPRINT)
        for name, block in {"network": run.metrics, **blocks}.items()
    }
    names = [name for name in ("network", *CONTROLS) if any(scored.get(name, ()))]
    same = [
        f"{NAMES[one]} and {NAMES[two]}"
        for at, one in enumerate(names)
        for two in names[at + 1 :]
        if scored[one] == scored[two]
    ]
    said = [f"missing: {', '.join(missing)}"] if missing else []
    said += [f"equal in every score: {pair}" for pair in same]
    yield Finding(
        "SCORE-009",
        "score",
        "baselines and reference beside the scores",
        "; ".join(said) or "all three, each different",
        "trivial, untrained, iterative, each an object of its own",
        holds(not said),
        "metrics.json#/controls",
        next_step=AGAIN,
    )


_FINGERPRINT = (
    "complex.nrmse",
    "amplitude.rmse",
    "data.r_factor",
    "data.poisson_deviance_per_pixel",
)
"""Scores that two different objects never share to the last bit."""


def structure(run: FinishedRun) -> Iterator[Finding]:
    """INFER-006 and INFER-007: more detail than the baselines that learned nothing."""
    mine = number(run, STRUCTURE)
    for clause, name in (("INFER-006", "trivial"), ("INFER-007", "untrained")):
        other = number(run, f"controls.{name}.{STRUCTURE}")
        if mine is not None and other is not None:
            yield Finding(
                clause,
                "score",
                f"high-pass r, against the {NAMES[name]}'s",
                f"{mine:.3f}",
                f"above {other:.3f}",
                holds(mine > other),
                "metrics.json#/amplitude/highpass_pearson_r",
                next_step=f"ptyspec audit visual {run.folder}",
            )


def stored(run: FinishedRun) -> Iterator[Finding]:
    """EVID-004: the stored object has the mean that was scored; nobody scaled it afterwards."""
    recorded = number(run, "amplitude.prediction.mean")
    values = np.abs(covered(run))
    if recorded is None or not values.size:
        return
    again = float(values.mean(dtype=np.float64))
    # Pixels at the rim of a known object may be covered and not scored: 1 % is no rescaling.
    same = abs(again / recorded - 1) < 0.01 if recorded else again == 0
    yield Finding(
        "EVID-004",
        "evidence",
        "mean of the stored object against the scored one",
        f"mean {again:.4g}",
        f"{recorded:.4g} (within 1 %)",
        holds(same),
        "reconstruction.npz, metrics.json#/amplitude/prediction",
        next_step=AGAIN,
    )


CHECKS: tuple[Check, ...] = (
    data_scale,
    gain,
    canvas,
    head,
    finite,
    level,
    contrast,
    controls,
    structure,
    stored,
)

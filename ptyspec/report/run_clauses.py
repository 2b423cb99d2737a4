"""A finished run held against the clauses that its folder alone can judge, each at the stage where it breaks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.errors import PtyspecError
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.scores import headline as scores
from ptyspec.spec.clause import PLACES

LEFT_IN = (0.8, 1.25)
"""Gain times least-squares factor of an object in which the gain was left: 0.96 to 1.19 in the investigation's runs."""
SPEAKS = 0.1
"""A gain closer to 1 than this leaves too little behind to be told from a trained network's own error."""
NEAR_TOP, SATURATED = 0.98, 0.05
"""Five in a hundred pixels within 2 % of the brightest one: a ceiling. A free object has some in ten thousand there."""


@dataclass(frozen=True)
class RunFinding:
    """One clause as this run shows it; `ok` is None where the run cannot tell, and `limit` then says why."""

    clause: str
    stage: str
    what: str
    observed: str
    limit: str
    ok: bool | None
    source: str
    """The file of the run, and the place in it, that the observation comes from."""


def judge(run: FinishedRun) -> list[RunFinding]:
    """Return what the run shows of each clause, broken ones first and those in the order of the stages.

    The first broken one is thus the earliest place where the run went wrong; later ones may follow from it. A file that
    is missing or damaged makes the clauses that need it not evaluated.
    """
    found = []
    for check in CHECKS:
        try:
            found += list(check(run))
        except (PtyspecError, KeyError, TypeError, ValueError) as error:
            found.append(
                RunFinding(
                    "RUN-001",
                    "run",
                    "what the folder holds",
                    _one_line(error),
                    "readable",
                    False,
                    ".",
                )
            )
    order = {False: 0, None: 1, True: 2}
    places = {place: at for at, place in enumerate(PLACES)}
    return sorted(dict.fromkeys(found), key=lambda row: (order[row.ok], places[row.stage]))


def broken(findings: list[RunFinding]) -> list[RunFinding]:
    """Return the findings that say that a clause does not hold."""
    return [finding for finding in findings if finding.ok is False]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _number(run: FinishedRun, path: str) -> float | None:
    return scores.lookup(run.metrics, path)


def _ratio(run: FinishedRun) -> Iterator[RunFinding]:
    ratio, (low, high) = _number(run, "amplitude.mean_ratio"), scores.RATIO_LIMITS
    limit, where = f"{low} to {high}", "metrics.json#/amplitude/mean_ratio"
    what = "mean amplitude of the object over that of the truth"
    if ratio is None:
        yield RunFinding(
            "INFER-005", "score", what, "–", "no object is known to compare with", None, where
        )
    else:
        yield RunFinding(
            "INFER-005", "score", what, f"{ratio:.3f}", limit, low <= ratio <= high, where
        )


def _gain(run: FinishedRun) -> Iterator[RunFinding]:
    """Only where the amplitude is wrong: a right one says that the gain is not in it."""
    gain = run.stages["normalize"].numbers.get("gain")
    factor, ratio = (
        _number(run, "amplitude.least_squares_scalar"),
        _number(run, "amplitude.mean_ratio"),
    )
    what, where = (
        "what the loader's gain left in the object",
        "stages.json, metrics.json#/amplitude/least_squares_scalar",
    )
    if gain is None or factor is None or ratio is None:
        return
    right = scores.RATIO_LIMITS[0] <= ratio <= scores.RATIO_LIMITS[1]
    product, (low, high) = gain * factor, LEFT_IN
    observed = f"gain {gain:.4g} x factor that fits the truth {factor:.4g} = {product:.3f}"
    if abs(gain - 1) < SPEAKS:
        yield RunFinding(
            "NORMALIZATION-001",
            "normalize",
            what,
            observed,
            "a gain near 1 leaves no trace",
            None,
            where,
        )
    elif right or not low <= product <= high:
        limit = "1 would say that the gain stayed in"
        yield RunFinding(
            "NORMALIZATION-001", "normalize", what, observed, limit, True if right else None, where
        )
    else:
        limit = f"not within {low} to {high}: 1 says that the whole gain stayed in"
        yield RunFinding("NORMALIZATION-001", "normalize", what, observed, limit, False, where)


def _head(run: FinishedRun) -> Iterator[RunFinding]:
    modulus = np.abs(_covered(run))
    if not modulus.size:
        return
    top = float(modulus.max())
    share = float(np.mean(modulus > NEAR_TOP * top))
    need = _number(run, "amplitude.truth.max")
    capped = share > SATURATED and (need is None or top < need)
    reached = (
        f"{100 * share:.2g} % of the pixels lie within 2 % of the largest amplitude, {top:.3g}"
    )
    yield RunFinding(
        "HEAD-001",
        "train",
        "pixels where a bounded head would end",
        reached,
        f"at most {100 * SATURATED:.0f} %"
        + ("" if need is None else f"; the object reaches {need:.3g}"),
        not capped,
        "reconstruction.npz, metrics.json#/amplitude/truth/max",
    )


def _covered(run: FinishedRun) -> Array:
    values = run.reconstruction.object
    return np.asarray(values[np.isfinite(values)])


def _canvas(run: FinishedRun) -> Iterator[RunFinding]:
    numbers = run.stages["normalize"].numbers
    need, have = numbers.get("required_canvas"), numbers.get("padded_size")
    what, where = "canvas inside the model against what its groups need", "stages.json"
    if need is None or have is None:
        yield RunFinding(
            "RUN-003",
            "run",
            "sizes of the canvas in the record",
            "none",
            "both sizes",
            False,
            where,
        )
    else:
        fits = have >= need and run.metrics.get("fits_canvas") is not False
        yield RunFinding(
            "CANVAS-003", "train", what, f"{have:g} pixels", f"at least {need:g}", fits, where
        )


def _finite(run: FinishedRun) -> Iterator[RunFinding]:
    nan = bool(run.metrics.get("has_nan"))
    said = "NaN where there was light" if nan else "every covered pixel has a value"
    yield RunFinding(
        "STITCH-003",
        "stitch",
        "values of covered pixels",
        said,
        "no NaN",
        not nan,
        "metrics.json#/has_nan",
    )
    if run.history is not None:
        first = run.history.first_nan
        said = (
            "all losses are finite"
            if first is None
            else f"{first.metric} in epoch {first.epoch}, step {first.step}"
        )
        yield RunFinding(
            "HIST-004",
            "train",
            "losses of the training",
            said,
            "every one finite",
            first is None,
            "history.json",
        )


def _controls(run: FinishedRun) -> Iterator[RunFinding]:
    missing = sorted({"trivial", "untrained", "iterative"} - set(run.metrics.get("controls") or {}))
    said = f"missing: {', '.join(missing)}" if missing else "all three"
    what, where = "controls beside the scores", "metrics.json#/controls"
    yield RunFinding(
        "SCORE-009", "score", what, said, "trivial, untrained, iterative", not missing, where
    )


def _structure(run: FinishedRun) -> Iterator[RunFinding]:
    path = "amplitude.highpass_pearson_r"
    mine = _number(run, path)
    for clause, name in (("INFER-006", "trivial"), ("INFER-007", "untrained")):
        other = _number(run, f"controls.{name}.{path}")
        if mine is None or other is None:
            continue
        what = f"correlation of fine detail, against the {scores.NAMES[name]}'s"
        where = "metrics.json#/amplitude/highpass_pearson_r"
        yield RunFinding(
            clause, "score", what, f"{mine:.3f}", f"above {other:.3f}", mine > other, where
        )


def _again(run: FinishedRun) -> Iterator[RunFinding]:
    """The stored object still has the mean that was scored: nobody scaled it afterwards."""
    recorded = _number(run, "amplitude.prediction.mean")
    values = np.abs(_covered(run))
    if recorded is None or not values.size:
        return
    again = float(values.mean(dtype=np.float64))
    # Pixels at the rim of a known object may be covered and not scored: a hundredth is no rescaling.
    same = abs(again / recorded - 1) < 0.01 if recorded else again == 0
    what, where = (
        "mean of the stored object against the scored one",
        "reconstruction.npz, metrics.json#/amplitude/prediction",
    )
    yield RunFinding(
        "EVID-004",
        "evidence",
        what,
        f"mean {again:.4g}",
        f"{recorded:.4g} (within 1 %)",
        same,
        where,
    )


CHECKS: tuple[Callable[[FinishedRun], Iterator[RunFinding]], ...] = (
    _ratio,
    _gain,
    _head,
    _canvas,
    _finite,
    _controls,
    _structure,
    _again,
)

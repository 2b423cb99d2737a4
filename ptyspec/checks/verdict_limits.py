"""How near to right, and how far from it, each quantity of a finished run may be: one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from math import inf, nextafter
from typing import Any

import numpy as np

from ptyspec.pipeline.trials import FREE
from ptyspec.scores.headline import lookup
from ptyspec.spec.clause import specification

Metrics = Mapping[str, Any]
Value = Callable[[Metrics], float | None]
Range = tuple[float, float]
LEVEL, DETAIL = "amplitude.mean_ratio", "amplitude.highpass_pearson_r"
AGREEMENT = "agreement_with_iterative.raw.amplitude_pearson_r"
NOISE_OF_BRIGHT_PIXELS = 1.0
"""Expected deviance a pixel of Poisson counts at their true rate, where it was not recorded."""
SEEDS = "right: every right seed of the calibration stays on this side (docs/verdict.md)"
NOTHING_LEARNED = "wrong: no better than an estimate that learned nothing"
REFERENCE = "the iterative reference"
CLEARLY_BETTER = 0.98
"""Part of the R factor that another matrix of the positions has to leave at most, to say anything."""


@dataclass(frozen=True)
class Quantity:
    """One number of a run with two ranges: within `right` it is right, outside `allowed` wrong, doubtful between.

    `value` computes it from metrics.json (None: the run does not have it); `why` is what a right value means, said
    after the range; `clause` and `stage` are what a wrong value breaks, and where it shows.
    """

    what: str
    value: Value
    right: Range
    allowed: Range
    source: str
    clause: str = "INFER-006"
    stage: str = "score"
    why: str = ""
    place: str = "metrics.json"
    needed: bool = False
    """Whether a run without a truth has to know it: where it does not, that is a doubt."""


def within(value: float, limit: Range) -> bool:
    """Return whether a value lies in a range, its ends included."""
    return limit[0] <= value <= limit[1]


def level_is_right(metrics: Metrics, control: str = "") -> bool | None:
    """Return whether the level of the network, or of a control, is the truth's; None where it is not known."""
    ratio = lookup(metrics, f"controls.{control}.{LEVEL}" if control else LEVEL)
    return None if ratio is None else within(ratio, _about_one("INFER-005"))


def misfit(metrics: Metrics, name: str = "") -> float | None:
    """Return the squared residual of the data that counting noise does not explain, as a part of their energy.

    R^2 = sum (A_pred - A_meas)^2 / sum A_meas^2, times the share of the Poisson deviance beyond what
    noise alone leaves. `name` is a baseline, or empty for the network.
    """
    block = f"controls.{name}.data" if name else "data"
    squared = lookup(metrics, f"{block}.r_squared")
    deviance = lookup(metrics, f"{block}.poisson_deviance_per_pixel")
    noise = lookup(metrics, f"{block}.noise_deviance_per_pixel")
    if squared is None or deviance is None:
        return None
    noise = NOISE_OF_BRIGHT_PIXELS if noise is None else noise
    return squared * max(1 - noise / deviance, 0.0) if deviance > 0 else 0.0


def _about_one(clause: str) -> Range:
    off = specification()[clause].tolerance.value
    return 1 - off, 1 + off


def _over(mine: float | None, other: float | None) -> float | None:
    return None if mine is None or other is None or other <= 0 else mine / other


def _left(score: float | None) -> float | None:
    """Variance that a correlation leaves unexplained; a negative one explains nothing, however strong it is."""
    return None if score is None else 1 - max(score, 0.0) ** 2


def _where(truth: bool, value: Value) -> Value:
    """The value of a run with a truth, or of one without."""
    return lambda metrics: value(metrics) if ("amplitude" in metrics) == truth else None


def _misfit_over_trivial(name: str) -> Value:
    return lambda metrics: _over(misfit(metrics, name), misfit(metrics, "trivial"))


def _least(
    what: str, value: Value, right: float, least: float, source: str, *told: Any
) -> Quantity:
    return Quantity(what, value, (right, inf), (least, inf), source, *told)


def _most(what: str, value: Value, right: float, most: float, source: str, *told: Any) -> Quantity:
    return Quantity(what, value, (-inf, right), (-inf, most), source, *told)


def _beside_reference(what: str, path: str, right: float, least: float, source: str) -> Quantity:
    def share(metrics: Metrics) -> float | None:
        return _over(lookup(metrics, path), lookup(metrics, f"controls.iterative.{path}"))

    return _least(f"{what} over that of {REFERENCE}", share, right, least, source)


def _beside_baseline(what: str, path: str, name: str, clause: str) -> Quantity:
    """What a baseline leaves unexplained, the network has to explain in part: as much left is nothing learned."""

    def left(metrics: Metrics) -> float | None:
        other = lookup(metrics, f"controls.{name}.{path}")
        return _over(_left(lookup(metrics, path)), _left(other))

    said = f"variance of the {what} left unexplained, over that of the {name} baseline"
    source = f"{SEEDS}; {NOTHING_LEARNED} ({clause})"
    return _most(said, left, 0.8, nextafter(1, 0), source, clause)


def _near(of: str, what: str, value: Value, place: str, *told: str) -> Quantity:
    limit, (clause, stage, why) = _about_one(of), told
    source, place = f"tolerance of {of}", f"metrics.json#/{place}"
    return Quantity(what, value, limit, limit, source, clause, stage, why, place)


def _distortion(metrics: Metrics) -> float | None:
    """Largest change of an entry of the positions' matrix that fits the frames clearly better; 0 where none does."""
    found = metrics.get("better_positions") or {}
    if not found or found["freedom"] > FREE:
        return None
    change = np.abs(np.array(found["matrix"]) - np.eye(2)).max()
    return float(change) if found["r_factor_over_as_is"] < CLEARLY_BETTER else 0.0


def _contrast(metrics: Metrics) -> float | None:
    made, known = (lookup(metrics, f"amplitude.{of}.std") for of in ("prediction", "truth"))
    return _over(made, known)


@cache
def levels() -> tuple[Quantity, ...]:
    """Return the quantities with one range: that of a clause's tolerance."""
    return (
        _near(
            "INFER-005",
            f"mean amplitude of {REFERENCE} over that of the truth",
            lambda metrics: lookup(metrics, f"controls.iterative.{LEVEL}"),
            "controls/iterative/amplitude/mean_ratio",
            *("SCALE-004", "simulate", ": probe, scale and truth belong together"),
        ),
        _near(
            *("INFER-005", "mean amplitude over that of the truth"),
            lambda metrics: lookup(metrics, LEVEL),
            *("amplitude/mean_ratio", "INFER-005", "score", ""),
        ),
        _near(
            *("NET-009", "contrast of the amplitude over that of the truth", _contrast),
            *("amplitude/prediction/std", "NET-009", "score", ""),
        ),
    )


STRUCTURE = (
    Quantity(
        f"half-set FRC of {REFERENCE}, part of Nyquist (half-bit)",
        lambda metrics: lookup(metrics, "half_set_frc.iterative.complex.half_bit_crossing"),
        *((0.5, inf), (0.2, inf)),
        "right: two halves of the data agree to half of Nyquist; wrong: they agree on what is "
        "smooth alone, as for swapped positions (0.10) or a wrong probe (0.0); measured files "
        "that are right keep 0.8 and more",
        *("DATA-007", "simulate"),
        needed=True,
    ),
    Quantity(
        "change of the positions (scale, skew or rotation) that fits the frames better",
        _distortion,
        *((0.0, 0.05), (0.0, inf)),
        "right: right scans stay below 0.03; a pixel size that is 10 % off gives 0.06 to 0.14, an "
        "angle of 3 degrees 0.08; never wrong by itself, for it is no proof",
        *("COORDS-001", "simulate"),
    ),
    _most(
        f"misfit of {REFERENCE} to the data, as a part of their energy",
        _where(False, lambda metrics: misfit(metrics, "iterative")),
        *(0.01, 0.1),
        f"{SEEDS}, with 0.001 and less; wrong: a tenth of the energy is missed by an algorithm "
        "that fits nothing but these data",
        *("DATA-007", "simulate"),
    ),
    _most(
        f"misfit of {REFERENCE} to the data, over that of the trivial baseline",
        _where(False, _misfit_over_trivial("iterative")),
        *(0.5, 1.0, f"{SEEDS}; wrong: one constant a patch fits as well"),
        *("DATA-007", "simulate"),
    ),
    _beside_reference(
        *("high-pass r", DETAIL, 0.8, 0.5),
        "right: an object below 0.8 of what is possible counts as harmed (the calibration's "
        "own definition); wrong: below half of the correlation that the same frames give",
    ),
    _beside_reference(
        *("amplitude r", "amplitude.pearson_r", 0.93, 0.8),
        f"{SEEDS}; wrong: below what one constant a patch reaches, 0.86 to 0.90 (SCORE-009)",
    ),
    _beside_reference(
        *("phase r", "phase.pearson_r", 0.8, 0.5, "as for the detail of the amplitude")
    ),
    *(
        _beside_baseline(what, path, name, clause)
        for what, path in (
            ("detail", DETAIL),
            ("amplitude", "amplitude.pearson_r"),
            ("phase", "phase.pearson_r"),
        )
        for name, clause in (("trivial", "INFER-006"), ("untrained", "INFER-007"))
    ),
    _most(
        "misfit to the data, over that of the trivial baseline",
        _where(True, _misfit_over_trivial("")),
        *(0.6, inf),
        f"{SEEDS}; never wrong by itself where an object is known, which is judged directly",
    ),
    _most(
        "misfit to the data, over that of the trivial baseline",
        _where(False, _misfit_over_trivial("")),
        *(0.6, 1.0, f"{SEEDS}; {NOTHING_LEARNED}"),
    ),
    _least(
        f"amplitude r with {REFERENCE}",
        lambda metrics: lookup(metrics, AGREEMENT),
        *(0.93, 0.5, "as for the amplitude r against a known object"),
    ),
    _least(
        f"high-pass r with {REFERENCE}",
        lambda metrics: lookup(metrics, "agreement_with_iterative.highpass_pearson_r"),
        *(0.8, 0.5, "as for the high-pass r against a known object"),
    ),
)
"""What tells an object from one that learned nothing, and from one that fits no data."""

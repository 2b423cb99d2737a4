"""How near to right, and how far from it, each quantity of a finished run may be: one table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ptyspec.scores.headline import lookup
from ptyspec.spec.registry import specification

Metrics = Mapping[str, Any]
DETAIL, AMPLITUDE, PHASE = (
    "amplitude.highpass_pearson_r",
    "amplitude.pearson_r",
    "phase.pearson_r",
)
AGREEMENT = "agreement_with_iterative.raw.amplitude_pearson_r"
HALF_SETS = "half_set_frc.iterative.complex.half_bit_crossing"
AGREEMENT_DETAIL = "agreement_with_iterative.highpass_pearson_r"
NOISE_OF_BRIGHT_PIXELS = 1.0
"""Expected deviance a pixel of Poisson counts at their true rate, where it was not recorded."""


def level_limits() -> tuple[float, float]:
    """Return the smallest and the largest mean ratio that INFER-005 allows."""
    off = specification()["INFER-005"].tolerance.value
    return 1 - off, 1 + off


@dataclass(frozen=True)
class Quantity:
    """One number of a run with two bounds: up to `right` it is right, beyond `wrong` it is wrong.

    Attributes:
        what: the quantity, in words.
        value: computes it from metrics.json; None where the run does not have it.
        right, wrong: the bounds, with doubt between them; `right` above `wrong` means that larger
            is better.
        clause, stage: what a wrong value breaks, and where it shows.
        source: where both bounds come from.
    """

    what: str
    value: Callable[[Metrics], float | None]
    right: float
    wrong: float
    clause: str
    stage: str
    source: str

    def is_right(self, value: float) -> bool:
        """Return whether the value is near enough."""
        return value >= self.right if self.right > self.wrong else value <= self.right

    def is_wrong(self, value: float) -> bool:
        """Return whether the value is too far off."""
        return value < self.wrong if self.right > self.wrong else value > self.wrong

    def expected(self, bound: float) -> str:
        """Return a bound in words."""
        return f"{'at least' if self.right > self.wrong else 'at most'} {bound:g}"


def _share_of_reference(path: str) -> Callable[[Metrics], float | None]:
    """A score over that of the iterative reference on the same frames."""

    def share(metrics: Metrics) -> float | None:
        mine, best = lookup(metrics, path), lookup(metrics, f"controls.iterative.{path}")
        return None if mine is None or best is None or best <= 0 else mine / best

    return share


def _left_over(baseline: str, path: str) -> Callable[[Metrics], float | None]:
    """Variance that a correlation leaves unexplained, 1 - r^2, over what a baseline leaves."""

    def left(metrics: Metrics) -> float | None:
        mine, other = lookup(metrics, path), lookup(metrics, f"controls.{baseline}.{path}")
        if mine is None or other is None or abs(other) >= 1:
            return None
        # A negative correlation explains nothing, however strong it is.
        return (1 - max(mine, 0.0) ** 2) / (1 - max(other, 0.0) ** 2)

    return left


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


def _misfit_over(name: str, baseline: str) -> Callable[[Metrics], float | None]:
    def share(metrics: Metrics) -> float | None:
        mine, other = misfit(metrics, name), misfit(metrics, baseline)
        return None if mine is None or not other else mine / other

    return share


def _with_truth(value: Callable[[Metrics], float | None]) -> Callable[[Metrics], float | None]:
    return lambda metrics: value(metrics) if "amplitude" in metrics else None


def _without_truth(value: Callable[[Metrics], float | None]) -> Callable[[Metrics], float | None]:
    return lambda metrics: None if "amplitude" in metrics else value(metrics)


SEEDS = "right: every right seed of the calibration stays on this side (docs/verdict.md)"
NOTHING_LEARNED = "wrong: no better than an estimate that learned nothing"
REFERENCE = "the iterative reference"


def _beside_reference(what: str, path: str, right: float, wrong: float, source: str) -> Quantity:
    value = _share_of_reference(path)
    return Quantity(
        f"{what} over that of {REFERENCE}", value, right, wrong, "INFER-006", "score", source
    )


def _beside_baselines(what: str, path: str) -> tuple[Quantity, Quantity]:
    """What a baseline leaves unexplained, the network has to explain in part."""
    trivial, untrained = (
        Quantity(
            f"variance of the {what} left unexplained, over that of the {name} baseline",
            _left_over(name, path),
            0.8,
            1.0,
            clause,
            "score",
            f"{SEEDS}; {NOTHING_LEARNED} ({clause})",
        )
        for name, clause in (("trivial", "INFER-006"), ("untrained", "INFER-007"))
    )
    return trivial, untrained


QUANTITIES: tuple[Quantity, ...] = (
    Quantity(
        f"half-set FRC of {REFERENCE}, part of Nyquist (half-bit)",
        lambda metrics: lookup(metrics, HALF_SETS),
        0.5,
        0.2,
        "DATA-007",
        "simulate",
        "right: two halves of the data agree to half of Nyquist; wrong: they agree on what is "
        "smooth alone, as for swapped positions (0.10) or a wrong probe (0.0); measured files that "
        "are right keep 0.8 and more",
    ),
    Quantity(
        f"misfit of {REFERENCE} to the data, as a part of their energy",
        _without_truth(lambda metrics: misfit(metrics, "iterative")),
        0.01,
        0.1,
        "DATA-007",
        "simulate",
        f"{SEEDS}, with 0.001 and less; wrong: a tenth of the energy is missed by an algorithm that "
        "fits nothing but these data",
    ),
    Quantity(
        f"misfit of {REFERENCE} to the data, over that of the trivial baseline",
        _without_truth(_misfit_over("iterative", "trivial")),
        0.5,
        1.0,
        "DATA-007",
        "simulate",
        f"{SEEDS}; wrong: one constant a patch fits as well",
    ),
    _beside_reference(
        "high-pass r",
        DETAIL,
        0.8,
        0.5,
        "right: an object below 0.8 of what is possible counts as harmed (the calibration's own "
        "definition); wrong: below half of the correlation that the same frames give",
    ),
    _beside_reference(
        "amplitude r",
        AMPLITUDE,
        0.93,
        0.8,
        f"{SEEDS}; wrong: below what one constant a patch reaches, 0.86 to 0.90 (SCORE-009)",
    ),
    _beside_reference("phase r", PHASE, 0.8, 0.5, "as for the detail of the amplitude"),
    *_beside_baselines("detail", DETAIL),
    *_beside_baselines("amplitude", AMPLITUDE),
    *_beside_baselines("phase", PHASE),
    Quantity(
        "misfit to the data, over that of the trivial baseline",
        _with_truth(_misfit_over("", "trivial")),
        0.6,
        math.inf,
        "INFER-006",
        "score",
        f"{SEEDS}; never wrong by itself where an object is known, which is judged directly",
    ),
    Quantity(
        "misfit to the data, over that of the trivial baseline",
        _without_truth(_misfit_over("", "trivial")),
        0.6,
        1.0,
        "INFER-006",
        "score",
        f"{SEEDS}; {NOTHING_LEARNED}",
    ),
    Quantity(
        f"amplitude r with {REFERENCE}",
        lambda metrics: lookup(metrics, AGREEMENT),
        0.93,
        0.5,
        "INFER-006",
        "score",
        "as for the amplitude r against a known object",
    ),
    Quantity(
        f"high-pass r with {REFERENCE}",
        lambda metrics: lookup(metrics, AGREEMENT_DETAIL),
        0.8,
        0.5,
        "INFER-006",
        "score",
        "as for the high-pass r against a known object",
    ),
)

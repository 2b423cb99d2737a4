"""What the squared error of an amplitude consists of, and what a scalar can take away from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.scores.numbers import number, pearson, quotient, summary

Scalars = Mapping[str, float | None]


def scalar_scores(
    prediction: Array, truth: Array, scalars: Scalars
) -> dict[str, dict[str, float | None]]:
    """Return, for each named scalar c, how c x prediction scores against the truth (two real samples).

    scalar, mae, rmse, nrmse = rms error over the truth's standard deviation (1: no better than a constant), mean_ratio
    = mean(c prediction) / mean(truth), pearson_r. A scalar that is not known is left out.
    """
    return {
        name: _scored(value, prediction, truth)
        for name, value in scalars.items()
        if value is not None
    }


def _scored(scalar: float, prediction: Array, truth: Array) -> dict[str, float | None]:
    scaled = scalar * prediction
    error = scaled - truth
    rmse = float(np.sqrt(np.mean(error**2)))
    return {
        "scalar": scalar,
        "mae": number(float(np.abs(error).mean())),
        "rmse": number(rmse),
        "nrmse": quotient(rmse, float(truth.std())),
        "mean_ratio": quotient(scaled.mean(), truth.mean()),
        "pearson_r": pearson(scaled, truth),
    }


def least_squares(prediction: Array, truth: Array) -> float | None:
    """Return the c that minimises sum (c prediction - truth)^2; None for a prediction of zeros."""
    return quotient(float((prediction * truth).sum()), float((prediction * prediction).sum()))


def decomposition(prediction: Array, truth: Array) -> dict[str, float | None]:
    """Return the mean squared error before and after the best scalar, and its three parts.

    With means m, standard deviations d and Pearson's r (Murphy 1988)

        mean (p - t)^2 = (m_p - m_t)^2 + (d_p - d_t)^2 + 2 d_p d_t (1 - r)
                             level           contrast       structure

    exactly. A scalar c > 0 moves m_p and d_p together and leaves r alone. `removed`: share of the error that the best
    scalar takes away; `affine_floor`: d_t^2 (1 - r^2), the error that is left after the best scalar *and* offset, in
    the same units; `rest_floor`: its share of the error.
    """
    before = float(np.mean((prediction - truth) ** 2))
    best = least_squares(prediction, truth)
    after = None if best is None else float(np.mean((best * prediction - truth) ** 2))
    level = float(prediction.mean() - truth.mean()) ** 2
    contrast = float(prediction.std() - truth.std()) ** 2
    structure = 2 * (
        float(prediction.std() * truth.std())
        - float(np.mean(_centred(prediction) * _centred(truth)))
    )
    correlation = pearson(prediction, truth)
    floor = None if correlation is None else float(truth.var()) * (1 - correlation**2)
    return {
        "before": number(before),
        "after": after,
        "least_squares": best,
        "removed": None if after is None else _share(before - after, before),
        "level": _share(level, before),
        "contrast": _share(contrast, before),
        "structure": _share(structure, before),
        "sum_of_parts": _share(level + contrast + structure, before),
        "affine_floor": floor,
        "rest_floor": None if floor is None else _share(floor, before),
    }


def distributions(prediction: Array, truth: Array) -> dict[str, dict[str, Any]]:
    """Return the distributions of prediction, truth, prediction - truth, and both ratios pixel by pixel.

    `prediction / truth` where the truth is not zero; `truth / prediction` is the recorded one (|prediction| > 1e-12).
    """
    lit, bright = truth > 0, prediction > 1e-12
    return {
        "prediction": summary(prediction),
        "truth": summary(truth),
        "prediction - truth": summary(prediction - truth),
        "prediction / truth": summary(prediction[lit] / truth[lit]),
        "truth / prediction": summary(truth[bright] / prediction[bright]),
    }


def _centred(values: Array) -> Array:
    return np.asarray(values - values.mean())


def _share(part: float, whole: float) -> float | None:
    return quotient(part, whole)

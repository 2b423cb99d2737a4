"""Scores that need no truth: predicted against measured diffraction."""

from functools import cache
from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.errors import ScanDataError
from ptyspec.scores.numbers import number, reasons

RATE_FLOOR = 1e-3
"""Smallest expected rate a pixel, photons: a photon where none was expected costs 2(ln 1000 - 1) = 11.8, not inf."""


def r_factor(predicted: Array, measured: Array, mask: Array | None = None) -> float:
    """Return sum |A_pred - A_meas| / sum A_meas of two stacks of amplitudes of any equal shape; 0 is perfect.

    `mask`: bool, True where the detector measured, broadcast over frames. nan where nothing was measured or a
    prediction is not finite. Raises ScanDataError on unequal shapes or invalid measured values.
    """
    a, b = _pair(predicted, measured, mask)
    return _over(np.abs(a - b).sum(), b.sum())


def r_squared(predicted: Array, measured: Array, mask: Array | None = None) -> float:
    """Return sum (A_pred - A_meas)^2 / sum A_meas^2, the intensity-weighted form; arguments as in `r_factor`."""
    a, b = _pair(predicted, measured, mask)
    return _over(((a - b) ** 2).sum(), (b**2).sum())


def poisson_deviance_per_pixel(
    expected_counts: Array, counts: Array, mask: Array | None = None
) -> float:
    """Return 2 mean[k ln(k/l) - (k - l)] for counts k at expected rates l, both in photons.

    About 1 where l is the true rate and not much below one photon, less in dark pixels. Finite at k = 0; rates are
    raised to RATE_FLOOR = 0.001 photons. nan for a rate that is not finite or no pixel.
    Raises ScanDataError on unequal shapes or invalid counts.
    """
    rate, k = _pair(expected_counts, counts, mask)
    if k.size == 0 or not np.isfinite(rate).all():
        return float("nan")
    floored = np.maximum(rate, RATE_FLOOR)
    logarithm = np.log(np.divide(k, floored, out=np.ones_like(k), where=k > 0))
    return float(2.0 * np.mean(k * logarithm - (k - floored)))


def noise_deviance_per_pixel(expected_counts: Array, mask: Array | None = None) -> float:
    """Return what `poisson_deviance_per_pixel` is on average where these rates are the true ones.

    Counting noise alone leaves it: about 1 in bright pixels, less in dark ones. nan for a rate that
    is not finite or no pixel.
    """
    rate, _ = _pair(expected_counts, np.zeros(np.shape(expected_counts)), mask)
    if rate.size == 0 or not np.isfinite(rate).all():
        return float("nan")
    rates, deviances = _expected_deviances()
    return float(np.mean(np.interp(np.log(np.maximum(rate, RATE_FLOOR)), rates, deviances)))


@cache
def _expected_deviances() -> tuple[Array, Array]:
    """Logarithms of rates from RATE_FLOOR to 100 photons, and the mean deviance of counts at each."""
    rates = np.geomspace(RATE_FLOOR, 100.0, 101)[:, None]
    counts = np.arange(1, 301, dtype=np.float64)
    factorials = np.cumsum(np.log(counts))
    weights = np.exp(counts * np.log(rates) - rates - factorials)
    deviances = 2.0 * (counts * np.log(counts / rates) - (counts - rates))
    at_zero = np.exp(-rates[:, 0]) * 2.0 * rates[:, 0]
    return np.log(rates[:, 0]), (weights * deviances).sum(axis=1) + at_zero


def data_scores(
    predicted: Array, measured: Array, scale: float, mask: Array | None = None
) -> dict[str, Any]:
    """Return r_factor, r_squared, poisson_deviance_per_pixel and what noise leaves of it, as JSON.

    Counts are (scale A)^2 of the amplitudes A. What is undefined is None with a `reason`.
    """
    amplitude, known = (np.asarray(one, dtype=np.float64) for one in (predicted, measured))
    rates, counts = (scale * amplitude) ** 2, (scale * known) ** 2
    block: dict[str, Any] = {
        "r_factor": number(r_factor(amplitude, known, mask)),
        "r_squared": number(r_squared(amplitude, known, mask)),
        "poisson_deviance_per_pixel": number(poisson_deviance_per_pixel(rates, counts, mask)),
        "noise_deviance_per_pixel": number(noise_deviance_per_pixel(rates, mask)),
    }
    undefined = any(value is None for value in block.values())
    why = "no measured photon, or a prediction that is not finite" if undefined else None
    return {**block, "reason": reasons(why)}


def _pair(predicted: Array, measured: Array, mask: Array | None) -> tuple[Array, Array]:
    a, b = np.asarray(predicted, dtype=np.float64), np.asarray(measured, dtype=np.float64)
    if a.shape != b.shape:
        what = "predicted and measured patterns differ in shape"
        step = "compare frame with frame"
        raise ScanDataError(what, value=a.shape, limit=b.shape, next_step=step)
    if mask is not None:
        seen = np.broadcast_to(np.asarray(mask, dtype=bool), a.shape)
        a, b = a[seen], b[seen]
    if not np.isfinite(b).all() or (b < 0).any():
        what = "measured values are negative or not finite"
        raise ScanDataError(what, limit=">= 0", next_step="mask those pixels")
    return a, b


def _over(top: float, bottom: float) -> float:
    return float(top / bottom) if bottom > 0 and np.isfinite(top) else float("nan")

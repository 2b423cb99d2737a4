"""The few statistics that every score is made of; what is undefined is None, never NaN."""

import math

import numpy as np

from ptyspec.contracts.bundles import Array

FLAT = 1e-6
"""An image whose standard deviation is below this part of its scale is constant to single precision."""


def number(value: float) -> float | None:
    """Return a plain float, or None where the value is not finite: JSON has no NaN."""
    return float(value) if math.isfinite(value) else None


def quotient(top: float, bottom: float) -> float | None:
    """Return top / bottom, or None where that is undefined."""
    return number(float(top) / float(bottom)) if bottom else None


def inner(first: Array, second: Array) -> complex:
    """Return sum conj(first) second; summed pairwise, so that the number of BLAS threads never changes a score."""
    return complex((np.conj(first) * second).sum())


def norm(values: Array) -> float:
    """Return the Euclidean norm."""
    return math.sqrt(float((np.abs(values) ** 2).sum()))


def is_flat(values: Array, scale: float | None = None) -> bool:
    """Say whether the values are constant to single precision; `scale` defaults to the largest modulus."""
    if values.size == 0:
        return True
    size = float(np.abs(values).max()) if scale is None else scale
    return float(values.std()) <= FLAT * size


def pearson(first: Array, second: Array, scale: float | None = None) -> float | None:
    """Return the Pearson correlation of two real samples, or None where either is constant."""
    if is_flat(first, scale) or is_flat(second, scale):
        return None
    a, b = first - first.mean(), second - second.mean()
    return number(inner(a, b).real / (norm(a) * norm(b)))


def summary(values: Array) -> dict[str, float | None]:
    """Return mean, median, 5th and 95th percentile, extremes and standard deviation of a real sample."""
    if values.size == 0:
        return dict.fromkeys(("mean", "median", "p05", "p95", "min", "max", "std"))
    low, middle, high = np.percentile(values, (5, 50, 95))
    return {
        "mean": number(values.mean()),
        "median": number(middle),
        "p05": number(low),
        "p95": number(high),
        "min": number(values.min()),
        "max": number(values.max()),
        "std": number(values.std()),
    }


def reasons(*texts: str | None) -> str | None:
    """Join what kept a score from being evaluated; None where nothing did."""
    found = list(dict.fromkeys(text for text in texts if text))
    return "; ".join(found) or None

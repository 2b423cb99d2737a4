"""Does a lattice show in an image's error: spectrum of the error at the periods of patch, scan and group.

An error with a period p has components at k/p, of which those along x, y and both diagonals are looked at, from CYCLES
periods across the area down to SHORTEST pixels. Each is held against the median power of its surroundings: in a
spectrum without a lattice the power of a component is exponentially distributed, so that it exceeds r medians with
probability 2^-r; of n components one does with CHANCE at r = log2(n / CHANCE). What exceeds that is `excess`, as an
amplitude over the object's mean amplitude.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ptyspec.contracts.bundles import Array

CYCLES, SHORTEST, ORDERS = 3.0, 3.0, 8
CHANCE = 1e-4
TAPER = 8
"""Pixels from the rim over which the error fades in: irregular areas have no side lobes then."""
NEAR, FAR = 2, 5
"""Distance of the surroundings, in resolution cells; the window's own width is below the first."""
REGULAR = 0.3
"""Share of positions in step from which a scan has a period: of M random ones it is 1 / sqrt(M), of a lattice 1."""

Pair = tuple[float, float]


@dataclass(frozen=True)
class Peak:
    """The component with the largest excess of one period; frequency (x, y) in cycles per pixel.

    Without a component that the area can show, the period alone.
    """

    period: float
    frequency: Pair | None = None
    component: float | None = None
    surroundings: float | None = None
    excess: float | None = None


def scan_periods(positions: Array, size: int) -> dict[str, float]:
    """Return the periods of a scan along x and y, where it has one: |mean exp(-2 pi i f x)| reaches REGULAR."""
    found = {}
    for axis, name in ((0, "x"), (1, "y")):
        values = positions[:, axis] - positions[:, axis].min()
        extent = float(values.max())
        if extent < size / 2 or len(values) < 16:
            continue
        rates = np.arange(max(1 / size, CYCLES / extent), 1 / SHORTEST, 0.25 / extent)
        share = np.abs(np.exp(-2j * np.pi * rates[:, None] * values).mean(axis=1))
        strong = np.flatnonzero(share >= max(REGULAR, 0.9 * float(share.max(initial=0.0))))
        if strong.size:  # the lowest of equally strong ones is the fundamental
            run = strong[strong < strong[0] + 8]
            found[f"scan step, {name}"] = float(1 / rates[run[np.argmax(share[run])]])
    return found


def lattice_peaks(
    error: Array, mask: Array, level: float, periods: Mapping[str, float]
) -> dict[str, Peak]:
    """Return the strongest component of each period of a complex or real error (H, W), 0 outside the mask."""
    window = window_of(mask)
    total = float(window.sum())
    if not total or not level:
        return {name: Peak(period) for name, period in periods.items()}
    shown = (error - (error * window).sum() / total) * window
    wanted = {name: components(period, mask.shape) for name, period in periods.items()}
    limit = math.log2(max(sum(map(len, wanted.values())), 1) / CHANCE)
    unit = 2 / total / level

    def peak(period: float, frequency: Pair) -> Peak:
        opposite = (-frequency[0], -frequency[1])
        power, around = max(_powers(shown, at) for at in (frequency, opposite))
        component, chance = math.sqrt(power), math.sqrt(limit * around)
        beyond = unit * max(0.0, component - chance)
        return Peak(period, frequency, unit * component, unit * math.sqrt(around), beyond)

    return {
        name: max(
            (peak(period, frequency) for frequency in wanted[name]),
            key=lambda one: (one.excess, one.component),
            default=Peak(period),
        )
        for name, period in periods.items()
    }


def window_of(mask: Array) -> Array:
    """Return weights that rise from 0 at the rim of the mask to 1."""
    from scipy.ndimage import distance_transform_edt

    depth = np.minimum(np.asarray(distance_transform_edt(np.pad(mask, 1)))[1:-1, 1:-1] / TAPER, 1.0)
    return np.asarray(np.sin(0.5 * np.pi * depth) ** 2)


def components(period: float, shape: tuple[int, ...]) -> list[Pair]:
    """Return the frequencies (x, y) of an error of this period that an image of this shape can show."""
    rates = [order / period for order in range(1, ORDERS + 1) if period / order >= SHORTEST]
    return [
        (x, y)
        for rate in rates
        for x, y in ((rate, 0.0), (0.0, rate), (rate, rate), (rate, -rate))
        if math.hypot(shape[1] * x, shape[0] * y) >= CYCLES
    ]


def _powers(shown: Array, frequency: Pair) -> Pair:
    """Power at a frequency, and the median NEAR to FAR resolution cells away, nothing of it next to zero."""
    height, width = shown.shape
    steps = np.arange(-FAR, FAR + 1)
    rates = frequency[0] + steps / width, frequency[1] + steps / height
    across = np.exp(-2j * np.pi * rates[0][:, None] * np.arange(width))
    down = np.exp(-2j * np.pi * rates[1][:, None] * np.arange(height))
    power = np.abs(down @ shown @ across.T) ** 2
    distance = np.hypot(steps[:, None], steps)
    from_zero = np.hypot(rates[1][:, None] * height, rates[0] * width)
    around = (distance >= NEAR) & (distance <= FAR) & (from_zero >= NEAR)
    return float(power[FAR, FAR]), float(np.median(power[around]))

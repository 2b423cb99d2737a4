"""What the audit `visual` computes without a network: lattices in a spectrum, steps of a scan."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from ptyspec.checks.visual_facts import components, lattice_peaks, scan_periods, window_of
from ptyspec.contracts.bundles import Array
from ptyspec.seeds import generator

HEIGHT, WIDTH, PERIOD = 110, 150, 24
ROWS, COLUMNS = np.indices((HEIGHT, WIDTH))
MASK = (ROWS - 55) ** 2 / 50**2 + (COLUMNS - 75) ** 2 / 70**2 < 1
LEVEL = 3.0


def noise(seed: int, smooth: float) -> Array:
    drawn = gaussian_filter(generator(seed, "error").standard_normal((HEIGHT, WIDTH)), smooth)
    return np.asarray(0.05 * LEVEL * drawn / drawn.std() * MASK)


def excess(error: Array) -> float:
    return lattice_peaks(error, MASK, LEVEL, {"it": PERIOD})["it"].excess or 0.0


@pytest.mark.parametrize("smooth", [0.5, 2.0, 4.0], ids=["white", "fine", "coarse"])
def test_noise_of_any_spectrum_shows_no_lattice(smooth: float) -> None:
    assert max(excess(noise(seed, smooth)) for seed in range(4)) < 0.005


@pytest.mark.parametrize("share", [0.02, 0.1], ids=["faint", "plain"])
def test_a_cosine_is_found_at_its_frequency_with_its_amplitude(share: float) -> None:
    error = MASK * share * LEVEL * np.cos(2 * np.pi * 2 * COLUMNS / PERIOD) + noise(5, 2.0) / 10
    peak = lattice_peaks(error, MASK, LEVEL, {"it": PERIOD})["it"]
    assert peak.frequency == pytest.approx((2 / PERIOD, 0))
    assert peak.component == pytest.approx(share, rel=0.05)
    assert peak.excess is not None
    assert peak.excess > 0.005


def test_a_checkerboard_has_the_amplitude_of_its_series_and_another_period_none() -> None:
    half = PERIOD // 2
    error = MASK * 0.05 * LEVEL * np.where((ROWS // half + COLUMNS // half) % 2, 1, -1)
    found = lattice_peaks(error, MASK, LEVEL, {"right": PERIOD, "wrong": PERIOD / 1.37})
    right = found["right"]
    assert right.frequency is not None
    assert [abs(value) for value in right.frequency] == pytest.approx([1 / PERIOD, 1 / PERIOD])
    assert right.component == pytest.approx(0.05 * (4 / math.pi) ** 2 / 2, rel=0.05)
    assert (found["wrong"].excess or 0) < (right.excess or 0) / 5


def test_a_period_of_which_the_area_shows_less_than_three_is_not_evaluated() -> None:
    assert components(100, (60, 60))[0][0] > 1 / 100
    assert components(8, (6, 6)) == []
    assert (
        lattice_peaks(np.zeros((6, 6)), np.ones((6, 6), bool), 1.0, {"it": 8})["it"].excess is None
    )
    assert window_of(np.zeros((4, 4), bool)).sum() == 0


@pytest.mark.parametrize(("step", "jitter"), [(8.0, 0.0), (6.5, 0.5)], ids=["exact", "jittered"])
def test_the_step_of_a_lattice_is_read_off_its_positions(step: float, jitter: float) -> None:
    x, y = (step * axis.ravel() for axis in np.meshgrid(np.arange(14), np.arange(11)))
    moved = np.stack([x, y], axis=1) + jitter * generator(2, "jitter").standard_normal((154, 2))
    found = scan_periods(moved, 32)
    assert found == pytest.approx({"scan step, x": step, "scan step, y": step}, rel=0.03)


def test_scattered_positions_have_no_period() -> None:
    for seed in range(5):
        assert scan_periods(generator(seed, "positions").uniform(0, 150, (200, 2)), 32) == {}

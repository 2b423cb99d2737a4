"""How often the verdict machine is wrong, on effects that are known because they are drawn (design 11: at most 5 %)."""

from __future__ import annotations

import itertools
import math

import pytest

from benchmarks.verdicts import ALPHA, CONFIRMED, LOOKED_TWICE, RULED_OUT, cells, limit
from ptyspec.experiments.intervals import clopper_pearson, pairs_needed, rate, rates, span, student

MANY = 150
"""Replications of a cell here; `python -m benchmarks verdicts` draws 1,000."""


def worst(rule: str, effect: float) -> tuple[float, float]:
    """The largest shares of false CONFIRMED and false RULED OUT over three spreads and two numbers of pairs."""
    found = [cell.wrong for cell in cells(rule, MANY, (effect,), (3, 5))]
    return max(confirmed for confirmed, _ in found), max(ruled_out for _, ruled_out in found)


def test_at_the_margin_where_either_verdict_is_wrong_each_is_rare() -> None:
    # alpha / 2 each; `limit` is exceeded by one simulation in a thousand.
    assert max(worst("ptyspec", 1.0)) <= limit(MANY, ALPHA / 2)


@pytest.mark.parametrize(
    ("effect", "verdict"), [(0.0, RULED_OUT), (3.0, CONFIRMED)], ids=["none", "large"]
)
def test_a_clear_case_is_decided_and_never_wrongly(effect: float, verdict: str) -> None:
    found = list(cells("ptyspec", MANY, (effect,), (5,)))
    assert max(max(cell.wrong) for cell in found) <= limit(MANY, ALPHA / 2)
    assert found[0].counts[verdict] == MANY  # at a spread of a tenth of the margin


def test_a_second_look_where_the_first_left_it_open_stays_within_alpha() -> None:
    assert max(worst(LOOKED_TWICE, 1.0)) <= limit(MANY, ALPHA)


@pytest.mark.parametrize(
    ("rule", "effect", "kind"),
    [
        ("p < 0.05 confirms", 0.5, 0),
        ("p > 0.05 rules out", 1.5, 1),
        ("bootstrap", 1.0, 0),
        ("bootstrap", 1.0, 1),
    ],
    ids=["significant", "not-significant", "bootstrap-beyond", "bootstrap-within"],
)
def test_rules_that_are_wrong_are_found_to_be(rule: str, effect: float, kind: int) -> None:
    """Positive control: this simulation can fail."""
    assert worst(rule, effect)[kind] > limit(MANY)


@pytest.mark.parametrize("n", [5, 8])
def test_the_interval_of_two_rates_misses_the_truth_no_oftener_than_alpha(n: int) -> None:
    """By enumeration: every outcome of n pairs, for every true pair of rates on a grid."""
    outcomes = [
        (up, down, rates([1.0] * up + [-1.0] * down + [0.0] * (n - up - down), ALPHA))
        for up, down in itertools.product(range(n + 1), repeat=2)
        if up + down <= n
    ]
    for p, q in itertools.product([0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0], repeat=2):
        if p + q > 1:
            continue
        missed = 0.0
        for up, down, found in outcomes:
            ways = math.comb(n, up) * math.comb(n - up, down)
            chance = ways * p**up * q**down * (1 - p - q + 1e-15) ** (n - up - down)
            missed += chance * (not found.low - 1e-12 <= p - q <= found.high + 1e-12)
        assert missed <= ALPHA + 1e-9, (p, q)


def test_limits_of_a_rate_are_those_of_the_exact_test() -> None:
    from scipy.stats import binomtest

    for hits in range(6):
        wanted = binomtest(hits, 5).proportion_ci(0.95, "exact")
        assert clopper_pearson(hits, 5, 0.025) == pytest.approx((wanted.low, wanted.high))
    assert rate([1.0, 1.0, 1.0, 1.0, 1.0], 0.05, 0.25).low == pytest.approx(0.478 - 0.25, abs=1e-3)


def test_intervals_of_known_numbers() -> None:
    from scipy.stats import ttest_1samp

    values = [0.9, 1.4, 1.1, 0.7]
    wanted = ttest_1samp(values, 0).confidence_interval(0.95)
    found = student(values, 0.05)
    assert (found.low, found.high) == pytest.approx((wanted.low, wanted.high))
    assert student([2.0, 2.0, 2.0], 0.05).low == 2.0
    assert (span([1.0, 3.0], 0.05).low, span([1.0, 3.0], 0.05).high) == (1.0, 3.0)


def test_the_number_of_pairs_that_would_settle_it_grows_with_the_spread_and_ends() -> None:
    near = [0.2, -0.4, 0.9, 0.1, -0.2]
    few, many = (
        pairs_needed(values, 1.0, 0.05, 0.8) for values in (near, [5 * value for value in near])
    )
    assert few is not None
    assert few > 5
    assert many is not None
    assert many > few
    assert pairs_needed([0.99, 1.01, 1.0, 1.0], 1.0, 0.05, 0.8) is None  # at the margin itself

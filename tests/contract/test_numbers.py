"""The few statistics that every score is made of: values by hand, and None for what is undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ptyspec.scores.numbers import (
    FLAT,
    inner,
    is_flat,
    norm,
    number,
    pearson,
    quotient,
    reasons,
    summary,
)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf], ids=["nan", "inf", "minus-inf"])
def test_what_is_not_finite_is_no_number(value: float) -> None:
    assert number(value) is None
    assert number(-2.5) == -2.5


def test_a_quotient_by_nothing_is_undefined() -> None:
    assert quotient(3.0, 0.0) is None
    assert quotient(3.0, 2.0) == 1.5
    assert quotient(0.0, -2.0) == 0.0


def test_the_inner_product_conjugates_its_first_argument() -> None:
    first, second = np.array([1 + 2j, 3j]), np.array([2 - 1j, 4.0])
    assert inner(first, second) == (1 - 2j) * (2 - 1j) - 12j
    assert norm(np.array([3.0, 4j])) == 5.0


def test_nothing_and_a_constant_are_flat() -> None:
    assert is_flat(np.array([]))
    assert is_flat(np.array([7.0]))
    assert is_flat(np.zeros(3))
    assert not is_flat(np.array([1.0, 2.0]))


@pytest.mark.parametrize(
    ("share", "flat"), [(0.99, True), (1.0, True), (1.01, False)], ids=["below", "at", "above"]
)
def test_flat_is_a_standard_deviation_of_a_millionth_of_the_scale(share: float, flat: bool) -> None:
    values = (
        np.array([-1.0, 1.0]) * share * FLAT * 4.0
    )  # their standard deviation is share * FLAT * 4
    assert is_flat(values, 4.0) is flat
    assert FLAT == 1e-6


def test_without_a_scale_the_largest_modulus_is_the_scale() -> None:
    assert is_flat(np.array([-1000.0, -1000.001]))
    assert not is_flat(np.array([-1.0, -1.001]))


def test_the_correlation_is_pearsons_and_none_where_a_sample_is_flat() -> None:
    first, second = np.array([1.0, 2.0, 3.0, 5.0]), np.array([2.0, 1.0, 4.0, 4.0])
    assert pearson(first, second) == pytest.approx(np.corrcoef(first, second)[0, 1], rel=1e-14)
    assert pearson(first, np.ones(4)) is None
    assert pearson(np.ones(4), second) is None
    assert pearson(first, second, scale=1e9) is None


def test_a_summary_holds_exact_percentiles_and_nothing_of_nothing() -> None:
    found = summary(np.arange(101.0)[::-1])
    assert found == {
        "mean": 50.0,
        "median": 50.0,
        "p05": 5.0,
        "p95": 95.0,
        "min": 0.0,
        "max": 100.0,
        "std": pytest.approx(math.sqrt(850.0)),
    }
    assert summary(np.array([])) == dict.fromkeys(found)
    assert summary(np.array([4.0]))["mean"] == 4.0


def test_reasons_are_joined_once_each_and_none_where_there_is_none() -> None:
    assert reasons("flat", None, "small", "flat", "") == "flat; small"
    assert reasons(None, "") is None

"""Shares: what each factor does sums to what all of them do, and what only happens together is told."""

from __future__ import annotations

import math

import pytest

from ptyspec.explanations.factors import combinations_of, shares
from ptyspec.explanations.plan import Subset

NAMES = ("gain", "head", "combiner")


def values(worth: dict[str, float], **together: float) -> dict[Subset, float]:
    """Factors that multiply, and beyond that what the pairs named `a_b` do."""
    found = {}
    for part in combinations_of(NAMES):
        pairs = [number for pair, number in together.items() if set(pair.split("_")) <= part]
        found[part] = math.prod([worth[name] for name in part] + pairs)
    return found


def test_factors_that_multiply_have_their_own_share_and_no_interaction() -> None:
    found = shares(NAMES, values({"gain": 0.5, "head": 0.4, "combiner": 1.0}))
    assert found["scale"] == "log"
    assert found["share"] == pytest.approx(
        {"gain": math.log(0.5), "head": math.log(0.4), "combiner": 0.0}
    )
    assert all(abs(one.effect) < 1e-12 for one in found["interactions"])


def test_what_two_do_together_is_told_and_divided_between_them() -> None:
    found = shares(NAMES, values({"gain": 0.5, "head": 0.4, "combiner": 1.0}, head_combiner=2.0))
    assert sum(found["share"].values()) == pytest.approx(found["total"])
    assert found["share"]["combiner"] == pytest.approx(math.log(2.0) / 2)
    assert found["share"]["head"] == pytest.approx(math.log(0.4) + math.log(2.0) / 2)
    beyond = {one.factors: one.effect for one in found["interactions"]}
    assert beyond["head", "combiner"] == pytest.approx(math.log(2.0))
    assert beyond["gain", "head", "combiner"] == pytest.approx(0.0, abs=1e-12)


def test_values_that_are_not_positive_are_divided_as_differences() -> None:
    found = shares(("a",), {frozenset(): 0.5, frozenset("a"): -0.5})
    assert (found["scale"], found["total"]) == ("difference", -1.0)
    assert found["share"] == {"a": -1.0}

"""Shares: what each factor does sums to what all of them do, and what only happens together is told."""

from __future__ import annotations

import math

import pytest

from ptyspec.explanations.causes import combinations_of, divided
from ptyspec.explanations.explanation import FactorRow
from ptyspec.explanations.search import Subset

NAMES = ("gain", "head", "combiner")


def values(worth: dict[str, float], **together: float) -> dict[Subset, float]:
    """Factors that multiply, and beyond that what the pairs named `a_b` do."""
    found = {}
    for part in combinations_of(NAMES):
        pairs = [number for pair, number in together.items() if set(pair.split("_")) <= part]
        found[part] = math.prod([worth[name] for name in part] + pairs)
    return found


def shares(*names: str, values: dict[Subset, float]) -> tuple[str, float, dict[str, float]]:
    """Scale, total and shares, and what several factors do together by their names."""
    factors = [FactorRow(name=name, members=(name,), role="cause") for name in names]
    found = divided(factors, values)
    effects = {" ".join(one.factors): one.effect for one in found["runs"] if len(one.factors) > 1}
    return (
        found["scale"],
        found["total"],
        {one.name: one.share for one in found["factors"]} | effects,
    )


def test_factors_that_multiply_have_their_own_share_and_no_interaction() -> None:
    scale, _, found = shares(*NAMES, values=values({"gain": 0.5, "head": 0.4, "combiner": 1.0}))
    assert scale == "log"
    own = {"gain": math.log(0.5), "head": math.log(0.4), "combiner": 0.0}
    assert {name: found.pop(name) for name in NAMES} == pytest.approx(own)
    assert len(found) == 4
    assert all(abs(effect) < 1e-12 for effect in found.values())


def test_what_two_do_together_is_told_and_divided_between_them() -> None:
    worth = values({"gain": 0.5, "head": 0.4, "combiner": 1.0}, head_combiner=2.0)
    _, total, found = shares(*NAMES, values=worth)
    assert sum(found[name] for name in NAMES) == pytest.approx(total)
    assert found["combiner"] == pytest.approx(math.log(2.0) / 2)
    assert found["head"] == pytest.approx(math.log(0.4) + math.log(2.0) / 2)
    assert found["combiner head"] == pytest.approx(math.log(2.0))
    assert found["combiner gain head"] == pytest.approx(0.0, abs=1e-12)


def test_values_that_are_not_positive_are_divided_as_differences() -> None:
    found = shares("a", values={frozenset(): 0.5, frozenset("a"): -0.5})
    assert found == ("difference", -1.0, {"a": -1.0})

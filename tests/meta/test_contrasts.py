"""What a contrast compares: products, factors, constants, interactions, outcomes; and verdicts side by side."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from ptyspec.experiments.hypothesis import Hypothesis
from ptyspec.experiments.judge import Judgement, board, holm, record
from ptyspec.experiments.records import Evidence, Row, Scope, design_of
from ptyspec.experiments.verdict import CONFIRMED, OPEN, RULED_OUT, Found, verdict
from tests import hypotheses
from tests.hypotheses import EFFECT, NEGATIVE, POSITIVE, clean, evidence, example

CONTROLS = POSITIVE + NEGATIVE


def effect_of(said: Hypothesis, values: dict[str, list[float | None]]) -> Found:
    return verdict(said, evidence(said, values)).main


def test_a_logarithm_compares_by_factors() -> None:
    said = example(EFFECT, observable='path = "level"\ntransform = "log"')
    found = effect_of(
        said, {"sick": [1.0, 2.0, 4.0, 8.0, 1.0], "healthy": [4.0, 8.0, 16.0, 32.0, 4.0]}
    )
    assert found.interval is not None
    assert found.interval.value == pytest.approx(-math.log(4))
    assert (found.unit, found.state) == ("ln", "as claimed")


def test_a_value_without_a_logarithm_is_told() -> None:
    said = example(EFFECT, observable='path = "level"\ntransform = "log"')
    found = effect_of(said, {"sick": [1.0, 0.0, 1.0, 1.0, 1.0], "healthy": [1.0] * 5})
    assert (found.state, found.reason) == ("no value", "sick, seed 2: 0 has no logarithm")


def test_products_and_quotients_are_formed_run_by_run() -> None:
    said = example(
        EFFECT, observable='path = "scalar"\ntimes = ["gain"]\nover = ["level"]', seeds=[1, 2, 3]
    )
    rows = tuple(
        Row(
            arm=arm,
            seed=seed,
            outcome="finished",
            values={"scalar": 2.0 * seed, "gain": 3.0, "level": level},
        )
        for arm, level in (("sick", 6.0), ("healthy", 1.0))
        for seed in said.design.seeds
    )
    scope = Scope(varied={}, held={}, not_exercised=())
    facts = Evidence(
        id=said.id, made="-", design=design_of(said), environment={}, scope=scope, rows=rows
    )
    found = verdict(said, facts).main
    assert found.interval is not None
    assert found.interval.value == pytest.approx((1 + 2 + 3) / 3 - (6 + 12 + 18) / 3)


def test_an_arm_is_compared_with_a_number() -> None:
    said = example(EFFECT.replace('"healthy"]', "5.0]"))
    found = effect_of(said, {"sick": [1.0, 1.1, 0.9, 1.0, 1.0]})
    assert found.interval is not None
    assert found.interval.value == pytest.approx(-4.0)


def test_an_interaction_is_a_difference_of_differences() -> None:
    parts = EFFECT.replace(
        'minus = ["sick", "healthy"]', 'minus = ["sick", "healthy"]\nless = ["cured", "poisoned"]'
    )
    found = effect_of(
        example(parts),
        {"sick": [1.0] * 5, "healthy": [5.0] * 5, "cured": [1.0] * 5, "poisoned": [4.0] * 5},
    )
    assert found.interval is not None
    assert found.interval.value == -1.0


RESTORED = """
[[contrast]]
name = "cured"
role = "restored"
minus = ["cured", "healthy"]
expect = "within"
margin = 0.5
"""


def outcomes(n: int, sick: int) -> tuple[Hypothesis, dict[str, list[float | None]]]:
    parts = (EFFECT.replace('"down"', '"up"') + RESTORED + CONTROLS).replace(
        "margin = 1.0", "margin = 0.1"
    )
    parts = parts.replace(
        'kind = "negative"\nminus = ["same", "healthy"]\nmargin = 0.1',
        'kind = "negative"\nminus = ["same", "healthy"]\nmargin = 0.5',
    )
    said = example(parts, observable='path = "outcome.diverged"', seeds=range(n))
    values: dict[str, list[float | None]] = {arm: [0.0] * n for arm in said.arms}
    values["sick"] = [1.0] * sick + [0.0] * (n - sick)
    values["poisoned"] = [1.0] * n
    return said, values


def test_divergence_is_a_result_where_it_is_what_is_asked() -> None:
    said, values = outcomes(10, 10)
    found = verdict(said, evidence(said, values, {"sick": "diverged", "poisoned": "diverged"}))
    assert found.verdict == CONFIRMED, found.reason
    assert found.main.interval is not None
    assert (found.main.interval.value, found.main.interval.high) == (1.0, 1.0)
    assert found.main.interval.low == pytest.approx(0.0125**0.1 - (1 - 0.0125**0.1))


def test_what_comes_and_goes_needs_five_seeds_and_often_more() -> None:
    said, values = outcomes(4, 4)
    assert verdict(said, evidence(said, values)).main.reason == "4 pairs, a verdict needs 5"
    said, values = outcomes(10, 4)
    found = verdict(said, evidence(said, values))
    assert (found.verdict, found.blocked_by) == (OPEN, "pairs")
    assert found.main.needed_n is not None
    assert found.main.needed_n > 10


def test_equal_values_in_every_run_are_a_point() -> None:
    said = example()
    values: dict[str, list[float | None]] = {arm: [0.0] * 5 for arm in said.arms} | {
        "sick": [-2.0] * 5,
        "poisoned": [-2.0] * 5,
    }
    found = verdict(said, evidence(said, values))
    assert found.verdict == CONFIRMED
    assert found.main.interval is not None
    assert found.main.interval.low == found.main.interval.high == -2.0
    assert found.p == 0.0


def test_the_p_value_is_the_smallest_alpha_at_which_the_same_is_said() -> None:
    from scipy.stats import ttest_1samp

    said = example()
    found = verdict(said, evidence(said, clean(said)))
    values = clean(said)
    differences = [a - b for a, b in zip(values["sick"], values["healthy"], strict=True)]
    assert found.main.p == pytest.approx(
        2 * ttest_1samp(differences, -1.0, alternative="less").pvalue, rel=1e-3
    )


def test_verdicts_side_by_side_are_corrected_for_their_number(tmp_path: Path) -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == {
        "a": pytest.approx(0.03),
        "c": 0.06,
        "b": 0.06,
    }
    loose = {"sick": [-1.3, -2.5, -1.7, -2.2, -1.2]}
    for name in ("H-A", "H-B", "H-C"):
        place = hypotheses.written(tmp_path, hypotheses.text_of(name=name), name)
        said = example(name=name)
        values = clean(said) | ({} if name == "H-A" else loose)
        facts = evidence(said, values)
        record(Judgement(said, facts, verdict(said, facts)), place)
    rows = {row.id: row for row in board(place).hypotheses}
    assert rows["H-A"].verdict == CONFIRMED
    for name in ("H-B", "H-C"):
        assert rows[name].history[-1].verdict == CONFIRMED
        assert rows[name].p < 0.05 < rows[name].adjusted_p + 1e-9
        assert (rows[name].verdict, rows[name].blocked_by) == (OPEN, "holm")
    hypotheses.written(tmp_path, hypotheses.text_of(name="H-D"), "H-D")  # looked at, and open
    more = {row.id: row for row in board(place).hypotheses}
    assert more["H-A"].adjusted_p == pytest.approx(4 / 3 * rows["H-A"].adjusted_p)
    assert more["H-D"].adjusted_p is None


def test_equivalence_is_shown_in_pairs_that_agree() -> None:
    said = example()
    assert verdict(said, evidence(said, clean(said, sick=0.2))).verdict == RULED_OUT

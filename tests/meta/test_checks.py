"""The closed vocabulary of checks: each verb green and red, and what a failure says."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.stages import STAGES
from ptyspec.errors import GroupingError, PtyspecError
from ptyspec.spec.checks import Check, ClauseViolation, stage_of
from ptyspec.spec.clause import EXACT, Clause, Tolerance
from ptyspec.spec.finding import State

NAN, INF = float("nan"), float("inf")
RELATIVE = Tolerance(0.1, "relative", "assigned", "this test")
ABSOLUTE = Tolerance(0.1, "absolute", "assigned", "this test")
RATIO = Tolerance(0.1, "ratio", "assigned", "this test")
CLAUSE = Clause(
    id="AREA-001",
    title="The object is the object",
    revision=1,
    level="MUST",
    statement="The object MUST be kept.",
    why="x",
    tolerance=RELATIVE,
    place="stitch",
    signatures=(),
    section="S",
    path=Path("specs/doc.md"),
    line=7,
)
CASE = "tests/contract/test_x.py::test_y[a-1]"


def check(tolerance: Tolerance = RELATIVE) -> Check:
    return Check(replace(CLAUSE, tolerance=tolerance), CASE)


def refuse(self: object, *given: object) -> None:
    raise GroupingError("no groups", value=3)


Foreign = type("Foreign", (), dict.fromkeys(STAGES, refuse))
"""A pipeline of somebody else: eight stages, each of which raises by itself."""


class Grouping(Foreign):  # type: ignore[misc, valid-type]
    def group(self) -> None:
        raise GroupingError("no groups", value=3)


group = Grouping().group


def plain() -> None:
    raise GroupingError("no groups", value=3)


def noted() -> None:
    error = GroupingError("no groups", value=3)
    error.stage = "split"  # type: ignore[attr-defined]
    raise error


def raising(
    stage: str, error: type[Exception], mentions: str, function: Callable[[], object]
) -> Callable[[Check], None]:
    def act(c: Check) -> None:
        with c.raises_at(stage, error, "too few points", mentions=mentions):
            function()

    return act


def close(
    observed: Any, expected: Any, tolerance: Tolerance | None = None
) -> Callable[[Check], None]:
    return lambda c: c.close(observed, expected, "object", tolerance)


def same(a: Any, b: Any) -> Callable[[Check], None]:
    return lambda c: c.equal(a, b, "object")


def shaped(*shape: int | None, dtype: str = "float32") -> Callable[[Check], None]:
    return lambda c: c.shape_dtype(np.zeros((2, 3), np.float32), shape, dtype, "object")


def mean(values: Any) -> float:
    return float(np.mean(values))


U16 = np.array([65535, 4], np.uint16)
PAIR = np.array([1.0, 10.0])

GREEN: dict[str, Callable[[Check], None]] = {
    "close-relative-to-the-largest": close([1.9, 10.0], PAIR),
    "close-absolute": close([1.05], [1.0], ABSOLUTE),
    "close-ratio": close([1.05, 10.5], PAIR, RATIO),
    "close-nan": close([NAN, 1.0], [NAN, 1.0]),
    "close-all-nan": close([NAN], [NAN]),
    "close-complex": close([1 + 1.05j], [1 + 1j]),
    "close-scalar": close(1.0, 1.05),
    "close-zeros": close([0.0], [0.0]),
    "close-unsigned": close(U16, U16),
    "close-truth-values": close([True], [True]),
    "close-exact": close([1.0], [1.0], EXACT),
    "within-ratio": lambda c: c.within_ratio(1.05, 1.0, "object"),
    "equal-arrays": same(PAIR, PAIR.copy()),
    "equal-nan": same(np.array([NAN]), np.array([NAN])),
    "equal-empty": same(np.zeros(0), np.zeros(0)),
    "equal-values": same({"a": [1]}, {"a": [1]}),
    "holds": lambda c: c.holds(1 < 2, "order"),
    "finite": lambda c: c.finite([1.0, 2 + 1j], "object"),
    "shape": shaped(2, 3),
    "shape-any": shaped(None, 3),
    "raises-at": raising("group", GroupingError, "no groups", group),
    "raises-at-a-noted-stage": raising("split", GroupingError, "", noted),
    "raises-at-a-base-class": raising("group", PtyspecError, "", group),
    "detects": lambda c: c.detects(mean, PAIR, PAIR * 2, "mean", at_least=1.0),
}

RED: dict[str, tuple[Callable[[Check], None], str, str]] = {
    "close-relative-to-the-largest": (close([2.1, 10.0], PAIR), "2.1.* at (0,)", "1.0"),
    "close-worst": (
        close([[1.0, 2.0], [9.0, 3.0]], [[1.0, 2.0], [3.0, 3.0]]),
        "9.0.* at (1, 0)",
        "3.0",
    ),
    "close-absolute": (close([1.2], [1.0], ABSOLUTE), "1.2", "1.0"),
    "close-ratio": (close([1.2, 10.0], PAIR, RATIO), "1.2", "1.0"),
    "close-ratio-of-zero": (close([1e-9], [0.0], RATIO), "1e-09", "0.0"),
    "close-nan-observed": (close([NAN], [1.0]), "nan", "1.0"),
    "close-nan-expected": (close([1.0], [NAN]), "1.0", "nan"),
    "close-infinite": (close([INF, 1.0], PAIR), "inf", "1.0"),
    "close-infinite-expected": (close([5.0, 1.0], [1.0, INF]), "1.0.* at (1,)", "inf"),
    "close-zeros": (close([1e-300], [0.0]), "1e-300", "0.0"),
    "close-complex": (close([1 + 2j], [1 + 1j]), "1+2j", "1+1j"),
    "close-broadcast": (close([1.0], [1.0, 1.0]), "shape (1,)", "shape (2,)"),
    "close-nothing": (close([], []), "no values", "something to compare"),
    "close-nothing-exact": (close([], [], EXACT), "no values", "something to compare"),
    "close-unsigned": (close(np.array([0, 4], np.uint16), U16), "0.0.* at (0,)", "65535.0"),
    "close-truth-values": (close([True], [False]), "1.0", "0.0"),
    "close-exact": (close([1.0 + 1e-15], [1.0], EXACT), "1.000000000000001", "bit by bit"),
    "within-ratio": (lambda c: c.within_ratio(1.2, 1.0, "object"), "1.2", "1.0"),
    "within-ratio-nan": (lambda c: c.within_ratio(NAN, 1.0, "object"), "nan", "1.0"),
    "equal-arrays": (
        same(np.array([1.0, 2.0]), PAIR),
        "1 of 2 values differ: .*2.0.* for .*10.0.* at (1,)",
        "float64",
    ),
    "equal-many": (same(np.arange(9), np.zeros(9, int)), "8 of 9 values differ", "int64[9]"),
    "equal-dtype": (same(PAIR.astype(np.float32), PAIR), "float32[2]", "float64[2]"),
    "equal-shape": (same(PAIR[None], PAIR), "float64[1, 2]", "float64[2]"),
    "equal-signed-zero": (same(np.array([-0.0]), np.array([0.0])), "other bits", "float64[1]"),
    "equal-values": (same({"a": 1}, {"a": 2}), "{'a': 1}", "{'a': 2}"),
    "holds": (lambda c: c.holds(0, "object", "zero", "more"), "zero", "more"),
    "finite": (
        lambda c: c.finite([1.0, NAN, INF], "object"),
        "2 of 3 values are not finite",
        "all finite",
    ),
    "finite-nothing": (lambda c: c.finite([], "object"), "no values", "something to look at"),
    "shape": (shaped(3, 2), "float32 (2, 3)", "float32 (3, 2)"),
    "shape-rank": (shaped(None), "float32 (2, 3)", "float32 (any)"),
    "dtype": (shaped(2, 3, dtype="float64"), "float32 (2, 3)", "float64 (2, 3)"),
    "raises-nothing": (
        raising("group", GroupingError, "", lambda: None),
        "no error",
        "GroupingError at group",
    ),
    "raises-another": (
        raising("group", KeyError, "", group),
        "GroupingError: no groups",
        "KeyError at group",
    ),
    "raises-later": (
        raising("split", GroupingError, "", group),
        "GroupingError at group",
        "GroupingError at split",
    ),
    "raises-nowhere": (
        raising("group", GroupingError, "", plain),
        "GroupingError at no stage",
        "at group",
    ),
    "raises-silently": (
        raising("group", GroupingError, "K < C", group),
        "no groups",
        "a message that mentions 'K < C'",
    ),
    "detects": (
        lambda c: c.detects(mean, PAIR, PAIR[::-1], "mean"),
        "5.5 before, 5.5 after",
        "a change beyond 5.5e-09",
    ),
    "detects-rounding": (
        lambda c: c.detects(mean, 1.0, 1 + 1e-15, "mean"),
        "1.0 before",
        "a change beyond 1e-09",
    ),
    "detects-little": (
        lambda c: c.detects(mean, 1.0, 1.5, "mean", 1.0),
        "1.0 before, 1.5 after",
        "a change beyond 1",
    ),
    "detects-nan": (
        lambda c: c.detects(mean, 1.0, NAN, "mean"),
        "1.0 before, nan after",
        "a change beyond 1e-09",
    ),
    "equal-truth": (lambda c: c.equal(False, 0, "flag"), "flag: False", "0"),
}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("act", GREEN.values(), ids=GREEN)
def test_a_verb_accepts_what_the_rule_wants(act: Callable[[Check], None]) -> None:
    act(check())


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("act", "observed", "expected"), RED.values(), ids=RED)
def test_a_verb_refuses_and_says_what_was_there_and_what_is_wanted(
    act: Callable[[Check], None], observed: str, expected: str
) -> None:
    with pytest.raises(ClauseViolation) as caught:
        act(check())
    lines = dict(line.split(maxsplit=1) for line in str(caught.value).splitlines()[1:])
    assert re.search(re.escape(observed).replace(r"\.\*", ".*"), lines["observed"]), lines
    assert expected in lines["expected"]


def test_a_failure_says_rule_value_limit_stage_and_how_to_repeat_it() -> None:
    with pytest.raises(ClauseViolation) as caught:
        check().close([1.2], [1.0], "object amplitude")
    assert str(caught.value).splitlines() == [
        "AREA-001 · The object is the object (MUST, specs/doc.md:7)",
        "  rule       The object MUST be kept.",
        "  observed   object amplitude: 1.2 at (0,)",
        "  expected   1.0",
        "  limit      0.1 relative (assigned: this test); error 2 times the tolerance",
        "  stage      stitch",
        f"  reproduce  pytest '{CASE}'",
    ]


def test_a_violation_is_an_assertion() -> None:
    with pytest.raises(AssertionError):
        check().holds(False, "anything")


def test_what_was_found_is_kept_passed_or_failed_with_its_share_of_the_tolerance() -> None:
    c = check()
    c.close([1.5, 10.0], PAIR, "object")
    c.close(PAIR, PAIR, "object")
    c.holds(True, "probe")
    with pytest.raises(ClauseViolation) as raised:
        c.close([3.0, 10.0], PAIR, "phase")
    c.close(PAIR, PAIR, "phase")
    assert raised.value.clause == "AREA-001"
    assert [(one.what, one.state, one.used) for one in c.kept.values()] == [
        ("object", State.PASSED, 0.5),
        ("probe", State.PASSED, None),
        ("phase", State.FAILED, 2.0),
    ]


def test_a_failure_that_is_expected_is_kept_and_does_not_raise() -> None:
    c = replace(check(), expected=frozenset({"AREA-001"}))
    c.close(np.ones(3), PAIR, "shape")
    with c.raises_at("group", GroupingError, "refusal"):
        plain()
    assert {one.state for one in c.kept.values()} == {State.FAILED}


def test_no_memory_is_no_answer_to_a_clause_about_errors() -> None:
    with pytest.raises(MemoryError), check().raises_at("group", GroupingError, "refusal"):
        raise MemoryError


def test_a_check_speaks_of_another_bound_clause_with_that_ones_tolerance() -> None:
    other = replace(CLAUSE, id="AREA-002", tolerance=ABSOLUTE)
    c = Check(CLAUSE, CASE, others=(other,))
    with pytest.raises(ClauseViolation, match="AREA-002"):
        c("AREA-002").close([10.5], [10.0], "object")
    c.close([10.5], [10.0], "object")
    c("AREA-002")("AREA-001").close([10.5], [10.0], "probe")
    assert [one.clause for one in c.kept.values()] == ["AREA-002", "AREA-001", "AREA-001"]
    with pytest.raises(KeyError):
        c("AREA-003")


def test_the_stage_of_an_error_is_what_was_noted_else_the_innermost_stage() -> None:
    def split() -> None:  # a function that happens to be called so, as numpy's is, is no stage
        plain()

    for function, stage in ((group, "group"), (noted, "split"), (plain, None), (split, None)):
        with pytest.raises(GroupingError) as caught:
            function()
        assert stage_of(caught.value) == stage

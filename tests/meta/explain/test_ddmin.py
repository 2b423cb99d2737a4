"""The searches are plain functions: planted causes are found exactly, and no more is run than was allowed."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

import pytest

from benchmarks.explain import KINDS, SIZES, WAYS, trials
from benchmarks.planted import World, world
from ptyspec.explanations.causes import SINGLY, Findings, probes
from ptyspec.explanations.search import (
    BudgetSpent,
    Outcome,
    Run,
    Search,
    Subset,
    ddmin,
    sections,
    smallest,
)

FAIL, PASS, UNRESOLVED = Outcome.FAIL, Outcome.PASS, Outcome.UNRESOLVED
ABC = tuple("abcdefgh")
Way = Callable[[Search, Sequence[str]], tuple[str, ...]]
WAYS_TO_ONE = pytest.mark.parametrize("way", [ddmin, smallest], ids=["ddmin", "halving"])


def by(rule: Callable[[Subset], Outcome]) -> Search:
    return Search(lambda subsets: [Run(outcome=rule(subset)) for subset in subsets])


def found_in(there: World, *, near: Sequence[Sequence[str]] = (), hidden: bool = True) -> Findings:
    found = Findings(Search(there.answer), there.members, near)
    found.find_all() if hidden else found.find_causes()
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_planted_is_found_exactly_in_every_trial(kind: str) -> None:
    found = trials(kind, WAYS["explain"], 50)
    assert len(found) == 50 * len(SIZES)
    assert [trial for trial in found if not trial.exact] == []


@pytest.mark.parametrize("kind", ["one", "two-interacting", "three-interacting"])
def test_a_cause_takes_fewer_runs_than_one_at_a_time(kind: str) -> None:
    for way in ("add one", "leave one out"):
        ours = statistics.median(trial.runs for trial in trials(kind, WAYS["causes"], 20))
        assert ours < 0.75 * statistics.median(trial.runs for trial in trials(kind, WAYS[way], 20))


@pytest.mark.parametrize("kind", ["two-interacting", "two-independent", "one-hides-another"])
def test_adding_one_at_a_time_does_not_find_what_interacts(kind: str) -> None:
    assert not any(trial.exact for trial in trials(kind, WAYS["add one"], 10))


@pytest.mark.parametrize("kind", ["two-independent", "one-hides-another"])
def test_leaving_one_out_at_a_time_does_not_find_what_is_redundant_or_hidden(kind: str) -> None:
    assert not any(trial.exact for trial in trials(kind, WAYS["leave one out"], 10))


@WAYS_TO_ONE
@pytest.mark.parametrize("cause", ["a", "bh", "ceg"])
def test_the_smallest_part_keeps_the_symptom_and_loses_it_without_any_member(
    way: Way, cause: str
) -> None:
    search = by(lambda subset: FAIL if set(cause) <= subset else PASS)
    assert way(search, ABC) == tuple(cause)


@WAYS_TO_ONE
def test_settings_that_only_go_together_do_not_cling_to_a_cause(way: Way) -> None:
    def rule(subset: Subset) -> Outcome:
        if ("c" in subset) != ("f" in subset):
            return UNRESOLVED
        return FAIL if {"a", "h"} <= subset else PASS

    assert way(by(rule), ABC) == ("a", "h")


@WAYS_TO_ONE
def test_a_setting_that_a_cause_needs_to_be_valid_is_part_of_it(way: Way) -> None:
    def rule(subset: Subset) -> Outcome:
        if "a" in subset and not {"c", "f"} <= subset:
            return UNRESOLVED
        return FAIL if "a" in subset else PASS

    assert way(by(rule), ABC) == ("a", "c", "f")


def test_a_symptom_that_is_not_monotone_still_gets_a_part_that_cannot_be_made_smaller() -> None:
    def rule(subset: Subset) -> Outcome:
        return FAIL if len(subset) % 3 == 2 else PASS

    found = smallest(by(rule), ABC)
    assert rule(frozenset(found)) is FAIL
    assert all(rule(frozenset(found) - {name}) is not FAIL for name in found)


def test_a_budget_ends_the_search_and_the_best_so_far_stays() -> None:
    there = world(3, 60, 3)
    search = Search(there.answer, budget=12)
    with pytest.raises(BudgetSpent):
        Findings(search, there.members).find_all()
    assert len(search.known) == 12
    best = search.best()
    assert best is not None
    assert there.outcome(best) is FAIL
    assert len(best) < 60
    assert search.best([best]) != best


def test_no_run_is_made_twice_and_none_after_the_one_that_was_looked_for() -> None:
    asked: list[Subset] = []

    def rule(subset: Subset) -> Outcome:
        asked.append(subset)
        return FAIL if "c" in subset else PASS

    search = by(rule)
    assert search.first(["ab", "c", "d"], "", FAIL) == 1
    assert search.first(["ab", "c", "d"], "", FAIL) == 1
    assert asked == [frozenset("ab"), frozenset("c")]
    assert [step.run for step in search.known.values()] == [1, 2]


def test_runs_are_handed_over_as_many_at_a_time_as_there_are_processes() -> None:
    sizes: list[int] = []

    def oracle(subsets: Sequence[Subset]) -> list[Run]:
        sizes.append(len(subsets))
        return [Run(outcome=PASS)] * len(subsets)

    Search(oracle, width=2).ask("abcde", "", FAIL)
    Search(oracle, width=2).ask("abcde", "")
    assert sizes == [2, 2, 1, 5]


def test_two_causes_that_share_a_setting_are_both_found() -> None:
    there = World(ABC, (frozenset("ab"), frozenset("ac")))
    assert set(found_in(there).causes) == {("a", "b"), ("a", "c")}


def test_a_hidden_cause_is_reported_with_the_smallest_set_that_hides_it() -> None:
    there = World(ABC, (frozenset("a"),), hidden=((frozenset("bc"), "g"),))
    found = found_in(there)
    (hidden,) = found.masked
    assert (hidden.members, hidden.maskers) == (("b", "c"), ("g",))
    assert found.search.known[frozenset(hidden.members)].outcome is FAIL
    assert found.search.known[frozenset("bcg")].outcome is PASS


@pytest.mark.parametrize(
    "cause", [{"training.rate"}, {"training.rate", "fault.a"}], ids=["alone", "with-another"]
)
def test_a_setting_that_hides_another_of_its_section_is_found(cause: set[str]) -> None:
    names = ("bad", "fault.a", "training.rate", "training.steps")
    there = World(names, (frozenset({"bad"}),), hidden=((frozenset(cause), "training.steps"),))
    (hidden,) = found_in(there).masked
    assert (set(hidden.members), hidden.maskers) == (cause, ("training.steps",))


@pytest.mark.parametrize("size", [2, SINGLY, SINGLY + 1, 60])
def test_some_probe_has_any_one_setting_without_any_other(size: int) -> None:
    names = [f"{at:02d}" for at in range(size)]
    tried = list(probes(names))
    assert all(
        any(one in probe and other not in probe for probe in tried)
        for one in names
        for other in names
        if one != other
    )


def test_settings_of_one_section_are_tried_together_and_then_apart() -> None:
    names = (
        "fault.a",
        "fault.b",
        "model.head",
        "model.kind",
        "training.rate",
        "training.steps",
        "pipeline",
    )

    def rule(subset: Subset) -> Outcome:
        if ("model.head" in subset) != ("model.kind" in subset):
            return UNRESOLVED
        return FAIL if {"fault.b", "training.steps"} <= subset else PASS

    search = by(rule)
    assert list(sections(names)) == ["fault.a", "fault.b", "model.*", "training.*", "pipeline"]
    assert smallest(search, names) == ("fault.b", "training.steps")
    assert UNRESOLVED not in [run.outcome for run in search.known.values()]


def test_where_the_splice_points_is_searched_first_and_everything_if_nothing_fails_there() -> None:
    there = World(ABC, (frozenset("bg"),))
    close = found_in(there, near=("a", "abg"), hidden=False)
    assert list(close.search.known)[:2] == [frozenset("a"), frozenset("abg")]
    assert found_in(there, near=("ac",), hidden=False).causes == [("b", "g")]

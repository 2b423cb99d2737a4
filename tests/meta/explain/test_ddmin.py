"""The searches are plain functions: planted causes are found exactly, and no more is run than was allowed."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

import pytest

from benchmarks.explain import KINDS, SIZES, WAYS, trials
from benchmarks.planted import World, world
from ptyspec.explanations.causes import SINGLY, Findings, find_all, find_causes, probes
from ptyspec.explanations.ddmin import ddmin, sections, smallest
from ptyspec.explanations.drive import BudgetSpent, Driver
from ptyspec.explanations.plan import Ask, Outcome, Plan, Subset, first

FAIL, PASS, UNRESOLVED = Outcome.FAIL, Outcome.PASS, Outcome.UNRESOLVED
ABC = tuple("abcdefgh")
Search = Callable[[Sequence[str]], Plan[tuple[str, ...]]]
SEARCHES = pytest.mark.parametrize("search", [ddmin, smallest], ids=["ddmin", "halving"])


def driver(rule: Callable[[Subset], Outcome], **limits: int) -> Driver:
    return Driver(lambda subsets: [rule(subset) for subset in subsets], **limits)


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


@SEARCHES
@pytest.mark.parametrize("cause", ["a", "bh", "ceg"])
def test_the_smallest_part_keeps_the_symptom_and_loses_it_without_any_member(
    search: Search, cause: str
) -> None:
    found = driver(lambda subset: FAIL if set(cause) <= subset else PASS).run(search(ABC))
    assert found == tuple(cause)


@SEARCHES
def test_settings_that_only_go_together_do_not_cling_to_a_cause(search: Search) -> None:
    def rule(subset: Subset) -> Outcome:
        if ("c" in subset) != ("f" in subset):
            return UNRESOLVED
        return FAIL if {"a", "h"} <= subset else PASS

    assert driver(rule).run(search(ABC)) == ("a", "h")


@SEARCHES
def test_a_setting_that_a_cause_needs_to_be_valid_is_part_of_it(search: Search) -> None:
    def rule(subset: Subset) -> Outcome:
        if "a" in subset and not {"c", "f"} <= subset:
            return UNRESOLVED
        return FAIL if "a" in subset else PASS

    assert driver(rule).run(search(ABC)) == ("a", "c", "f")


def test_a_symptom_that_is_not_monotone_still_gets_a_part_that_cannot_be_made_smaller() -> None:
    def rule(subset: Subset) -> Outcome:
        return FAIL if len(subset) % 3 == 2 else PASS

    search = driver(rule)
    found = search.run(smallest(ABC))
    assert rule(frozenset(found)) is FAIL
    assert all(rule(frozenset(found) - {name}) is not FAIL for name in found)


def test_a_budget_ends_the_search_and_the_best_so_far_stays() -> None:
    there, found = world(3, 60, 3), Findings()
    search = Driver(there.answer, budget=12)
    with pytest.raises(BudgetSpent):
        search.run(find_all(there.members, found))
    assert search.runs == 12
    best = search.best()
    assert best is not None
    assert there.outcome(best) is FAIL
    assert len(best) < 60
    assert search.best([best]) != best


def test_no_run_is_made_twice_and_none_after_the_one_that_was_looked_for() -> None:
    asked: list[Subset] = []

    def oracle(subsets: Sequence[Subset]) -> list[Outcome]:
        asked.extend(subsets)
        return [FAIL if "c" in subset else PASS for subset in subsets]

    search = Driver(oracle)
    assert search.run(first(["ab", "c", "d"], "", FAIL)) == 1
    assert search.run(first(["ab", "c", "d"], "", FAIL)) == 1
    assert asked == [frozenset("ab"), frozenset("c")]
    assert [step.number for step in search.steps] == [1, 2]


def test_runs_are_handed_over_as_many_at_a_time_as_there_are_processes() -> None:
    sizes: list[int] = []

    def oracle(subsets: Sequence[Subset]) -> list[Outcome]:
        sizes.append(len(subsets))
        return [PASS] * len(subsets)

    names = tuple(frozenset(name) for name in "abcde")
    Driver(oracle, width=2).answer(Ask(names, "", FAIL))
    Driver(oracle, width=2).answer(Ask(names, ""))
    assert sizes == [2, 2, 1, 5]


def test_two_causes_that_share_a_setting_are_both_found() -> None:
    there = World(ABC, (frozenset("ab"), frozenset("ac")))
    found = Findings()
    Driver(there.answer).run(find_all(ABC, found))
    assert set(found.causes) == {("a", "b"), ("a", "c")}


def test_a_hidden_cause_is_reported_with_the_smallest_set_that_hides_it() -> None:
    there = World(ABC, (frozenset("a"),), hidden=((frozenset("bc"), "g"),))
    found = Findings()
    search = Driver(there.answer)
    search.run(find_all(ABC, found))
    (hidden,) = found.masked
    assert (hidden.members, hidden.maskers) == (("b", "c"), ("g",))
    assert search.known[frozenset(hidden.members)] is FAIL
    assert search.known[frozenset("bcg")] is PASS


@pytest.mark.parametrize(
    "cause", [{"training.rate"}, {"training.rate", "fault.a"}], ids=["alone", "with-another"]
)
def test_a_setting_that_hides_another_of_its_section_is_found(cause: set[str]) -> None:
    names = ("bad", "fault.a", "training.rate", "training.steps")
    found = Findings()
    Driver(
        World(names, (frozenset({"bad"}),), hidden=((frozenset(cause), "training.steps"),)).answer
    ).run(find_all(names, found))
    (hidden,) = found.masked
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

    search = driver(rule)
    assert list(sections(names)) == ["fault.a", "fault.b", "model.*", "training.*", "pipeline"]
    assert search.run(smallest(names)) == ("fault.b", "training.steps")
    assert UNRESOLVED not in search.known.values()


def test_where_the_splice_points_is_searched_first_and_everything_if_nothing_fails_there() -> None:
    there = World(ABC, (frozenset("bg"),))
    close = Driver(there.answer)
    close.run(find_causes(ABC, Findings(), near=("a", "abg")))
    assert [step.subset for step in close.steps[:2]] == [frozenset("a"), frozenset("abg")]
    found = Findings()
    Driver(there.answer).run(find_causes(ABC, found, near=("ac",)))
    assert found.causes == [("b", "g")]

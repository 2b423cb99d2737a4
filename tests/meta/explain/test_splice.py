"""Splices: each stage is run by its own side, under its own faults alone, and nothing is run twice."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ptyspec.contracts.stages import STAGES
from ptyspec.experiments.observe import variant
from ptyspec.explanations.search import Outcome, Run
from ptyspec.explanations.splice import Splicer, bisect
from ptyspec.runs.environment import active_faults
from ptyspec.runs.run_spec import RunSpec
from tests.tiny_runs import SMALL
from tests.trivial_pipeline import WORDS, Trivial

PASS, FAIL, UNRESOLVED = Outcome.PASS, Outcome.FAIL, Outcome.UNRESOLVED


def side(*words: str) -> RunSpec:
    return variant(f"gs1_custom:{','.join([WORDS, *words])}", profile="quick", settings=SMALL)


def test_each_stage_sees_the_scenario_and_the_faults_of_its_side_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: dict[str, tuple[tuple[str, ...], float]] = {}

    def watched(stage: str) -> Callable[..., object]:
        work = getattr(Trivial, stage)

        def told(self: Trivial, scenario: object, *rest: object) -> object:
            seen[stage] = (active_faults(), scenario.dose.nphotons)  # type: ignore[attr-defined]
            return work(self, scenario, *rest)

        return told

    for stage in STAGES:
        monkeypatch.setattr(Trivial, stage, watched(stage))
    found = Splicer(side(), side("twin-patches", "dose.nphotons=1e5")).run(3)
    assert found["outcome"] == "finished"
    assert [seen[stage] for stage in STAGES] == [((), 1e9)] * 3 + [(("twin-patches",), 1e5)] * 5
    assert active_faults() == ()


def test_what_both_sides_hand_over_is_the_same_until_they_differ() -> None:
    splicer = Splicer(side(), side("test-gain-own"))
    assert [splicer.same_so_far(count) for count in (1, 2, 3, 4)] == [True, True, True, False]
    assert not Splicer(side(), side("dose.nphotons=1e5")).same_so_far(1)


def test_a_stage_is_run_once_for_the_same_hand_over(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    train = Trivial.train
    monkeypatch.setattr(Trivial, "train", lambda *args: calls.append("train") or train(*args))
    splicer = Splicer(side(), side("uncovered-zeros"))
    for count in (8, 7, 6, 5):
        splicer.run(count)
    assert calls == ["train"]


def test_the_fault_of_a_stage_flips_the_verdict_there() -> None:
    splicer = Splicer(side(), side("uncovered-zeros"))
    ratios = [splicer.run(count)["metrics"]["amplitude"]["mean_ratio"] for count in (6, 7)]
    assert ratios[0] < 0.6
    assert ratios[1] == pytest.approx(1.0, abs=0.02)


def chain(outcomes: str, shared: int = 0) -> tuple[tuple[str, ...], list[int]]:
    """The stages that a bisection names, and the splices it makes, for outcomes P, F, U of 0 to 8 stages."""
    words = {"P": PASS, "F": FAIL, "U": UNRESOLVED}
    made: list[int] = []

    def make(count: int) -> Run:
        made.append(count)
        return Run(outcome=words[outcomes[count]])

    bad, good = Run(outcome=FAIL), Run(outcome=PASS)
    return bisect(bad, good, lambda count: count <= shared, make).stages, made


@pytest.mark.parametrize("at", range(len(STAGES)))
def test_bisection_names_the_stage_after_which_it_passes(at: int) -> None:
    stages, made = chain("F" * (at + 1) + "P" * (len(STAGES) - at))
    assert stages == (STAGES[at],)
    assert len([count for count in made if count < 5]) <= 3


def test_what_cannot_be_spliced_is_passed_over_or_named_together() -> None:
    assert chain("FFFFUFPPP")[0] == ("infer",)
    assert chain("FFFUUPPPP")[0] == ("group", "normalize", "train")


def test_where_both_sides_hand_over_the_same_nothing_is_spliced() -> None:
    stages, made = chain("FFFFFPPPP", shared=4)
    assert stages == ("train",)
    assert sorted(made) == [5, 6, 7]

"""A foreign pipeline's own settings: what differs, what lies between, and which of it is the cause."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any

import pytest
from typer.testing import CliRunner

import ptyspec
from benchmarks.lab import SCENE
from benchmarks.own import KINDS, trial
from ptyspec.cli.main import app
from ptyspec.errors import PtyspecError
from ptyspec.explanations.explain import SearchInterruptedError
from ptyspec.explanations.explanation import Explanation
from ptyspec.explanations.own_differences import mixed, own_differences
from ptyspec.pipeline.protocol import Progress
from ptyspec.runs.own_settings import read_own
from tests.json_schema import breaches
from tests.own_pipelines import Flat, Staged
from tests.tiny_runs import SMALL

LEVEL = "amplitude.mean_ratio<0.9"
FLAT = "tests.own_pipelines:Flat"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTYSPEC_HOME", str(tmp_path / "home"))


def explained(
    good: Mapping[str, Any], bad: Mapping[str, Any], symptom: str = LEVEL, **how: Any
) -> Explanation:
    asked = {"pipeline": Flat, "set": SCENE, "repeats": 0, "progress": False} | how
    return ptyspec.explain(good, bad, symptom, **asked).document


class Told(Progress):
    """Keeps what it is told, and presses Ctrl-C where a line begins so."""

    def __init__(self, stop: str = "never") -> None:
        self.lines: list[str] = []
        self.stop = stop

    def message(self, text: str) -> None:
        self.lines.append(text)
        if text.startswith(self.stop):
            raise KeyboardInterrupt


NESTED = {"a": {"b": 1, "c": [1, 2]}, "d": None}
PAIRS = {
    "a-value": ({"a": 1}, {"a": 2}, ["a: 1 → 2"]),
    "nested": (
        NESTED,
        {**NESTED, "a": {"b": 2, "c": [1, 3]}},
        ["a.b: 1 → 2", "a.c: [1, 2] → [1, 3]"],
    ),
    "only-in-BAD": ({}, {"a": None}, ["a: (absent) → None"]),
    "only-in-GOOD": ({"a": 0}, {}, ["a: 0 → (absent)"]),
    "a-section-only-in-BAD": (
        {},
        {"a": {"b": 1, "c": 2}},
        ["a.b: (absent) → 1", "a.c: (absent) → 2"],
    ),
    "an-empty-section": ({"a": {}}, {"a": {"b": 1}}, ["a.b: (absent) → 1"]),
    "a-section-in-place-of-a-value": ({"a": 1}, {"a": {"b": 1}}, ["a: 1 → {'b': 1}"]),
    "true-is-not-one": ({"a": 1}, {"a": True}, ["a: 1 → True"]),
    "one-number": ({"a": 1}, {"a": 1.0}, []),
    "not-a-number": ({"a": float("nan")}, {"a": float("nan")}, []),
    "the-order-of-keys": ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
    "called-like-a-fault": ({"fault": {"x": 1}}, {"fault": {"x": 2}}, ["settings.fault.x: 1 → 2"]),
    "a-number-as-a-key": ({1: "x"}, {1: "y"}, ["1: x → y"]),
}


@pytest.mark.parametrize(("good", "bad", "said"), PAIRS.values(), ids=PAIRS)
def test_each_key_that_differs_is_one_difference_and_both_ends_are_what_was_given(
    good: dict[Any, Any], bad: dict[Any, Any], said: list[str]
) -> None:
    found = own_differences(good, bad)
    assert [one.text() for one in found] == said
    assert mixed(good, bad, frozenset()) == good
    whole = mixed(good, bad, frozenset(one.name for one in found))
    assert whole == bad or said == []


def test_two_settings_of_one_path_cannot_be_told_apart() -> None:
    with pytest.raises(PtyspecError, match="the same dotted path"):
        own_differences({"a": {"b": 1}, "a.b": 1}, {"a": {"b": 2}, "a.b": 2})


def test_a_file_says_what_its_writer_meant(tmp_path: Path) -> None:
    path = tmp_path / "lab.yaml"
    path.write_text("alpha: 1e-3\nversion: '1e-3'\nname: 1e\n")
    assert read_own(path) == {"alpha": 0.001, "version": "1e-3", "name": "1e"}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        pytest.param("lab.yaml", None, "cannot be read", id="not-there"),
        pytest.param("lab.yaml", "a: [", "cannot be read", id="broken"),
        pytest.param("lab.yaml", "!!python/object:os.system {}", "cannot be read", id="code"),
        pytest.param("lab.json", "{'a': 1}", "cannot be read", id="not-JSON"),
        pytest.param("lab.yaml", "- 1", "holds a mapping", id="a-list"),
        pytest.param("lab.py", "a = 1", "no settings file", id="a-script"),
        pytest.param("lab.yaml", "environment: {A: [1]}", "variable is text", id="variable"),
        pytest.param("lab.yaml", "level: 1.0", "do not differ", id="nothing-differs"),
        pytest.param("lab.yaml", "title: b", "BAD does not fail", id="harmless"),
    ],
)
def test_a_file_that_says_nothing_is_refused_in_words(
    name: str, text: str | None, said: str, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / name
    good.write_text("level: 1.0\n")
    if text is not None:
        bad.write_text(text)
    small = [part for one in SCENE for part in ("--set", one)]
    words = ["explain", "--pipeline", FLAT, str(good), str(bad), "--symptom", LEVEL, *small]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2, done.output
    assert said in done.stderr


@pytest.mark.parametrize(
    ("how", "symptom", "said"),
    [
        pytest.param({}, "NORM-001", "says nothing of this pipeline", id="a-stage-of-a-black-box"),
        pytest.param({}, "amplitude.mean_ration<1", "did you mean amplitude.mean_ratio", id="typo"),
        pytest.param(
            {"pipeline": ptyspec.ReferencePipeline}, LEVEL, "declares no settings", id="no-settings"
        ),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_in_words(
    how: dict[str, Any], symptom: str, said: str
) -> None:
    with pytest.raises(PtyspecError, match=said):
        explained({}, {"level": 0.5}, symptom, **how)


def test_a_good_that_shows_the_symptom_is_refused() -> None:
    with pytest.raises(PtyspecError, match="GOOD does not pass"):
        explained({"level": 0.5}, {"level": 1.0})


@pytest.mark.parametrize("symptom", [LEVEL, "RECON-001"], ids=["score", "clause"])
def test_a_bad_that_breaks_is_told_with_its_reason(symptom: str) -> None:
    with pytest.raises(PtyspecError, match=r"in BAD|BAD has no") as refused:
        explained({}, {"level": 0.5, "solver": "cuda"}, symptom)
    assert "OSError: no device" in str(refused.value)


def test_a_combination_on_which_it_breaks_is_no_answer_and_is_told() -> None:
    bad = {"level": 0.5, "solver": "cuda", "device": 0, "title": "b"}
    found = explained({}, bad)
    assert found.status == "explained"
    assert found.cause == (("level",),)
    (note,) = found.notes
    assert "solver: (absent) → cuda" in note
    assert "OSError: no device" in note


def test_a_clause_is_told_with_its_values() -> None:
    found = explained({}, {"level": 0.5, "title": "b"}, "RECON-001")
    assert found.cause == (("level",),)
    good, bad = found.notes[:2]
    assert good.startswith("GOOD: RECON-001 passed, level of the object against the truth: ")
    assert bad.startswith("BAD: RECON-001 failed, level of the object against the truth: 0.49")
    assert found.known[found.whole].number == pytest.approx(0.5, abs=0.05)


def test_each_claim_is_confirmed_with_other_seeds_of_its_own() -> None:
    told = Told()
    found = explained({"title": "a"}, {"level": 0.5, "title": "b"}, repeats=2, progress=told)
    (cause,) = found.causes
    numbers = [[run.number for run in claim.runs] for claim in cause.claims]
    assert [len({*row}) for row in numbers] == [3, 3]
    assert [run.seed for run in cause.claims[0].runs] == [None, 1, 2]
    assert [line[-6:] for line in told.lines[-4:]] == 2 * ["seed 1", "seed 2"]


def test_nothing_is_asked_twice_and_a_second_search_asks_nothing() -> None:
    sides: Any = ({}, {"level": 0.5, "title": "b", "folder": "c"})
    first, second = explained(*sides, repeats=1), explained(*sides, repeats=1)
    assert first.runs["not_cached"] == first.runs["search"] + first.runs["repeats"]
    assert second.runs["not_cached"] == 0
    assert second.cause == first.cause


def test_an_interrupted_search_goes_on_where_it_was_with_other_seeds_too() -> None:
    sides: Any = ({}, {"level": 0.5, "title": "b"})
    with pytest.raises(SearchInterruptedError, match="are kept"):
        explained(*sides, repeats=2, progress=Told("run   6"))
    found = explained(*sides, repeats=2)
    assert sum(found.runs[kind] for kind in ("search", "repeats")) - found.runs["not_cached"] == 6


def test_an_interrupted_search_says_so_where_its_answers_cannot_be_kept() -> None:
    words: dict[str, Any] = {}
    exec("def reconstruct(scan, settings): return flat.reconstruct(scan, settings)", words)
    words["flat"] = Flat()
    how = {"pipeline": words["reconstruct"], "progress": (told := Told("run   3"))}
    with pytest.raises(SearchInterruptedError, match="not kept; the smallest failing set: level"):
        explained(Flat.settings, {**Flat.settings, "level": 0.5, "title": "b"}, **how)
    assert "last for one search" in told.lines[0]


def test_an_environment_variable_is_a_difference_and_is_taken_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FLAT_OTHER", "mine")
    bad = {"environment": {"FLAT_LEVEL": 0.5, "FLAT_OTHER": None}, "title": "b"}
    found = explained({}, bad)
    assert found.cause == (("environment.FLAT_LEVEL",),)
    assert "FLAT_LEVEL" not in os.environ
    assert os.environ["FLAT_OTHER"] == "mine"


@pytest.mark.expensive
def test_a_command_gets_variables_when_it_starts_and_is_asked_side_by_side(tmp_path: Path) -> None:
    script = tmp_path / "lab.py"
    script.write_text(
        "import os, time\n"
        "LEVEL = float(os.environ.get('AT_IMPORT', '1'))\n"
        "from ptyspec.runs.serve import channel, serve\n"
        "from tests.own_pipelines import Flat\n"
        "class Lab(Flat):\n"
        "    def reconstruct(self, scan, settings):\n"
        "        if settings.get('crash'): os._exit(7)\n"
        "        time.sleep(settings.get('sleep', 0))\n"
        "        image, place = super().reconstruct(scan, settings)\n"
        "        return image * LEVEL, place\n"
        "with channel() as (questions, answers): serve(Lab(), questions, answers)\n"
    )
    bad = {"environment": {"AT_IMPORT": "0.5"}, "title": "b", "crash": True, "device": 0}
    command = f"cmd:{sys.executable} {script}"
    found = explained({}, {**bad, "crash": False}, pipeline=command, processes=2, repeats=1)
    assert found.cause == (("environment.AT_IMPORT",),)
    assert found.causes[0].confirmed == "both ways"
    broken = explained({}, bad, "outcome.failed==1", pipeline=command, processes=1)
    assert broken.cause == (("crash",),)
    kept = [path.read_text() for path in (tmp_path / "home" / "own").iterdir()]
    assert not any("exit code 7" in text for text in kept)  # it may answer next time

    begun = monotonic()
    with pytest.raises(SearchInterruptedError):
        explained({}, {"sleep": 99}, pipeline=command, processes=2, progress=Told("run   1"))
    assert monotonic() - begun < 30
    assert len([*(tmp_path / "home" / "own").iterdir()]) == len(kept)  # GOOD was there before


def test_a_pipeline_of_stages_is_spliced_and_its_own_setting_found_at_its_stage() -> None:
    small = [*SMALL, "inference.iterative_sweeps=1"]
    found = explained({}, {"level": 0.5, "title": "b"}, pipeline=Staged, set=small)
    assert (found.cause, found.stage) == ((("level",),), "infer")
    assert Staged().settings["level"] == 1.0


def test_two_settings_that_need_each_other_are_found_among_twenty_five() -> None:
    one = trial("two that need each other", 1)
    assert one.exact, one
    assert one.differences >= 19


@pytest.mark.expensive
@pytest.mark.parametrize(
    "kind", [*KINDS][2::3], ids=lambda kind: kind.replace(" ", "-").replace(",", "")
)
def test_what_was_planted_in_a_laboratory_s_settings_is_found_exactly(kind: str) -> None:
    one = trial(kind, 5, repeats=1)
    assert one.exact, one


def test_the_document_follows_its_schema_and_the_story_names_the_values(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.json", tmp_path / "bad.yaml"
    good.write_text('{"level": 1.0}')
    bad.write_text("level: 0.5\nsolver: fft\n")
    small = [part for one in SCENE for part in ("--set", one)]
    words = ["explain", "--pipeline", FLAT, str(good), str(bad), "--symptom", LEVEL, *small]
    done = CliRunner().invoke(app, [*words, "--json", "--out", str(tmp_path / "why")])
    assert done.exit_code == 0, done.output
    assert breaches(json.loads(done.stdout), "explanation") == []
    story = (tmp_path / "why" / "explanation.md").read_text()
    assert "**Cause:** level: 1.0 → 0.5." in story
    assert "solver: \\(absent\\) → fft" in story

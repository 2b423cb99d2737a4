"""Arms that are a foreign pipeline with settings of its own: named in the words of a run, observed beside the truth."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.lab import SCENE
from ptyspec.errors import PtyspecError
from ptyspec.experiments.judge import judge
from ptyspec.experiments.observe import key_of, known, observe, value, variant
from ptyspec.experiments.registry import hypothesis
from ptyspec.experiments.verdict import CONFIRMED
from tests.hypotheses import written

FLAT = "gs1_custom:pipeline=tests.own_pipelines:Flat"
HYPOTHESIS = f"""id = "H-EXAMPLE"
title = "The level of a laboratory"
claim = "Half the level in the settings is half the level of the object."
story = "Two scripts should agree."
cost = "dear"
clauses = ["EVID-001"]
profile = "quick"
settings = {[*SCENE]}
[arms]
right = "{FLAT}"
half = "{FLAT},own.level=0.5"
variable = "{FLAT},own.environment.FLAT_LEVEL=0.4"
titled = "{FLAT},own.title=b"
[observable]
path = "amplitude.mean_ratio"
[[contrast]]
name = "half the level"
role = "effect"
minus = ["half", "right"]
expect = "beyond"
margin = 0.2
[[contrast]]
name = "without it"
role = "restored"
minus = ["titled", "right"]
expect = "within"
margin = 0.2
[[control]]
name = "a variable that is known to act"
kind = "positive"
minus = ["variable", "right"]
margin = 0.2
[[control]]
name = "a title that does nothing"
kind = "negative"
minus = ["titled", 1.0]
margin = 0.2
[design]
seeds = [1, 2, 3]
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTYSPEC_HOME", str(tmp_path / "home"))


def test_own_settings_are_part_of_a_run_s_words_its_settings_and_its_key(tmp_path: Path) -> None:
    path = tmp_path / "lab.yaml"
    path.write_text("level: 5e-1\nengine: {beta: 0.9, kind: a}\n")
    one = variant(f"{FLAT},own={path},own.engine.beta=1e-1", settings=SCENE)
    assert one.own == {"level": 0.5, "engine": {"beta": 0.1, "kind": "a"}}
    told = {key: on for key, on in one.settings().items() if key.startswith("own.")}
    assert told == {"own.level": 0.5, "own.engine.beta": 0.1, "own.engine.kind": "a"}
    again = one.with_settings(one.settings())
    assert (again.own, again.pipeline) == (one.own, one.pipeline)
    assert key_of(one) != key_of(variant(FLAT, settings=SCENE))


def test_a_black_box_is_observed_beside_the_truth_with_its_own_settings() -> None:
    half = variant(f"{FLAT},own.level=0.5", profile="quick", settings=SCENE)
    seen = observe(half)
    assert seen["outcome"] == "finished"
    assert value(seen, "amplitude.mean_ratio") == pytest.approx(0.5, abs=0.05)
    assert value(seen, "r_factor_truth") is not None
    assert known(half)


def test_a_box_that_breaks_is_a_result() -> None:
    seen = observe(variant(f"{FLAT},own.solver=cuda", profile="quick", settings=SCENE))
    assert (seen["outcome"], seen["error"]) == ("failed", "OSError: no device")


@pytest.mark.parametrize(
    ("word", "said"),
    [
        pytest.param("own.level=[", "cannot be read", id="value"),
        pytest.param("own=lab.txt", "no settings file", id="file"),
    ],
)
def test_a_word_that_says_nothing_is_refused(word: str, said: str) -> None:
    with pytest.raises(PtyspecError, match=said):
        variant(f"{FLAT},{word}")


@pytest.mark.expensive
def test_a_hypothesis_about_a_foreign_pipeline_is_judged(tmp_path: Path) -> None:
    place = written(tmp_path, HYPOTHESIS)
    assert hypothesis("H-EXAMPLE", place).arms["half"].endswith("own.level=0.5")
    found = judge("H-EXAMPLE", place)
    assert found.verdict.verdict == CONFIRMED, found.verdict.reason
    scope = found.evidence.scope
    assert scope.varied["own.level"] == {"right": None, "half": 0.5, "titled": None}

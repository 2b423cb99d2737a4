"""`ptyspec explain` end to end on a pipeline without a network: planted faults among harmless differences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from tests.json_schema import breaches
from tests.tiny_runs import SMALL
from tests.trivial_pipeline import WORDS

pytestmark = pytest.mark.expensive

HARMLESS = (
    "closed-form-scale",
    "twin-patches",
    "dose.nphotons=1e6",
    "inference.min_coverage=0.06",
    "seeds.scan=7",
)
GOOD = f"gs1_custom:{WORDS}"


def bad(*words: str) -> str:
    return ",".join([GOOD, *HARMLESS, *words])


def explain(*words: str, symptom: str = "amplitude.mean_ratio<0.9") -> Any:
    quick = [*SMALL, "inference.iterative_sweeps=1"]
    common = [part for text in quick for part in ("--set", text)]
    return CliRunner().invoke(
        app, ["explain", *words, "--symptom", symptom, "--profile", "quick", *common, "-n", "1"]
    )


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A store of their own: what is made once is made once here."""
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("home")
        patch.setenv("PTYSPEC_HOME", str(place))
        yield place


@pytest.fixture(scope="module")
def made(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an explanation with one planted fault."""
    out = tmp_path_factory.mktemp("out") / "explained"
    done = explain(GOOD, bad("uncovered-zeros"), "--out", str(out), "--repeats", "1")
    assert done.exit_code == 0, done.output
    assert f"story: {out / 'explanation.md'}" in done.stdout
    return out


@pytest.fixture(scope="module")
def content(made: Path) -> dict[str, Any]:
    return dict(json.loads((made / "explanation.json").read_text()))


def test_the_planted_fault_and_nothing_else_is_named_at_its_stage_and_confirmed_both_ways(
    content: dict[str, Any],
) -> None:
    assert content["status"] == "explained"
    assert content["cause"] == [["fault.uncovered-zeros"]]
    assert content["stage"] == "stitch"
    assert content["masked"] == []
    assert len(content["differences"]) == 1 + len(HARMLESS)
    (cause,) = content["causes"]
    assert cause["confirmed"] == "both ways"
    assert {claim["way"] for claim in cause["claims"]} == {"adding", "removing"}
    assert all(len(claim["runs"]) == 2 for claim in cause["claims"])


def test_the_trace_holds_every_run_and_follows_its_schema(content: dict[str, Any]) -> None:
    assert breaches(content, "explanation") == []
    assert [step["run"] for step in content["trace"]] == list(
        range(1, content["runs"]["search"] + 1)
    )
    assert content["trace"][0]["taken_over"] == []
    assert content["trace"][1]["outcome"] == "fail"


def test_the_chain_shows_one_flip(content: dict[str, Any]) -> None:
    outcomes = {len(row["good_stages"]): row["outcome"] for row in content["stages"]["splices"]}
    assert outcomes[0] == outcomes[6] == "fail"
    assert outcomes[7] == outcomes[8] == "pass"


def test_the_story_says_it_in_words(made: Path) -> None:
    text = (made / "explanation.md").read_text()
    assert "up to and including stitch the symptom is gone" in text
    assert (
        "**Cause:** fault uncovered-zeros (Pixels without light are zero: uncovered pixels look like an opaque object)"
        in text
    )
    assert {path.name for path in made.iterdir()} == {"explanation.json", "explanation.md"}


@pytest.mark.usefixtures("made")
def test_the_same_question_is_answered_from_the_store() -> None:
    done = explain(GOOD, bad("uncovered-zeros"), "--json", "--repeats", "1")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["runs"]["not_cached"] == 0


def test_two_independent_causes_are_both_named() -> None:
    done = explain(
        GOOD, bad("uncovered-zeros", "uncovered-pixels-scored"), "--json", "--repeats", "0"
    )
    found = json.loads(done.stdout)
    assert {tuple(cause) for cause in found["cause"]} == {
        ("fault.uncovered-zeros",),
        ("fault.uncovered-pixels-scored",),
    }
    assert (done.exit_code, found["status"]) == (0, "explained")


def test_a_spent_budget_is_incomplete_and_says_how_far_it_came() -> None:
    done = explain(GOOD, bad("uncovered-zeros"), "--json", "--repeats", "1", "--budget", "2")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["status"]) == (4, "incomplete")
    assert found["runs"]["search"] == 2
    assert "fault.uncovered-zeros" in found["best_so_far"]


@pytest.mark.parametrize(
    ("words", "symptom", "said"),
    [
        pytest.param(
            (bad("uncovered-zeros"), GOOD),
            "amplitude.mean_ratio<0.9",
            "GOOD does not pass",
            id="swapped",
        ),
        pytest.param((GOOD, bad()), "amplitude.mean_ratio<0.9", "BAD does not fail", id="harmless"),
        pytest.param((GOOD, GOOD), "amplitude.mean_ratio<0.9", "do not differ", id="same"),
        pytest.param(
            (GOOD, bad()),
            "amplitude.mean_ration<0.9",
            "did you mean amplitude.mean_ratio",
            id="typo",
        ),
        pytest.param((GOOD, bad()), "__import__('os')", "a symptom cannot be read", id="code"),
        pytest.param(
            (GOOD, f"{GOOD},dose.nphotons=1e5"),
            "NORM-001",
            "bring their own settings",
            id="clause-settings",
        ),
        pytest.param((GOOD, bad()), "NORM-999", "NORM-999", id="no-clause"),
        pytest.param(
            (GOOD, f"{GOOD},no-such-fault"),
            "amplitude.mean_ratio<0.9",
            "neither a recipe nor a fault",
            id="word",
        ),
    ],
)
def test_wrong_input_is_refused_in_words(words: tuple[str, str], symptom: str, said: str) -> None:
    done = explain(*words, symptom=symptom)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_folder_of_something_else_is_refused_before_any_run(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("")
    done = explain(GOOD, bad("uncovered-zeros"), "--out", str(tmp_path))
    assert done.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]

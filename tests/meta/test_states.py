"""States belong to checks: what a session says of each clause, what it refuses, what it expects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ptyspec.errors import PtyspecError
from ptyspec.spec.clause import PLACES, specification
from ptyspec.spec.finding import State, of_case
from ptyspec.testing.controller import read_xfails
from tests.plugin_project import OURS, RECORD, record, session, write

pytest_plugins = ["pytester"]

MUST = [clause for clause in specification().values() if clause.level == "MUST"]
FIRST, SECOND = MUST[0].id, MUST[1].id
PAIR = FIRST, SECOND
BINDS_ALL = "import pytest\npytestmark = pytest.mark.clause({})\ndef test_it():\n    assert True\n"
MIXED = f"""
import pytest

@pytest.mark.clause("{FIRST}")
@pytest.mark.parametrize("x", [1, 2], ids=["one", "two"])
def test_first(x):
    assert x == 2

@pytest.mark.clause("{SECOND}")
class TestSecond:
    def test_right(self):
        assert True

    def test_wrong(self):
        assert "object" == "probe"
"""


def summary(result: pytest.RunResult) -> list[str]:
    """The lines of the plugin's section."""
    lines = result.stdout.lines
    start = next(
        n for n, line in enumerate(lines) if line.startswith("=") and line.strip("= ") == "ptyspec"
    )
    rest = lines[start + 1 :]
    return [
        line
        for line in rest[: next(n for n, line in enumerate(rest) if line.startswith("="))]
        if line
    ]


PASSED, FAILED, ERROR = State.PASSED, State.FAILED, State.ERROR
NOT_REACHED, NOT_RUN = State.NOT_REACHED, State.NOT_RUN
RULES: dict[str, tuple[State, dict[str, Any], State, State]] = {
    "its-own-check": (FAILED, {"failed": ["B"], "held": ["A"]}, PASSED, FAILED),
    "the-first-check": (FAILED, {"failed": ["A"]}, FAILED, NOT_REACHED),
    "both-expected": (FAILED, {"failed": ["A", "B"]}, FAILED, FAILED),
    "no-clause-named": (FAILED, {"held": ["A"]}, NOT_REACHED, NOT_REACHED),
    "a-crash": (ERROR, {"held": ["A"]}, ERROR, ERROR),
    "one-not-checked": (PASSED, {"held": ["A"]}, PASSED, NOT_RUN),
    "plain-assertions": (PASSED, {"asserts": True}, NOT_RUN, NOT_RUN),
    "skipped": (NOT_RUN, {}, NOT_RUN, NOT_RUN),
}


@pytest.mark.parametrize(("case", "facts", "first", "second"), RULES.values(), ids=RULES)
def test_a_state_follows_from_the_checks_of_the_clause(
    case: State, facts: dict[str, Any], first: State, second: State
) -> None:
    assert of_case(["A", "B"], case, **facts) == {"A": first, "B": second}


@pytest.mark.parametrize(
    ("case", "asserts", "state"),
    [(PASSED, True, PASSED), (PASSED, False, NOT_RUN), (FAILED, True, FAILED)],
    ids=["passed", "asserts-nothing", "failed"],
)
def test_plain_assertions_of_a_case_with_one_clause_are_that_ones(
    case: State, asserts: bool, state: State
) -> None:
    assert of_case(["A"], case, asserts=asserts) == {"A": state}


SUITE = f"""
import pytest
from ptyspec.pipeline.reference import ReferencePipeline

pair = pytest.mark.clause("{PAIR[0]}", "{PAIR[1]}")

@pair
def test_second_check_fails(clause):
    clause.holds(True, "first")
    clause("{PAIR[1]}").holds(False, "second")

@pair
def test_first_check_fails(clause):
    clause.holds(False, "first")
    clause("{PAIR[1]}").holds(True, "second")

@pair
def test_an_assertion_comes_after(clause):
    clause.holds(False, "first")
    assert not clause.clause

@pair
def test_no_clause_is_named(clause):
    clause.holds(True, "first")
    assert not clause.clause

@pytest.mark.clause("{PAIR[0]}")
def test_no_check():
    pass

@pytest.mark.clause("{PAIR[0]}")
def test_crash(clause):
    clause.holds(True, "before it")
    raise MemoryError("none is left")

@pytest.mark.clause("{PAIR[0]}")
def test_calls_a_stage(pipeline, scenario):
    assert pipeline.simulate(scenario)

@pytest.mark.clause("{PAIR[0]}")
def test_calls_another_pipelines_stage(pipeline, scenario):
    assert ReferencePipeline().simulate(scenario)
"""
MINE = "from ptyspec.pipeline.reference import ReferencePipeline\n"
MINE += "class Mine(ReferencePipeline):\n    name = 'mine'\n"


def states(project: pytest.Pytester, *words: str) -> dict[str, str]:
    """The states of both clauses by case, with a note where the whole case was expected to fail."""
    session(project, "-p", "no:xdist", "--ptyspec-results=results.json", *words)
    cases = record(project, Path("results.json"))["cases"]
    return {
        name.partition("::test_")[2]: ", ".join(row["clauses"].values())
        + (", expected" if row["expected"] else "")
        for name, row in cases.items()
    }


@pytest.fixture
def suite(project: pytest.Pytester) -> pytest.Pytester:
    write(project, OURS, contract__test_a=SUITE)
    (project.path / "mine.py").write_text(MINE, encoding="utf-8")
    return project


def test_a_case_blames_the_clause_whose_check_failed_and_no_other(suite: pytest.Pytester) -> None:
    """Also where the session writes its bindings."""
    assert states(suite, "--ptyspec-bindings=bindings.json") == {
        "second_check_fails": "passed, failed",
        "first_check_fails": "failed, not reached",
        "an_assertion_comes_after": "failed, not reached",
        "no_clause_is_named": "not reached, not reached",
        "no_check": "not run",
        "crash": "error",
        "calls_a_stage": "passed",
        "calls_another_pipelines_stage": "passed",
    }


@pytest.mark.expensive
def test_an_expected_failure_of_one_clause_hides_none_of_another(suite: pytest.Pytester) -> None:
    (suite.path / "known.txt").write_text(f"{PAIR[0]}  # known\n")
    found = states(suite, "--ptyspec-xfails=known.txt")
    assert found["first_check_fails"] == "failed, passed, expected"
    assert found["second_check_fails"] == "passed, failed"
    assert found["an_assertion_comes_after"] == "failed, not reached"
    assert found["crash"] == "error"


def test_a_case_that_did_not_use_the_pipeline_says_nothing_of_it(suite: pytest.Pytester) -> None:
    found = states(suite, "--ptyspec-pipeline=mine:Mine")
    assert found.pop("calls_a_stage") == "passed"
    assert {word for words in found.values() for word in words.split(", ")} == {"not run"}


@pytest.mark.expensive
def test_the_summary_counts_by_level_and_names_the_failed_clauses_by_stage(
    project: pytest.Pytester,
) -> None:
    red = "\n".join(
        f"@pytest.mark.clause('{clause.id}')\ndef test_{n}():\n    assert False"
        for n, clause in enumerate(MUST[:8])
    )
    write(
        project,
        OURS,
        test_red=f"import pytest\n{red}\n",
        test_green=BINDS_ALL.format(repr(MUST[9].id)),
    )
    first = min(MUST[:8], key=lambda clause: PLACES.index(clause.place))
    lines = summary(project.runpytest_subprocess("-n", "1", "--tb=no"))
    # Nothing was left out, so that clauses without a case are counted.
    assert lines[0].startswith(f"clauses: MUST 1 passed, 8 failed, {len(MUST) - 9} no case")
    assert lines[1] == f"  failed {first.id} · {first.title} (MUST, {first.place})"
    assert lines[7:] == ["  and 2 more", "details: ptyspec trace"]
    partial = summary(session(project, "tests/test_green.py", "-k", "it"))
    assert partial == ["clauses: MUST 1 passed", "details: ptyspec trace"]


def test_a_failure_tells_rule_limit_stage_and_the_next_command_once(
    project: pytest.Pytester,
) -> None:
    """That of a bare assertion in a section of the report, that of a check in its message."""
    module = f"import pytest\n@pytest.mark.clause('{FIRST}')\ndef test_b(clause):\n    clause.equal(1, 2, 'gain')\n"
    write(project, OURS, contract__test_a=MIXED, contract__test_b=module)
    text = session(
        project, "-p", "no:xdist", "-k", "wrong or test_b", "--ptyspec-profile", "stable"
    ).stdout.str()
    clause = specification()[SECOND]
    for line in (
        f"{clause.id} · {clause.title} (MUST, {clause.source})",
        f"  rule       {clause.statement}",
        f"  limit      {clause.tolerance}",
        f"  stage      {clause.place}",
        "  reproduce  pytest 'tests/contract/test_a.py::TestSecond::test_wrong' --ptyspec-profile stable",
        "reproduce  pytest 'tests/contract/test_b.py::test_b' --ptyspec-profile stable",
    ):
        assert line in text
    # On CI pytest's own summary repeats the whole message.
    assert text.split("short test summary info")[0].count("  rule  ") == 2
    assert "def fail(" not in text
    # Another profile's outcomes are not the repository's.
    assert not (project.path / RECORD).exists()


@pytest.mark.expensive
def test_a_clause_that_was_expected_to_fail_and_does_not_fails_the_session(
    project: pytest.Pytester,
) -> None:
    write(project, OURS, test_a=BINDS_ALL.format(repr(FIRST)))
    (project.path / "known.txt").write_text(f"# known\n{FIRST}  # not yet\n{SECOND} # nor this\n")
    result = project.runpytest_subprocess("--ptyspec-xfails", "known.txt", "-n", "1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert summary(result)[-2:] == [
        f"{SECOND} was expected to fail, and has no case here",
        f"{FIRST} was expected to fail, and all its 1 cases passed",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(f"{FIRST}\n", "not a clause and a reason", id="reason"),
        pytest.param("NO-SUCH-001  # known\n", "no clause has this id", id="unknown"),
        pytest.param(None, "cannot be read", id="absent"),
    ],
)
def test_a_file_of_expected_failures_that_cannot_be_read_is_refused(
    tmp_path: Path, text: str | None, told: str
) -> None:
    if text is not None:
        (tmp_path / "known.txt").write_text(text)
    with pytest.raises(PtyspecError, match=told):
        read_xfails(tmp_path / "known.txt")

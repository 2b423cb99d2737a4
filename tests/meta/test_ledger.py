"""The ledger: the same record however the cases were run, merged over sessions, and what travels to get there."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from ptyspec.spec.ledger import FILE, LedgerError, read
from tests.plugin_project import IDS, OURS, TEST, record, session, write

pytest_plugins = ["pytester"]

A, B, C = IDS[:3]
SUITE = f"""
import pytest
from ptyspec.spec.clause import Tolerance

TENTH = Tolerance(0.1, "absolute", "assigned", "a test")

@pytest.fixture
def broken():
    raise RuntimeError("no beam")

@pytest.fixture
def breaks_afterwards():
    yield
    raise RuntimeError("no beam")

@pytest.mark.parametrize("error", [0.01, 0.04, 0.06], ids=["small", "middle", "large"])
@pytest.mark.clause("{A}", "{B}")
def test_uses_its_tolerance(clause, error):
    clause.close(error, 0.0, "object amplitude", TENTH)
    clause.close(error / 2, 0.0, "object amplitude", TENTH)
    clause("{B}").close(2 * error, 0.0, "phase", Tolerance(1.0, "absolute", "assigned", "a test"))

@pytest.mark.clause("{C}")
class TestEveryOutcome:
    def test_violates(self, clause):
        clause.close(0.2, 0.0, "gain", TENTH)

    def test_fails(self):
        assert False

    def test_error(self, broken):
        pass

    def test_error_afterwards(self, breaks_afterwards):
        pass

    def test_skipped(self):
        pytest.skip("no data")

    @pytest.mark.skip(reason="never")
    def test_skipped_by_mark(self):
        pass

    @pytest.mark.xfail(reason="known", strict=True)
    def test_xfailed(self):
        assert False

    @pytest.mark.xfail(reason="gone", strict=False)
    def test_xpassed(self):
        assert True

    def test_makes_no_check(self):
        pass

    def test_subtests(self, subtests):
        for number in range(3):
            with subtests.test(number=number):
                assert number != 1
        assert True
"""
STATES = {
    "violates": "failed",
    "fails": "failed",
    "error": "error",
    "error_afterwards": "error",
    "skipped": "not run",
    "skipped_by_mark": "not run",
    "xfailed": "failed",
    "xpassed": "failed",
    "subtests": "failed",
    "makes_no_check": "passed",
}
OF_THE_CLAUSE = STATES | {"xpassed": "passed", "makes_no_check": "not run"}
SHUFFLE = "import random\ndef pytest_collection_modifyitems(items):\n    random.Random(7).shuffle(items)\n"
WAYS = {"alone": ("-n", "0"), "two": ("-n", "2"), "shuffled": ("-p", "no:xdist", "-p", "shuffle")}


def timeless(content: dict[str, Any]) -> dict[str, Any]:
    """A record without what differs from session to session."""
    for row in content["cases"].values():
        assert row.pop("seconds") >= 0
        assert row.pop("when").endswith("+00:00")
        assert re.fullmatch("[0-9a-f]{16}", row.pop("code"))
    return content


@pytest.mark.expensive
def test_the_record_is_the_same_however_the_cases_were_run(project: pytest.Pytester) -> None:
    write(project, OURS, contract__test_a=SUITE, parity__test_b=TEST)
    (project.path / "shuffle.py").write_text(SHUFFLE, encoding="utf-8")
    found = {}
    project.syspathinsert()
    for way, words in WAYS.items():
        run = project.runpytest_subprocess if way == "two" else partial(session, project)
        run(
            "--cache-clear", "--ptyspec-results", f"results/{way}.json", "--junit-xml=j.xml", *words
        )
        found[way] = timeless(record(project))
        assert timeless(record(project, project.path / "results" / f"{way}.json")) == found[way]
    first = found.pop("alone")
    for way, other in found.items():
        assert other == first, way

    assert first["schema_version"] == 3
    assert first["environment"].startswith("numpy ")
    cases = first["cases"]
    every = "tests/contract/test_a.py::TestEveryOutcome::test_"
    rows = {name.removeprefix(every): row for name, row in cases.items() if every in name}
    assert {name: row["state"] for name, row in rows.items()} == STATES
    assert {name: row["clauses"] for name, row in rows.items()} == {
        name: {C: state} for name, state in OF_THE_CLAUSE.items()
    }
    assert [name for name, row in rows.items() if row["expected"]] == ["xfailed"]
    assert cases["tests/parity/test_b.py::test_it"] == {
        "state": "passed",
        "expected": False,
        "note": "",
        "clauses": {},
        "margins": [],
    }
    large = cases["tests/contract/test_a.py::test_uses_its_tolerance[large]"]
    assert large["clauses"] == {A: "passed", B: "passed"}
    worst = [[A, "object amplitude", 0.6], [B, "phase", 0.12]]  # of each quantity
    assert large["margins"] == worst
    assert cases[f"{every}violates"]["margins"] == [[C, "gain", 2.0]]
    middle = "test_uses_its_tolerance[middle]"
    [case] = [
        one for one in ElementTree.parse("j.xml").iter("testcase") if one.get("name") == middle
    ]
    assert [(node.get("name"), node.get("value")) for node in case.iter("property")] == [
        ("clause", A),
        ("clause", B),
        ("tier", "contract"),
        ("state", "passed"),
        (f"state:{A}", "passed"),
        (f"state:{B}", "passed"),
        (f"margin:{A}", "0.4 object amplitude"),
        (f"margin:{B}", "0.08 phase"),
    ]


@pytest.mark.expensive
def test_a_later_session_replaces_what_it_ran_and_forgets_files_that_are_gone(
    project: pytest.Pytester,
) -> None:
    two = "def test_one():\n    pass\ndef test_two():\n    assert {}\n"
    write(project, OURS, test_a=two.format(False), test_b=TEST, test_c=two.format(True))
    session(project)
    assert len(record(project)["cases"]) == 5
    (project.path / "tests" / "test_b.py").unlink()
    write(project, OURS, test_a=two.format(True))
    session(project, "-k", "two and test_a")
    cases = record(project)["cases"]
    assert {name.removeprefix("tests/test_"): row["state"] for name, row in cases.items()} == {
        f"{file}.py::test_{name}": "passed" for file in "ac" for name in ("one", "two")
    }


@pytest.mark.expensive
def test_a_crashed_worker_costs_its_case_and_not_the_record(project: pytest.Pytester) -> None:
    crash = f"import os, pytest\n@pytest.mark.clause('{A}')\ndef test_crash():\n    os._exit(1)\n"
    write(project, OURS, test_a=crash, test_b=TEST)
    project.runpytest_subprocess("-n", "2", "--max-worker-restart=1")
    cases = record(project)["cases"]
    crashed = cases["tests/test_a.py::test_crash"]
    assert (crashed["state"], crashed["clauses"]) == ("error", {A: "error"})
    assert cases["tests/test_b.py::test_it"]["state"] == "passed"


def test_an_interrupted_case_has_no_outcome(project: pytest.Pytester) -> None:
    write(project, OURS, test_a=f"{TEST}\ndef test_interrupted():\n    raise KeyboardInterrupt\n")
    assert session(project).ret == pytest.ExitCode.INTERRUPTED
    assert set(record(project)["cases"]) == {"tests/test_a.py::test_it"}


def test_a_record_that_cannot_be_written_is_told(project: pytest.Pytester) -> None:
    write(project, OURS, test_a=TEST)
    (project.path / ".pytest_cache").write_text("a file, not a folder")
    result = session(project, "--ptyspec-results", "pyproject.toml/results.json")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["outcomes are not kept: *", "--ptyspec-results: *"])


def test_a_record_of_another_version_is_named(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    path.write_text('{"schema_version": 2}', encoding="utf-8")
    assert "run the tests again" in read(tmp_path, str).note
    path.write_text('{"schema_version": 4}', encoding="utf-8")
    with pytest.raises(LedgerError, match="schema_version 4"):
        read(tmp_path, str)

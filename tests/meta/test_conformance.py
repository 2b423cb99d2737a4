"""The suite that ships: any pipeline, named on the command line, in a folder that knows nothing of ptyspec."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import ptyspec
from ptyspec.cli.main import app
from ptyspec.contracts.stages import REFERENCE
from ptyspec.front.checkout import place
from ptyspec.spec.clause import packaged, specification
from ptyspec.spec.finding import State
from tests.plugin_project import FIXED, record, session

pytest_plugins = ["pytester"]

THEIRS = '''
"""Black boxes that answer at once, each wrong in its own way."""

import numpy as np


def canvas(scan, high, wide):
    corner = np.floor(scan.positions.min(0)).astype(int) - scan.probe.shape[0] // 2
    return np.ones((high, wide), np.complex64), tuple(map(int, corner))


def sides(scan):
    wide, high = np.ptp(scan.positions, axis=0).astype(int) + scan.probe.shape[0] + 2
    return high, wide


def flat(scan, settings):
    return canvas(scan, *sides(scan))


def square(scan, settings):
    high, _ = sides(scan)
    return canvas(scan, high + 4, high + 4)


def real(scan, settings):
    image, place = flat(scan, settings)
    return image.real, place


def broken(scan, settings):
    raise MemoryError("no memory")
'''
SUITE = ("--pyargs", "ptyspec.conformance", "-p", "no:hypothesispytest", "-p", "no:allure_pytest")


@pytest.fixture
def theirs(project: pytest.Pytester) -> Iterator[pytest.Pytester]:
    """An empty folder but for their module."""
    (project.path / "theirs.py").write_text(THEIRS, encoding="utf-8")
    before = [*sys.path]
    sys.modules.pop("theirs", None)
    yield project
    sys.path[:] = before
    sys.modules.pop("theirs", None)


def judged(theirs: pytest.Pytester, name: str, *words: str) -> pytest.RunResult:
    return session(theirs, *SUITE, "--ptyspec-pipeline", f"theirs:{name}", *words)


def test_the_suite_judges_a_box_in_an_empty_folder(theirs: pytest.Pytester) -> None:
    chosen = ("-k", "recon-037 or recon-045 or one_gain", "--ptyspec-results=said.json")
    result = judged(theirs, "real", *chosen)
    result.assert_outcomes(failed=1, skipped=3, deselected=len_of_suite() - 4)
    command = "pytest --pyargs 'ptyspec.conformance.test_box::test_the_answers_keep_the_clause[[]recon-037]'"
    result.stdout.fnmatch_lines([f"*reproduce  {command} --ptyspec-pipeline theirs:real"])
    whole = len(specification())
    result.stdout.fnmatch_lines(
        [
            f"1 of {whole} clauses judged theirs:real, 1 of them MUST",
            "  * do not apply, only ptyspec's own tests look at it: *",
            "  1 do not apply, it looks at the outputs of stages: NORM-002",
            "  1 do not apply, it asks a network: an adapter with `fit`: RECON-045",
        ]
    )
    states = {
        name: row["state"] for name, row in record(theirs, Path("said.json"))["cases"].items()
    }
    assert states.pop(
        "ptyspec/conformance/test_box.py::test_the_answers_keep_the_clause[recon-037]"
    ) == ("failed")
    assert {*states.values()} == {"not run"}


def len_of_suite() -> int:
    from ptyspec.conformance import test_box, test_stages

    found = 0
    for module in (test_box, test_stages):
        for name, case in vars(module).items():
            marks = getattr(case, "pytestmark", ()) if name.startswith("test_") else ()
            count = 1
            for mark in marks:
                count *= len(mark.args[1]) if mark.name == "parametrize" else 1
            found += count if name.startswith("test_") else 0
    return found


def test_the_line_that_reproduces_a_failure_runs_that_case(theirs: pytest.Pytester) -> None:
    name = "ptyspec.conformance.test_box::test_the_answers_keep_the_clause[recon-037]"
    words = ("--ptyspec-pipeline", "theirs:real", *SUITE[2:])
    session(theirs, "--pyargs", name, *words).assert_outcomes(failed=1)


EXPECTED = {
    "known": ("RECON-037", {"xfailed": 1}, pytest.ExitCode.OK),
    "of-another-clause": ("RECON-036", {"failed": 1}, pytest.ExitCode.TESTS_FAILED),
}


@pytest.mark.parametrize(("clause", "outcomes", "code"), EXPECTED.values(), ids=EXPECTED)
def test_an_expected_failure_is_the_implementers_and_of_one_clause(
    theirs: pytest.Pytester, clause: str, outcomes: dict[str, int], code: pytest.ExitCode
) -> None:
    (theirs.path / "known.txt").write_text(f"{clause}  # later\n", encoding="utf-8")
    words = ("-k", "recon-037", "--ptyspec-xfails=known.txt")
    result = judged(theirs, "real", *words)
    result.assert_outcomes(**outcomes, deselected=len_of_suite() - 1)
    assert result.ret == code


def test_an_expected_failure_that_does_not_come_fails_the_session(theirs: pytest.Pytester) -> None:
    (theirs.path / "known.txt").write_text("RECON-037  # later\n", encoding="utf-8")
    words = ("-k", "recon-037", "--ptyspec-xfails=known.txt")
    result = judged(theirs, "flat", *words)
    result.stdout.fnmatch_lines(["RECON-037 was expected to fail, and all its 1 cases passed"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_without_a_pipeline_the_suite_says_what_it_needs(theirs: pytest.Pytester) -> None:
    result = session(theirs, *SUITE)
    assert result.ret != pytest.ExitCode.OK
    told = f"no pipeline to judge; next: --ptyspec-pipeline MODULE:ATTR; to try it: {REFERENCE}"
    assert told in f"{result.stdout} {result.stderr}"


def check(words: str, *more: str) -> tuple[int, Any]:
    os.environ.update(
        FIXED
    )  # the threads with which this process began; the project's fixture takes them back
    done = CliRunner().invoke(app, ["check", words, "--json", *more])
    assert done.stdout, done.output
    return done.exit_code, json.loads(done.stdout)


CODES = {
    "right": ("flat", "RECON-037", 0, {"RECON-037": "passed"}),
    "wrong": ("real", "RECON-037", 1, {"RECON-037": "failed"}),
    "error": ("broken", "RECON-037", 3, {"RECON-037": "error"}),
    "not-asked": ("flat", "NORM-002", 4, {}),
}


@pytest.mark.parametrize(("name", "clause", "code", "states"), CODES.values(), ids=CODES)
def test_the_command_judges_without_pytest(
    theirs: pytest.Pytester, name: str, clause: str, code: int, states: dict[str, str]
) -> None:
    found, told = check(f"theirs:{name}", "--clause", clause)
    assert found == code
    assert {one["clause"]: one["state"] for one in told["findings"]} == states
    aside = {} if states else {"it looks at the outputs of stages": [clause]}
    assert told["does_not_apply"] == aside


def test_a_second_scene_tells_x_from_y(theirs: pytest.Pytester) -> None:
    """A canvas as wide as it is high holds every frame of the first scene."""
    (theirs.path / "theirs.py").write_text(THEIRS, encoding="utf-8")
    quick = ptyspec.check("theirs:square", clauses=["RECON-023"])
    full = ptyspec.check("theirs:square", clauses=["RECON-023"], tier="full")
    assert [one.state for one in quick] == [State.PASSED]
    assert [one.state for one in full] == [State.FAILED]
    assert full[0].what.endswith(", second scene")


def test_each_clause_judges_or_says_why_it_does_not(theirs: pytest.Pytester) -> None:
    found = ptyspec.check("theirs:broken")
    aside = [name for names in found.aside.values() for name in names]
    assert sorted([*aside, *(one.clause for one in found)]) == sorted(specification())
    assert State.PASSED not in {one.state for one in found}
    assert found.status == "error"
    assert f"of {len(specification())} clauses judge this pipeline" in found.line


def test_a_tier_that_there_is_not_is_wrong_input() -> None:
    done = CliRunner().invoke(app, ["check", "theirs:flat", "--tier", "whole"])
    assert done.exit_code == 2
    assert "quick or full" in done.stderr


LAB = """# Lab

## Frames

### LAB-001 · Frames are square {r1}
A frame MUST be square.

- Why: the transform is.
- Tolerance: exact
- Place: simulate
"""


def test_a_folder_adds_its_own_clauses_and_copies_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "specs").mkdir()
    for name, text in {
        "lab": LAB,
        "notes": "# Notes\n",
        "copy": LAB.replace("LAB-001", "NORM-002"),
    }.items():
        (tmp_path / "specs" / f"{name}.md").write_text(text, encoding="utf-8")
    own = place(None)
    assert (own.root, own.whole) == (tmp_path, False)
    assert {*specification()} - {*packaged()} == {"LAB-001"}
    assert specification()["NORM-002"] == packaged()["NORM-002"]
    assert f"1 in {tmp_path / 'specs'}" in own.told()

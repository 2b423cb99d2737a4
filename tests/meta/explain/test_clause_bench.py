"""A clause as symptom: its cases run under the faults of a subset, and say which of them breaks it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.experiments.observe import variant
from ptyspec.explanations.laboratory import SECONDS, ClauseBench
from ptyspec.explanations.search import NOTHING, Outcome
from ptyspec.runs.environment import FAULTS
from ptyspec.spec.cases import Case
from tests.trivial_pipeline import WORDS

pytestmark = pytest.mark.expensive


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTYSPEC_HOME", str(tmp_path))
    monkeypatch.delenv(FAULTS, raising=False)


def test_the_fault_that_breaks_a_clause_is_told_from_one_that_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = "tests/contract/test_scale.py"
    name = f"{file}::test_the_gain_brings_the_mean_energy_to_half_n_squared"
    case = Case(name, ("NORM-001",), "contract", file, 1, None)
    monkeypatch.setattr("ptyspec.explanations.laboratory.collect", lambda root: [case])
    words = [
        "gs1_ideal",
        "gs1_ideal:gain-by-energy,xy-swapped,dose.nphotons=1e8",
        "--symptom",
        "NORM-001",
    ]
    done = CliRunner().invoke(app, ["explain", *words, "--json", "-n", "1"])
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["cause"] == [["fault.gain-by-energy"]]
    assert found["stages"]["reason"] == "a clause is judged by its cases"
    (note,) = found["notes"]
    assert "dose.nphotons" in note


class Pytest:
    """Takes the place of the child processes: ends as it is told, and keeps what it was asked."""

    def __init__(self, code: int | None) -> None:
        self.code, self.asked = code, list[list[str]]()

    def __call__(self, words: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        self.asked.append(words)
        if self.code is None:
            raise subprocess.TimeoutExpired(words, options["timeout"])
        broken = self.code or "gain-by-energy" in options["env"][FAULTS]
        return subprocess.CompletedProcess(words, int(broken), f"ended with {self.code}", "")


@pytest.fixture
def one_case(monkeypatch: pytest.MonkeyPatch) -> None:
    case = Case("test_a.py::test_a", ("NORM-001",), "contract", "test_a.py", 1, None)
    monkeypatch.setattr("ptyspec.explanations.laboratory.collect", lambda root: [case])


def ended(child: Pytest, root: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Outcome, str]:
    monkeypatch.setattr("ptyspec.explanations.laboratory.subprocess.run", child)
    good, bad = variant("gs1_ideal"), variant("gs1_ideal:xy-swapped")
    bench = ClauseBench(root, "NORM-001", good, bad, processes=1)
    (found,) = bench.runs([NOTHING])
    return found.outcome, bench.said[NOTHING]


@pytest.mark.parametrize("code", [2, -9, None])
@pytest.mark.usefixtures("one_case")
def test_what_broke_around_the_cases_is_unresolved_and_asked_again(
    code: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = f"no end after {SECONDS} s" if code is None else f"ended with {code}"
    assert ended(Pytest(code), tmp_path, monkeypatch) == (Outcome.UNRESOLVED, said)
    assert ended(Pytest(0), tmp_path, monkeypatch) == (Outcome.PASS, "ended with 0")
    assert ended(Pytest(code), tmp_path, monkeypatch) == (Outcome.PASS, "ended with 0")


@pytest.mark.usefixtures("one_case")
def test_what_was_found_is_asked_again_when_a_document_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = tmp_path / "specs" / "doc.md"
    document.parent.mkdir()
    document.write_text("one")
    assert ended(Pytest(0), tmp_path, monkeypatch)[0] is Outcome.PASS
    document.write_text("two")
    assert ended(Pytest(1), tmp_path, monkeypatch)[0] is Outcome.FAIL


@pytest.mark.usefixtures("one_case")
def test_a_pipeline_that_both_sides_have_runs_every_case(monkeypatch: pytest.MonkeyPatch) -> None:
    child = Pytest(0)
    monkeypatch.setattr("ptyspec.explanations.laboratory.subprocess.run", child)
    good = f"gs1_ideal:{WORDS}"
    done = CliRunner().invoke(
        app, ["explain", good, f"{good},gain-by-energy", "--symptom", "NORM-001", "-n", "1"]
    )
    assert done.exit_code == 0, done.output
    option = WORDS.replace("pipeline=", "--ptyspec-pipeline=")
    assert child.asked
    assert all(option in words for words in child.asked)

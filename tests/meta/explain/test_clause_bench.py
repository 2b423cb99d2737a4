"""A clause as symptom: its cases run under the faults of a subset, and say which of them breaks it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.observe.environment import FAULTS


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTYSPEC_HOME", str(tmp_path))
    monkeypatch.delenv(FAULTS, raising=False)


def test_the_fault_that_breaks_a_clause_is_told_from_one_that_does_not() -> None:
    words = ["gs1_ideal", "gs1_ideal:gain-by-energy,xy-swapped,dose.nphotons=1e8", "--symptom", "NORM-001"]
    done = CliRunner().invoke(app, ["explain", *words, "--json", "-n", "1"])
    assert done.exit_code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["cause"] == [["fault.gain-by-energy"]]
    assert found["stages"]["reason"] == "a clause is judged by its cases"
    (note,) = found["notes"]
    assert "dose.nphotons" in note

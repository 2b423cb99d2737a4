"""Our own iterative engine as a black box, by the suite that ships: in the contract tier, where faults are tried."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ptyspec.checks.clause_check import ClauseCheck
from ptyspec.conformance.cases import judged, rows
from ptyspec.spec.checks import Check


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a fault leaves in the working folder is left in none of the project's."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("check", rows(False, lambda check: check.door != "network"))
def test_the_answers_keep_the_clause(check: ClauseCheck, clause: Check, answers: Any) -> None:
    judged(check, clause, answers)

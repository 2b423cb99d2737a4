"""The answers of a black box | the specification. Where no pipeline is named, our own iterative one answers."""

from __future__ import annotations

from typing import Any

import pytest

from ptyspec.checks.clause_check import ClauseCheck
from ptyspec.conformance.cases import judged, rows
from ptyspec.spec.checks import Check


@pytest.mark.parametrize("check", rows(False, lambda check: True))
def test_the_answers_keep_the_clause(check: ClauseCheck, clause: Check, answers: Any) -> None:
    judged(check, clause, answers)

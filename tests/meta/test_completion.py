"""Shell completion answers at once: from the documents, without anything heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ptyspec.cli import options
from ptyspec.spec.clause import SpecError, specification


def test_a_clause_id_is_completed_in_either_case() -> None:
    first = next(iter(specification()))
    assert first in options.clauses(first[:3].lower())
    assert options.clauses(first) == [first]
    assert options.clauses("no such") == []


def test_documents_that_cannot_be_read_complete_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise SpecError("broken")

    monkeypatch.setattr("ptyspec.spec.clause.specification", broken)
    assert options.clauses("") == []


def test_completing_a_clause_loads_nothing_heavy() -> None:
    code = "import sys; from ptyspec.cli.options import clauses; clauses(''); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "pydantic", "pytest", "tensorflow", "yaml"} & set(done.stdout.split())

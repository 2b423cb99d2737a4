"""docs/investigation.md: its tables are what the committed evidence gives, and it speaks of hypotheses that exist."""

from __future__ import annotations

import re

from benchmarks.investigation import BELIEVED, BLOCK, PAGE, blocks, filled
from ptyspec.experiments import registry


def test_the_tables_are_those_of_the_committed_evidence() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert sorted(found[2] for found in BLOCK.finditer(page)) == sorted(blocks())
    assert filled(page) == page, "python -m benchmarks investigation --write"


def test_every_hypothesis_of_the_investigation_has_a_computed_verdict() -> None:
    assert set(BELIEVED) <= set(registry.names())
    rows = {line.split("](")[0].strip("| ["): line for line in blocks()["asked"].splitlines()[2:]}
    assert set(rows) == set(BELIEVED)
    undecided = [
        name
        for name, line in rows.items()
        if "**CONFIRMED**" not in line and "**RULED OUT**" not in line
    ]
    assert undecided == []


def test_every_hypothesis_that_the_page_names_exists() -> None:
    named = set(re.findall(r"\bH(?:-[A-Z]+)+\b", PAGE.read_text(encoding="utf-8")))
    assert named
    assert named <= set(registry.names())

"""The calibration of the verdict covers every fault that can change a run."""

from __future__ import annotations

import re

from benchmarks.calibration_rows import SCENARIOS, SKIPPED, rows
from ptyspec.faults.catalogue import catalogue


def used() -> set[str]:
    words = [row.words for row in rows(10) if row.kind == "fault" and not row.file]
    return {re.split("[:,]", text)[-1] for text in words}


def test_every_fault_of_the_parity_tier_is_run_or_skipped_with_a_reason() -> None:
    parity = {fault.id for fault in catalogue() if fault.cost == "parity"}
    assert parity - used() == set(SKIPPED)
    assert used() <= {fault.id for fault in catalogue()}


def test_every_scenario_has_ten_right_seeds_and_no_row_stands_twice() -> None:
    right = [row.words for row in rows(10) if row.kind == "right"]
    assert {name: right.count(name) for name in SCENARIOS} == dict.fromkeys(SCENARIOS, 10)
    names = [row.name for row in rows(10)]
    assert len(names) == len(set(names))

"""The audit of groups: its facts against hand-counted ones, and failures as data."""

from __future__ import annotations

import numpy as np

from ptyspec.checks.grouping import frame_keys, group_facts
from ptyspec.pipeline.group import with_offsets
from tests.audits import material, performed
from tests.small_scenes import scan_at, scenario

LINE = np.stack([np.arange(6.0) * 2, np.full(6, 3.0)], axis=1)
"""Six frames, two pixels apart."""


def test_facts_are_those_that_are_counted_by_hand() -> None:
    scan = scan_at(LINE)
    groups = with_offsets(scan, np.array([[0, 1, 2, 3], [0, 1, 2, 3], [2, 1, 0, 5]]), "train")
    told = scenario(model={"N": 32, "gridsize": 2}, grouping={"n_groups": 4, "neighbor_count": 4})
    found = group_facts(told, groups, scan)
    assert (found["requested"], found["achieved"], found["frames"]) == (4, 3, 6)
    assert found["use_most"] == 3  # frame 4 never, 5 once, 3 twice, 0 to 2 three times
    assert found["unused_frames"] == 1
    assert found["duplicate_groups"] == 1
    assert found["far_members"] == 1  # frame 5 of seed 2; the fourth nearest other is 4 px away
    assert found["seed_uses_spread"] == 2
    assert (found["index_inside"], found["repeated_members"]) == (True, 0)
    assert found["largest_relative"] == 6.0  # 4 - 10: the way from the mean to frame 5


def test_a_frame_is_known_by_place_and_pattern_whatever_its_index() -> None:
    scan = scan_at(LINE)
    assert frame_keys(scan, np.array([1, 3])) == frame_keys(scan.take(np.array([3, 1])))
    assert not frame_keys(scan, np.array([1, 3])) & frame_keys(scan, np.array([0, 2]))


def test_provoked_failures_keep_their_text() -> None:
    rows = performed("grouping", material("gs1_custom")).data["failures"]["gs1_custom"]
    assert {row["outcome"] for row in rows.values()} == {"refused"}
    first = rows["two frames a split (nimgs 2 taken for scan points)"]
    assert "only 2 points but 4 coordinates per group" in first["message"]


def test_a_scan_that_is_not_split_is_not_held_to_the_rules_of_a_split() -> None:
    found = performed("grouping", material("gs2_custom", "split.kind=none"))
    assert not found.violated()
    assert not {finding.clause for finding in found.findings} & {
        "SPLIT-001",
        "SPLIT-002",
        "SPLIT-003",
    }

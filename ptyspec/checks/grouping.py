"""Audit `grouping`: are the groups that were asked for there, where are their members?

The arrays are held against what the frames' positions give when everything is computed again, the
frames of one split against those of the other, and groupings that must be refused are provoked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ptyspec.checks.group_facts import frame_keys, group_facts, provoke
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.registry import of_faults
from ptyspec.checks.spoil import control
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.pipeline.protocol import GroupedTrainTest
from ptyspec.spec.checks import Check
from ptyspec.spec.registry import specification

LATTICE = 1e-6
"""Pixels: nominal positions are whole multiples of the offset, in double precision."""


def groups(outputs: StageOutputs) -> dict[str, dict[str, Any]]:
    """Return the facts of each split's groups."""
    parts, halves = outputs.groups, outputs.halves
    return {
        split: group_facts(outputs.scenario, getattr(parts, split), getattr(halves, split))
        for split in ("train", "test")
    }


def _none(check: Check, outputs: StageOutputs, key: str, what: str) -> None:
    """No split has any of these, where the fact means anything."""
    for split, row in _known(outputs, key):
        check.equal(row[key], 0, f"{what}, {split}")


@checks("GROUP-010")
def there_are_as_many_groups_as_asked_for(check: Check, outputs: StageOutputs) -> None:
    for split, row in outputs.facts(groups).items():
        check.equal(row["achieved"], row["expected"], f"groups, {split}")


@checks("BUG-TF-001")
def a_group_has_gridsize_squared_members(check: Check, outputs: StageOutputs) -> None:
    for split, row in outputs.facts(groups).items():
        check.equal(row["members"], outputs.scenario.members, f"members of a group, {split}")


@checks("GROUP-001")
def groups_are_int64_rows_of_their_own_part(check: Check, outputs: StageOutputs) -> None:
    for split, row in outputs.facts(groups).items():
        check.equal(row["nn_indices_dtype"], "int64", f"dtype of the indices, {split}")
        check.equal(row["index_inside"], True, f"indices are rows of the own scan, {split}")
        what = f"offset - relative from the members' positions / px, {split}"
        check.between(0, row["position_error"], _rounding(row), what)


@checks("COORDS-003")
def offsets_are_those_of_the_members_mean(check: Check, outputs: StageOutputs) -> None:
    for split, row in outputs.facts(groups).items():
        for which in ("offset", "relative"):
            what = f"{which} from the members' mean / px, {split}"
            check.between(0, row[f"{which}_error"], _rounding(row), what)


@checks("GROUP-002")
def no_group_holds_a_member_twice(check: Check, outputs: StageOutputs) -> None:
    _none(check, outputs, "repeated_members", "groups with a member twice")


@checks("GROUP-003")
def members_are_among_the_seeds_nearest_others(check: Check, outputs: StageOutputs) -> None:
    _none(check, outputs, "far_members", "members beyond the K-th nearest other")


@checks("GROUP-006")
def every_frame_is_a_seed_equally_often(check: Check, outputs: StageOutputs) -> None:
    for split, row in outputs.facts(groups).items():
        check.between(0, row["seed_uses_spread"], 1, f"most minus fewest uses as seed, {split}")


@checks("GROUP-007")
def the_choice_among_the_neighbours_is_even(check: Check, outputs: StageOutputs) -> None:
    for split, row in _known(outputs, "rank_uneven"):
        what = f"uneven choice among the K nearest, {split}"
        check.between(0, row["rank_uneven"], row["rank_limit"] + 1e-12, what)


@checks("GROUP-011")
def a_lattices_groups_are_those_it_was_laid_down_in(check: Check, outputs: StageOutputs) -> None:
    for split, row in _known(outputs, "lattice_error"):
        what = f"channels from their places on the lattice / px, {split}"
        check.between(0, row["lattice_error"], LATTICE, what)
        check.equal(row["duplicate_groups"], 0, f"groups with the members of another, {split}")


@checks("GROUP-005")
def no_two_groups_of_an_oversampled_scan_are_alike(check: Check, outputs: StageOutputs) -> None:
    for split, row in outputs.facts(groups).items():
        if row["requested"] > row["frames"] and row["members"] > 1:
            check.equal(row["duplicate_groups"], 0, f"groups with the members of another, {split}")


@checks("GROUP-008")
def grouping_twice_gives_the_same_groups(check: Check, outputs: StageOutputs) -> None:
    first, again = (outputs.pipeline.group(outputs.scenario, outputs.halves) for _ in range(2))
    for split in ("train", "test"):
        one, other = (getattr(parts, split).nn_indices for parts in (first, again))
        check.equal(one, other, f"indices of the same groups, formed twice, {split}")


@checks("SPLIT-001")
def training_and_test_share_no_frame(check: Check, outputs: StageOutputs) -> None:
    if outputs.scenario.split.kind != "none":
        train, test = (frame_keys(half) for half in (outputs.halves.train, outputs.halves.test))
        check.equal(len(train & test), 0, "frames in both parts")


@checks("SPLIT-002")
def groups_lie_within_one_part(check: Check, outputs: StageOutputs) -> None:
    for split, other in (("train", "test"), ("test", "train")):
        if outputs.scenario.split.kind != "none":
            part = getattr(outputs.groups, split)
            used = frame_keys(part.scan, part.nn_indices)
            foreign = used & frame_keys(getattr(outputs.halves, other))
            check.equal(len(foreign), 0, f"{other} frames in {split} groups")


@checks("SPLIT-003")
def held_out_frames_are_held_out_by_place(check: Check, outputs: StageOutputs) -> None:
    if outputs.scenario.split.kind == "spatial":
        gap = float(outputs.halves.test.ycoords.min() - outputs.halves.train.ycoords.max())
        check.between(0, gap, np.inf, "lowest test row minus highest training row / px")


@checks("GROUP-004")
def too_few_frames_or_neighbours_are_refused(check: Check, outputs: StageOutputs) -> None:
    _refused(check, outputs)


@checks("OVERSAMPLING-001")
def more_groups_than_frames_need_a_choice(check: Check, outputs: StageOutputs) -> None:
    _refused(check, outputs)


def _refused(check: Check, outputs: StageOutputs) -> None:
    for case, row in outputs.facts(provoke).items():
        if row["clause"] == check.clause.id:
            check.equal(row["outcome"], "refused", case)


def _known(outputs: StageOutputs, key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The splits for which this fact means anything."""
    return ((split, row) for split, row in outputs.facts(groups).items() if row[key] is not None)


def _rounding(row: Mapping[str, Any]) -> float:
    """COORDS-003 derives its tolerance at positions up to 64 pixels; rounding grows with them."""
    width = specification()["COORDS-003"].tolerance.value
    return width * max(1.0, float(row["largest_position"]) / 64)


@control("GROUP-001")
def whole_scan_rows(material: StageOutputs) -> StageOutputs:
    """Indices are rows of the whole scan."""
    train, test = material.groups.train, material.groups.test
    rows = {"nn_indices": train.nn_indices + train.scan.size}
    return material.replaced(groups=GroupedTrainTest(train.model_copy(update=rows), test))


SMALL = ("gs2_custom", "scan.n_images=64", "grouping.n_groups=16")
OVERSAMPLED = (
    *("gs2_custom", "scan.n_images=64", "grouping.n_groups=300"),
    *("grouping.neighbor_count=5", "grouping.enable_oversampling=true"),
)
LATTICES = ("dose_legacy_gs2", "scan.n_images=64", "grouping.n_groups=8")
CONTROLS = (
    whole_scan_rows,
    *of_faults("GROUP-010 fewer-groups-silently", "GROUP-005 groups-twice", on=OVERSAMPLED),
    *of_faults("GROUP-002 few-neighbours-filled", on=(*SMALL, "grouping.neighbor_count=2")),
    *of_faults("GROUP-007 nearest-preferred", on=("gs2_custom", "grouping.neighbor_count=8")),
    *of_faults("GROUP-011 lattice-channels-transposed", on=LATTICES),
    *of_faults(
        *("BUG-TF-001 gridsize-ignored", "GROUP-001 indices-32-bit", "COORDS-003 sign-flipped"),
        *("GROUP-003 one-neighbour-more", "GROUP-006 seed-frame-absent"),
        *("GROUP-008 members-from-global-generator", "SPLIT-002 groups-across-split"),
        *("SPLIT-001 frames-shared", "SPLIT-003 split-by-index", "GROUP-004 few-frames-filled"),
        "OVERSAMPLING-001 oversampling-without-choice",
    ),
)
LAYOUT = Layout(
    facts={"groups": groups, "failures": provoke},
    tables=(
        Grid(
            "Groups",
            "groups/*/*",
            "frames, requested, achieved, members, neighbor_count, duplicate_groups, use_most, "
            "unused_frames, largest_relative",
            "subject, split",
        ),
        Grid("Provoked failures", "failures/*/*", "outcome, message", "subject, case"),
    ),
)

"""Audit `grouping`: are the groups that were asked for there, where are their members, and what is refused?

The arrays are held against what the frames' positions give when everything is computed again, the frames of one split
against those of the other, and groupings that must be refused are provoked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ptyspec.checks.group_controls import CONTROLS as CONTROLS
from ptyspec.checks.group_facts import axis_facts, frame_keys, group_facts, provoke
from ptyspec.checks.group_figure import use_and_places
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.material import Material
from ptyspec.checks.recorded_scan import recorded_groups
from ptyspec.contracts.scan import GroupedScan, RawScan
from ptyspec.errors import GroupingError
from ptyspec.spec.checks import Check
from ptyspec.spec.registry import specification

LATTICE = 1e-6
"""Pixels: nominal positions are whole multiples of the offset, in double precision."""
FORMED = "groups were formed"
RECORDED = {
    "offset x, train": (12, 380),
    "offset y, train": (11, 193),
    "offset y, test": (195, 381),
}
"""gs2_custom, smallest and largest offset; whole pixels."""
RECORDED_REACH, RECORDED_SPREAD = 9.85, 1.95
"""Largest relative offset and the standard deviation of them all."""


def status(outputs: Material) -> str:
    """Return that groups were formed, or why not."""
    try:
        return FORMED if outputs.groups else ""
    except GroupingError as error:
        return str(error)


def _parts(outputs: Material) -> dict[str, tuple[GroupedScan, RawScan]]:
    """Groups and frames of each split; none where no groups could be formed."""
    if outputs.facts(status) != FORMED:
        return {}
    groups, halves = outputs.groups, outputs.halves
    return {"train": (groups.train, halves.train), "test": (groups.test, halves.test)}


def groups(outputs: Material) -> dict[str, dict[str, Any]]:
    """Return the facts of each split's groups."""
    parts = _parts(outputs)
    return {split: group_facts(outputs.scenario, *part) for split, part in parts.items()}


def axes(outputs: Material) -> dict[str, dict[str, dict[str, float]]]:
    """Return the statistics of each split's offsets."""
    return {split: axis_facts(made) for split, (made, _) in _parts(outputs).items()}


def leakage(outputs: Material) -> dict[str, Any] | None:
    """Return how far the splits share frames, and whether grouping again gives the same groups."""
    if not (parts := _parts(outputs)):
        return None
    scenario, halves = outputs.scenario, outputs.halves
    first, again = (outputs.pipeline.group(scenario, halves) for _ in range(2))
    own = {split: frame_keys(frames) for split, (_, frames) in parts.items()}
    used = {split: frame_keys(made.scan, made.nn_indices) for split, (made, _) in parts.items()}
    return {
        "split": scenario.split.kind,
        "frames": outputs.scan.size,
        "frames_in_both": len(own["train"] & own["test"]),
        "train_groups_use_test_frames": len(used["train"] & own["test"]),
        "test_groups_use_train_frames": len(used["test"] & own["train"]),
        "gap_in_y": float(halves.test.ycoords.min() - halves.train.ycoords.max()),
        "repeatable": np.array_equal(first.train.nn_indices, again.train.nn_indices)
        and np.array_equal(first.test.nn_indices, again.test.nn_indices),
    }


# Checks


@checks("GROUP-010")
def there_are_as_many_groups_as_asked_for(check: Check, outputs: Material) -> None:
    for split, row in outputs.facts(groups).items():
        check.equal(row["achieved"], row["expected"], f"groups, {split}")
    if not outputs.facts(groups):
        check.missing("groups as asked for", outputs.facts(status))


@checks("BUG-TF-001")
def a_group_has_gridsize_squared_members(check: Check, outputs: Material) -> None:
    for split, row in outputs.facts(groups).items():
        check.equal(row["members"], outputs.scenario.members, f"members of a group, {split}")


@checks("GROUP-001")
def groups_are_int64_rows_of_their_own_part(check: Check, outputs: Material) -> None:
    for split, row in outputs.facts(groups).items():
        check.equal(row["nn_indices_dtype"], "int64", f"dtype of the indices, {split}")
        check.equal(row["index_inside"], True, f"indices are rows of the own scan, {split}")
        what = f"offset - relative from the members' positions / px, {split}"
        check.between(0, row["position_error"], _rounding(row), what)


@checks("COORDS-003")
def offsets_are_those_of_the_members_mean(check: Check, outputs: Material) -> None:
    for split, row in outputs.facts(groups).items():
        for which in ("offset", "relative"):
            what = f"{which} from the members' mean / px, {split}"
            check.between(0, row[f"{which}_error"], _rounding(row), what)


@checks("GROUP-002")
def no_group_holds_a_member_twice(check: Check, outputs: Material) -> None:
    for split, row in outputs.facts(groups).items():
        check.equal(row["repeated_members"], 0, f"groups with a member twice, {split}")


@checks("GROUP-003")
def members_are_among_the_seeds_nearest_others(check: Check, outputs: Material) -> None:
    for split, row in _known(outputs, "far_members"):
        check.equal(row["far_members"], 0, f"members beyond the K-th nearest other, {split}")


@checks("GROUP-006")
def every_frame_is_a_seed_equally_often(check: Check, outputs: Material) -> None:
    for split, row in outputs.facts(groups).items():
        check.between(0, row["seed_uses_spread"], 1, f"most minus fewest uses as seed, {split}")


@checks("GROUP-007")
def the_choice_among_the_neighbours_is_even(check: Check, outputs: Material) -> None:
    for split, row in _known(outputs, "rank_uneven"):
        what = f"uneven choice among the K nearest, {split}"
        check.between(0, row["rank_uneven"], row["rank_limit"] + 1e-12, what)


@checks("GROUP-011")
def a_lattices_groups_are_those_it_was_laid_down_in(check: Check, outputs: Material) -> None:
    for split, row in _known(outputs, "lattice_error"):
        what = f"channels from their places on the lattice / px, {split}"
        check.between(0, row["lattice_error"], LATTICE, what)
        check.equal(row["duplicate_groups"], 0, f"groups with the members of another, {split}")


@checks("GROUP-005")
def no_two_groups_of_an_oversampled_scan_are_alike(check: Check, outputs: Material) -> None:
    for split, row in outputs.facts(groups).items():
        if row["requested"] > row["frames"] and row["members"] > 1:
            check.equal(row["duplicate_groups"], 0, f"groups with the members of another, {split}")


@checks("GROUP-008")
def grouping_twice_gives_the_same_groups(check: Check, outputs: Material) -> None:
    if row := outputs.facts(leakage):
        check.equal(row["repeatable"], True, "grouping twice gives the same groups")


@checks("SPLIT-001")
def training_and_test_share_no_frame(check: Check, outputs: Material) -> None:
    if (row := outputs.facts(leakage)) and row["split"] != "none":
        check.equal(row["frames_in_both"], 0, "frames in both parts")


@checks("SPLIT-002")
def groups_lie_within_one_part(check: Check, outputs: Material) -> None:
    if (row := outputs.facts(leakage)) and row["split"] != "none":
        for key in ("train_groups_use_test_frames", "test_groups_use_train_frames"):
            check.equal(row[key], 0, key.replace("_", " "))


@checks("SPLIT-003")
def held_out_frames_are_held_out_by_place(check: Check, outputs: Material) -> None:
    if (row := outputs.facts(leakage)) and row["split"] == "spatial":
        what = "lowest test row minus highest training row / px"
        check.between(0, row["gap_in_y"], np.inf, what)


@checks("GROUP-004")
def too_few_frames_or_neighbours_are_refused(check: Check, outputs: Material) -> None:
    _refused(check, outputs)


@checks("OVERSAMPLING-001")
def more_groups_than_frames_need_a_choice(check: Check, outputs: Material) -> None:
    _refused(check, outputs)


def _refused(check: Check, outputs: Material) -> None:
    for case, row in outputs.facts(provoke).items():
        if row["clause"] == check.clause.id:
            check.equal(row["outcome"], "refused", case)


def _known(outputs: Material, key: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The splits for which this fact means anything."""
    return ((split, row) for split, row in outputs.facts(groups).items() if row[key] is not None)


def _rounding(row: Mapping[str, Any]) -> float:
    """COORDS-003 derives its tolerance at positions up to 64 pixels; rounding grows with the position."""
    width = specification()["COORDS-003"].tolerance.value
    return width * max(1.0, float(row["largest_position"]) / 64)


# What is shown


def recorded() -> dict[str, dict[str, float]]:
    """Return the recorded figures of gs2_custom beside the replayed scan (8,000 frames), pixels."""
    replayed = recorded_groups(8000, 4)
    rows: dict[str, tuple[float, float]] = {}
    for name, limits in RECORDED.items():
        what, split = name.split(", ")
        values = replayed[split][0][:, what.endswith("y") * 1]
        for part, told, ours in zip(
            ("smallest", "largest"), limits, (values.min(), values.max()), strict=True
        ):
            rows[f"{name}, {part}"] = (told, float(ours))
    relatives = [relative for _, relative in replayed.values()]
    reach = max(float(np.abs(relative).max()) for relative in relatives)
    spread = float(np.mean([relative.std() for relative in relatives]))
    rows["relative, largest"] = (RECORDED_REACH, reach)
    rows["relative, standard deviation"] = (RECORDED_SPREAD, spread)
    return {
        name: {"recorded": told, "replayed": ours, "difference": ours - told}
        for name, (told, ours) in rows.items()
    }


LAYOUT = Layout(
    facts={
        "status": status,
        "groups": groups,
        "axes": axes,
        "leakage": leakage,
        "failures": provoke,
    },
    together=lambda subjects, data: {"recorded": recorded()},
    tables=(
        Grid(
            "Groups",
            "groups/*/*",
            "frames, requested, achieved, members, neighbor_count, index_min, index_max, "
            "duplicate_groups, use_mean, use_most, unused_frames, largest_relative",
            "subject, split",
        ),
        Grid(
            "Shapes",
            "groups/*/*",
            "nn_indices_shape, diffraction_shape, coords_relative_shape",
            "subject, split",
        ),
        Grid("Offsets / px", "axes/*/*/*", "min, max, mean, std", "subject, split, array", ".5g"),
        Grid(
            "One split's frames in the other",
            "leakage/*",
            "split, frames, frames_in_both, train_groups_use_test_frames, "
            "test_groups_use_train_frames, gap_in_y",
        ),
        Grid(
            "Provoked failures",
            "failures/*/*",
            "outcome, error, message, upstream said=recorded",
            "subject, case",
        ),
        Grid(
            "Recorded figures of gs2_custom / px",
            "recorded/*",
            "recorded, replayed, difference",
            "figure",
            ".5g",
        ),
    ),
    notes="""
    Replay: the recorded scan's 8,000 positions come from one legacy generator seeded with 42; every frame is taken as
    a seed with any three of its four nearest others, where the record took 1,000 groups by draws that no report holds:
    its extremes lie within ours.

    The largest relative offset tells that January's groups held their seed frame, as ours do (GROUP-002): the four
    nearest others alone, which July's code takes, reach farther.

    Duplicate groups of a scan that is not oversampled are two seeds that chose each other's neighbours; they are
    counted and not held against a clause.

    Where nothing is held out (split.kind none) both parts are the same frames (SPLIT-004).
    """,
    figure=(
        "use",
        """Left: how many frames are a member of so many groups. Right: the frames of both splits, and twelve groups
        each: lines lead from the group's mean position to its members.""",
        use_and_places,
    ),
)

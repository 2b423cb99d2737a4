"""Audit `grouping`: groups and splits, held against what the frames' own positions give."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ptyspec.checks.clause_check import checks
from ptyspec.checks.registry import Grid, Layout, control, of_faults
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.bundles import Array, GroupedScan, RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import GroupingError, ProcessError
from ptyspec.pipeline.protocol import GroupedTrainTest, TrainTest
from ptyspec.spec.checks import Check
from ptyspec.spec.clause import specification

SAME = 1e-12
"""Relative slack of a distance that is computed twice."""


def group_facts(scenario: Scenario, groups: GroupedScan, own: RawScan) -> dict[str, Any]:
    """Return the facts of one split as plain numbers; `own` are the frames of that split."""
    indices, count = groups.nn_indices, groups.scan.size
    rows = np.clip(indices, 0, count - 1)
    wanted = scenario.grouping.n_groups
    capped = scenario.members == 1 or scenario.grouping.kind == "lattice"  # GROUP-010
    seeds = np.bincount(rows[:, 0], minlength=count)
    used = np.bincount(rows.ravel(), minlength=count)
    # What the members' own positions give: pixels, in more digits than are stored.
    places = np.moveaxis(groups.scan.positions[rows], 1, 2)[:, None].astype(np.longdouble)
    centre = places.mean(axis=-1, keepdims=True)

    lattice_error = None
    if (
        scenario.grouping.kind == "lattice"
    ):  # nominal positions from their channels' places (GROUP-011)
        gridsize, scan = scenario.model.gridsize, groups.scan
        cells = [(c % gridsize, c // gridsize) for c in range(rows.shape[1])]
        nominal = np.stack([scan.xcoords_start, scan.ycoords_start], axis=1)[rows]
        away = nominal - nominal[:, :1] - scenario.scan.offset * np.array(cells, float)
        lattice_error = float(np.abs(away).max())

    def miss(found: Array, expected: Array) -> float | None:
        return float(np.abs(found - expected).max()) if found.shape == expected.shape else None

    return {
        "frames": own.size,
        "requested": wanted,
        "achieved": groups.size,
        "expected": min(wanted, own.size // scenario.members) if capped else wanted,
        "members": groups.C,
        "neighbor_count": scenario.grouping.neighbor_count,
        "nn_indices_dtype": str(indices.dtype),
        "index_inside": bool(np.array_equal(rows, indices)),
        "repeated_members": int(sum(len(set(row)) < groups.C for row in indices.tolist())),
        "duplicate_groups": groups.size - len(np.unique(np.sort(indices, axis=1), axis=0)),
        "seed_uses_spread": int(seeds.max() - seeds.min()),
        "use_most": int(used.max()),
        "unused_frames": int(np.sum(used == 0)),
        **_nearest(scenario, groups.scan.positions, rows),
        "offset_error": miss(groups.coords_offsets, centre),
        "relative_error": miss(groups.coords_relative, centre - places),
        "position_error": miss(groups.coords, places),
        "largest_position": float(np.abs(groups.scan.positions).max()),
        "largest_relative": float(np.abs(groups.coords_relative).max()),
        "lattice_error": lattice_error,
    }


def _nearest(scenario: Scenario, positions: Array, rows: Array) -> dict[str, Any]:
    """How many members are farther than their seed's K-th nearest other; how even the choice is."""
    members, count = rows.shape[1], len(positions)
    reach = min(scenario.grouping.neighbor_count, count - 1)
    if members == 1 or reach < members - 1 or scenario.grouping.kind == "lattice":
        far = None if members > 1 else 0
        return {"far_members": far, "rank_uneven": None, "rank_limit": None}
    from scipy.spatial import cKDTree

    distances, near = cKDTree(positions).query(positions[rows[:, 0]], k=reach + 1)
    away = np.hypot(*np.moveaxis(positions[rows[:, 1:]] - positions[rows[:, :1]], -1, 0))
    ranked = [int(np.sum(near[:, rank, None] == rows[:, 1:])) for rank in range(1, reach + 1)]
    share = (members - 1) / reach
    expected = share * len(rows)
    spread = (share * (1 - share) * len(rows)) ** 0.5
    return {
        "far_members": int(np.sum(away > distances[:, -1:] * (1 + SAME))),
        "rank_uneven": max(abs(found / expected - 1) for found in ranked),
        # Five standard deviations of the draw without replacement; zero where every neighbour is
        # taken. Ties in distance make ranks arbitrary, which only brings the counts together.
        "rank_limit": 5 * spread / expected,
    }


def frame_keys(scan: RawScan, rows: Array | None = None) -> set[bytes]:
    """What tells one measurement from another: its position and the middle row of its pattern."""
    chosen = np.arange(scan.size) if rows is None else np.unique(rows)
    chosen = chosen[(chosen >= 0) & (chosen < scan.size)]
    middle = np.asarray(scan.diff3d[chosen, scan.N // 2])
    pairs = zip(scan.positions[chosen], middle, strict=True)
    return {place.tobytes() + line.tobytes() for place, line in pairs}


FRAMES = 16
MORE_THAN_SETS = FRAMES * math.comb(5, 3) + 1
PROVOKED = {
    "two frames a split (nimgs 2 taken for scan points)": ("GROUP-004", 2, 4, 2, False),
    "neighbor_count 1": ("GROUP-004", FRAMES, 1, FRAMES, False),
    "more groups than frames": ("OVERSAMPLING-001", FRAMES, 6, FRAMES + 1, False),
    "oversampling with K = C": ("OVERSAMPLING-001", FRAMES, 4, FRAMES + 1, True),
    "more groups than different sets": ("OVERSAMPLING-001", FRAMES, 5, MORE_THAN_SETS, True),
}
"""Groupings at gridsize 2 that give no true groups: clause, frames of a split, K, groups wanted,
oversampling allowed."""


def provoke(outputs: StageOutputs) -> dict[str, dict[str, str]]:
    """Return what the pipeline did with each of them: refused with this text, formed, or crashed."""
    rows, scenario, halves = {}, outputs.scenario, outputs.halves
    for name, (clause, frames, neighbours, wanted, oversampling) in PROVOKED.items():
        asked = {"kind": "nearest", "n_groups": wanted, "neighbor_count": neighbours}
        asked["enable_oversampling"] = oversampling
        few = np.arange(min(frames, halves.train.size, halves.test.size))
        parts = TrainTest(halves.train.take(few), halves.test.take(few))
        outcome, message = "formed", ""
        changed = {
            "grouping": scenario.grouping.model_copy(update=asked),
            "model": scenario.model.model_copy(update={"gridsize": 2}),
        }
        try:
            outputs.pipeline.group(scenario.model_copy(update=changed), parts)
        except GroupingError as error:
            outcome, message = "refused", error.message
        except (ProcessError, MemoryError):
            raise  # a process that ended says nothing of this scan
        except Exception as error:  # whatever another pipeline raises is what this table is for
            outcome, message = "crashed", f"{type(error).__name__}: {error}"
        rows[name] = {"clause": clause, "outcome": outcome, "message": message}
    return rows


LATTICE = 1e-6
"""Pixels: nominal positions are whole multiples of the offset, in double precision."""


def groups(outputs: StageOutputs) -> dict[str, dict[str, Any]]:
    """Return the facts of each split's groups."""
    parts, halves = outputs.groups, outputs.halves
    return {
        split: group_facts(outputs.scenario, getattr(parts, split), getattr(halves, split))
        for split in ("train", "test")
    }


COUNTED = {
    "GROUP-010": ("achieved", "groups"),
    "BUG-TF-001": ("members", "members of a group"),
    "GROUP-002": ("repeated_members", "groups with a member twice"),
    "GROUP-003": ("far_members", "members beyond the K-th nearest other"),
}
BOUNDED = {
    "GROUP-006": ("seed_uses_spread", "most minus fewest uses as seed"),
    "GROUP-007": ("rank_uneven", "uneven choice among the K nearest"),
    "GROUP-011": ("lattice_error", "channels from their places on the lattice / px"),
}
"""By clause a fact of both splits, and what it is about."""


@checks(" ".join(COUNTED))
def there_are_as_many_as_there_should_be(check: Check, outputs: StageOutputs) -> None:
    key, what = COUNTED[check.clause.id]
    for split, row in _known(outputs, key):
        wanted = {"achieved": row["expected"], "members": outputs.scenario.members}.get(key, 0)
        check.equal(row[key], wanted, f"{what}, {split}")


@checks(" ".join(BOUNDED))
def groups_are_spread_as_they_should_be(check: Check, outputs: StageOutputs) -> None:
    key, what = BOUNDED[check.clause.id]
    for split, row in _known(outputs, key):
        even = (row["rank_limit"] or 0.0) + 1e-12
        most = {"seed_uses_spread": 1, "rank_uneven": even, "lattice_error": LATTICE}[key]
        check.between(0, row[key], most, f"{what}, {split}")


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


@checks("GROUP-005 GROUP-011")
def no_two_groups_of_an_oversampled_scan_or_a_lattice_are_alike(
    check: Check, outputs: StageOutputs
) -> None:
    for split, row in outputs.facts(groups).items():
        oversampled = row["requested"] > row["frames"] and row["members"] > 1
        on_lattice = row["lattice_error"] is not None
        if oversampled if check.clause.id == "GROUP-005" else on_lattice:
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


@checks("GROUP-004 OVERSAMPLING-001")
def what_gives_no_true_groups_is_refused(check: Check, outputs: StageOutputs) -> None:
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
            "groups/{subject}/{split}",
            "frames, requested, achieved, members, neighbor_count, duplicate_groups, use_most, "
            "unused_frames, largest_relative",
        ),
        Grid("Provoked failures", "failures/{subject}/{case}", "outcome, message"),
    ),
)

"""Axis order, signs and precision of coordinates, on scans without any symmetry (failures 17, 18, 19, 30)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, GroupedScan, Patches, RawScan, Reconstruction
from ptyspec.contracts.scenario import GroupingSpec
from ptyspec.files.scan_file import read_scan, write_scan
from ptyspec.physics.geometry import object_extent, required_canvas
from ptyspec.physics.merge import extract_group, merge_group
from ptyspec.physics.stitch import stitch
from ptyspec.pipeline.group import form_groups, group, with_offsets
from ptyspec.pipeline.normalize import normalize
from ptyspec.pipeline.protocol import TrainTest
from ptyspec.pipeline.simulate import simulate
from ptyspec.seeds import generator
from ptyspec.spec.checks import Check
from tests.small_scenes import (
    cut,
    exact_scan,
    scan_at,
    scattered,
    scenario,
    small_probe,
    textured_object,
)

N = 16
HEIGHT, WIDTH = 66, 44
OBJECT = textured_object(HEIGHT, WIDTH, smooth=2.5)
PROBE = small_probe(N)
POSITIONS = scattered(160, HEIGHT, WIDTH, 9)
SCAN = exact_scan(OBJECT, PROBE, POSITIONS)


def grouped(scan: RawScan, gridsize: int = 2) -> GroupedScan:
    spec = GroupingSpec(n_groups=scan.size, neighbor_count=gridsize**2 + 2)
    return with_offsets(
        scan, form_groups(scan.positions, gridsize**2, spec, generator(1, "coordinates"))
    )


def perfect(groups: GroupedScan, positions: Array = POSITIONS) -> Patches:
    """Patches cut where the frames were taken, in the order of the groups' members."""
    values = np.moveaxis(cut(OBJECT, positions, N)[groups.nn_indices], 1, -1)
    return Patches(object=values, coords=groups.coords, probe=PROBE)


def on_object(made: Reconstruction, shift: tuple[int, int] = (0, 0)) -> tuple[Array, Array]:
    """(reconstruction, truth) over the covered pixels, the free global phase removed."""
    x0, y0 = (int(origin) - move for origin, move in zip(made.origin, shift, strict=True))
    rows, columns = made.object.shape
    truth = np.pad(OBJECT, 40)[y0 + 40 : y0 + 40 + rows, x0 + 40 : x0 + 40 + columns]
    seen = np.isfinite(made.object)
    value, wanted = made.object[seen], truth[seen]
    return value * np.exp(1j * np.angle(np.vdot(value, wanted))), wanted


def restored(groups: GroupedScan) -> Reconstruction:
    return stitch(perfect(groups), synchronise=False)


# Axis order


@pytest.mark.clause("COORDS-001")
def test_positions_are_x_before_y(clause: Check) -> None:
    clause.equal(SCAN.positions, np.stack([SCAN.xcoords, SCAN.ycoords], axis=1), "positions [x, y]")


@pytest.mark.clause("COORDS-001")
@pytest.mark.parametrize(("axis", "name"), [(0, "x"), (1, "y")], ids=["along-x", "along-y"])
def test_a_scan_along_one_axis_varies_in_that_row_of_every_coordinate_array(
    axis: int, name: str, clause: Check
) -> None:
    line = np.full((20, 2), 7.0)
    line[:, axis] = np.arange(20.0)
    made = grouped(scan_at(line))
    for what, array in (
        ("coords", made.coords),
        ("offsets", made.coords_offsets),
        ("relative", made.coords_relative),
    ):
        spread = np.ptp(array, axis=(0, 1, 3))
        clause.holds(spread[axis] > 1, f"{what} vary along {name}", spread)
        clause.equal(float(spread[1 - axis]), 0.0, f"{what} across {name}")


@pytest.mark.clause("COORDS-001")
def test_the_extent_of_an_oblong_scan_is_wide_in_x_and_high_in_y(clause: Check) -> None:
    positions = np.array([[20.0, 30.0], [60.0, 41.0]])
    clause.equal(object_extent(positions, N), (12, 22, 40 + N, 11 + N), "x0, y0, width, height")


# Centres


@pytest.mark.clause("COORDS-005")
@pytest.mark.parametrize(
    ("dx", "dy"), [(0, 0), (3, -2), (-5, 4)], ids=["at-it", "right-above", "left-below"]
)
def test_a_lit_object_pixel_meets_the_probe_where_the_position_says(
    dx: int, dy: int, clause: Check
) -> None:
    obj = np.zeros((HEIGHT, WIDTH), np.complex64)
    obj[31 + dy, 20 + dx] = 1
    scan = exact_scan(obj, PROBE, np.array([[20.0, 31.0]]))
    light = (
        np.abs(PROBE[N // 2 + dy, N // 2 + dx].astype(np.complex128)) / N
    )  # one point scatters evenly
    clause.close(scan.diff3d[0], np.full((N, N), light), "amplitude of every detector pixel")


@pytest.mark.clause("STITCH-001")
def test_the_pixel_at_the_centre_of_a_patch_returns_to_the_position(clause: Check) -> None:
    patch = np.ones((1, N, N, 1), np.complex64)
    patch[0, N // 2, N // 2] = 5
    made = stitch(
        Patches(object=patch, coords=np.array([20.0, 31.0]).reshape(1, 1, 2, 1), probe=PROBE)
    )
    row, column = np.unravel_index(int(np.nanargmax(np.abs(made.object))), made.object.shape)
    clause.equal(
        (made.origin[0] + int(column), made.origin[1] + int(row)),
        (20, 31),
        "x, y of the brightest pixel",
    )


# The oracle


@pytest.mark.clause("COORDS-002")
@pytest.mark.parametrize("gridsize", [1, 2], ids=["gs1", "gs2"])
def test_perfect_patches_come_back_through_file_groups_and_stitching(
    gridsize: int, tmp_path: Path, clause: Check
) -> None:
    made = restored(grouped(read_scan(write_scan(tmp_path / "s.npz", SCAN)), gridsize))
    value, truth = on_object(made)
    clause.holds(
        value.size > 0.4 * OBJECT.size, "covered pixels", value.size, "over 40 % of the object"
    )
    clause.close(value, truth, "object from perfect patches")


def swapped(groups: GroupedScan) -> GroupedScan:
    update = {
        name: getattr(groups, name)[:, :, ::-1] for name in ("coords_offsets", "coords_relative")
    }
    return groups.model_copy(update=update)


def flipped(groups: GroupedScan) -> GroupedScan:
    return groups.model_copy(update={"coords_relative": -groups.coords_relative})


def shuffled(groups: GroupedScan) -> GroupedScan:
    """Each group at the place of another: the null control of any score of an image."""
    return groups.model_copy(update={"coords_offsets": groups.coords_offsets[::-1]})


def error(groups: GroupedScan) -> float:
    value, truth = on_object(restored(groups))
    return float(np.linalg.norm(value - truth) / np.linalg.norm(truth))


@pytest.mark.clause("COORDS-002")
@pytest.mark.parametrize(
    "spoil", [swapped, flipped, shuffled], ids=["x-and-y-swapped", "sign-flipped", "shuffled"]
)
def test_the_oracle_notices_wrong_coordinates(spoil: object, clause: Check) -> None:
    groups = grouped(SCAN)
    clause.detects(error, groups, spoil(groups), "error of the stitched object", at_least=0.1)  # type: ignore[operator]


# Signs


@pytest.mark.clause("COORDS-003")
@pytest.mark.parametrize("gridsize", [1, 2, 3])
def test_relative_is_minus_the_way_from_the_mean_of_the_members(
    gridsize: int, clause: Check
) -> None:
    made = grouped(scan_at(POSITIONS), gridsize)
    members = POSITIONS.astype(np.longdouble)[made.nn_indices]
    mean = members.sum(axis=1) / gridsize**2
    clause.close(made.coords_offsets[:, 0, :, 0], mean, "offset")
    for c in range(gridsize**2):
        clause.close(
            made.coords_relative[:, 0, :, c], mean - members[:, c], f"relative of member {c}"
        )
    clause.close(made.coords[:, 0], np.moveaxis(members, 1, 2), "offset - relative")


TWO = np.array([[20.0, 30.0], [26.0, 24.0]])
"""Two frames 6 pixels apart, the second to the right of the first and above it; their mean is (23, 27)."""
POINT = (22, 25)
"""x, y of a point that both see."""


def two_frames() -> tuple[Array, Array, int]:
    """(patches of the point, relative coordinates, canvas)."""
    made = with_offsets(scan_at(TWO, N), np.array([[0, 1]]))
    patches = np.zeros((1, N, N, 2), np.complex64)
    for c, (x, y) in enumerate(TWO.astype(int)):
        patches[0, POINT[1] - y + N // 2, POINT[0] - x + N // 2, c] = 1
    return patches, made.coords_relative, required_canvas(made.coords_relative, N)


def point_canvas(canvas: int) -> Array:
    image = np.zeros((1, canvas, canvas))
    image[0, POINT[1] - 27 + canvas // 2, POINT[0] - 23 + canvas // 2] = 1
    return image


@pytest.mark.clause("COORDS-004")
def test_a_point_that_two_frames_see_is_one_point_on_their_canvas(clause: Check) -> None:
    patches, relative, canvas = two_frames()
    merged = merge_group(patches, relative, np.ones((N, N)), canvas, fill=0.0)
    clause.close(merged, point_canvas(canvas), "merged point")


@pytest.mark.clause("COORDS-004")
def test_extraction_gives_each_frame_the_point_where_it_saw_it(clause: Check) -> None:
    patches, relative, canvas = two_frames()
    clause.close(extract_group(point_canvas(canvas), relative, N), patches, "extracted point")


# Actual and nominal positions


def nominal_elsewhere(scan: RawScan) -> RawScan:
    away = generator(5, "nominal").normal(0, 4, (2, scan.size))
    return scan.model_copy(
        update={
            "xcoords_start": scan.xcoords + away[0] + 30,
            "ycoords_start": scan.ycoords + away[1],
        }
    )


@pytest.mark.clause("TF-LOADER-COORDS-001")
@pytest.mark.parametrize("gridsize", [1, 2], ids=["gs1", "gs2"])
def test_nominal_positions_change_nothing_that_the_model_sees(
    gridsize: int, tmp_path: Path, clause: Check
) -> None:
    settings = scenario(model={"N": N, "gridsize": gridsize})
    scans = (SCAN, read_scan(write_scan(tmp_path / "s.npz", nominal_elsewhere(SCAN))))
    made = [normalize(settings, group(settings, TrainTest(scan, scan))).train for scan in scans]
    for name in ("nn_indices", "coords_offsets", "coords_relative"):
        clause.equal(getattr(made[1].groups, name), getattr(made[0].groups, name), name)
    clause.equal(made[1].coarse.object, made[0].coarse.object, "coarse object")
    clause.equal(made[1].coarse.origin, made[0].coarse.origin, "origin of the canvas")


@pytest.mark.clause("TF-LOADER-COORDS-001")
def test_single_frames_lie_at_their_actual_positions(clause: Check) -> None:
    made = grouped(nominal_elsewhere(SCAN), gridsize=1)
    clause.equal(
        made.coords[:, 0, :, 0], POSITIONS[made.nn_indices[:, 0]], "positions of the groups"
    )


@pytest.mark.clause("TF-LOADER-COORDS-001")
def test_a_jittered_lattice_keeps_the_lattice_beside_the_actual_positions(clause: Check) -> None:
    scan = simulate(scenario(scan={"kind": "grid", "n_images": 36, "step": 8.0, "jitter": 3.0}))
    clause.equal(np.unique(scan.xcoords_start), 48 + 8 * (np.arange(6) - 2.5), "nominal x")
    clause.equal(np.unique(scan.ycoords_start), 48 + 8 * (np.arange(6) - 2.5), "nominal y")
    moved = np.hypot(scan.xcoords - scan.xcoords_start, scan.ycoords - scan.ycoords_start)
    clause.holds(
        np.median(moved) > 0.1 and moved.max() < 4.3, "way from nominal to actual", np.median(moved)
    )


# Precision


FAR = 2**20
"""Pixels; single precision resolves an eighth of a pixel there."""


@pytest.mark.clause("BUG-TF-REASSEMBLE-001")
@pytest.mark.parametrize("gridsize", [1, 2], ids=["gs1", "gs2"])
def test_a_scan_far_from_the_origin_gives_the_same_object(gridsize: int, clause: Check) -> None:
    here = grouped(SCAN, gridsize)
    far = SCAN.model_copy(update={"xcoords": SCAN.xcoords + FAR, "ycoords": SCAN.ycoords + FAR})
    there = with_offsets(far, here.nn_indices)
    near_object, far_object = restored(here), restored(there)
    clause.equal(far_object.origin, tuple(value + FAR for value in near_object.origin), "origin")
    seen = np.isfinite(near_object.object)
    clause.equal(np.isfinite(far_object.object), seen, "covered pixels")
    clause.close(far_object.object[seen], near_object.object[seen], "object")


@pytest.mark.clause("BUG-TF-REASSEMBLE-001")
def test_what_the_network_is_told_of_positions_does_not_depend_on_where_the_scan_lies(
    clause: Check,
) -> None:
    settings = scenario(model={"N": N, "gridsize": 2})
    made = []
    for move in (0, FAR):
        scan = SCAN.model_copy(
            update={"xcoords": SCAN.xcoords + move, "ycoords": SCAN.ycoords + move}
        )
        made.append(normalize(settings, group(settings, TrainTest(scan, scan))).train)
    rows = np.arange(made[0].size)
    clause.equal(made[1].groups.nn_indices, made[0].groups.nn_indices, "groups")
    clause.shape_dtype(
        made[1].relative(rows), (len(rows), 1, 2, 4), np.float32, "relative positions"
    )
    clause.close(made[1].relative(rows), made[0].relative(rows), "relative positions")


@pytest.mark.clause("BUG-TF-REASSEMBLE-001")
def test_absolute_coordinates_are_float64_and_sizes_plain_integers(clause: Check) -> None:
    made = grouped(SCAN)
    clause.shape_dtype(made.coords_offsets, (160, 1, 2, 1), np.float64, "offsets")
    clause.shape_dtype(made.coords, (160, 1, 2, 4), np.float64, "absolute positions")
    numbers = (
        *object_extent(POSITIONS, N),
        required_canvas(made.coords_relative, N),
        *restored(made).origin,
    )
    clause.equal({type(number) for number in numbers}, {int}, "types of sizes and origins")


# Order of members


@pytest.mark.clause("GROUP-009")
def test_members_in_another_order_give_the_same_object_and_the_same_merge(clause: Check) -> None:
    made = grouped(SCAN)
    indices = made.nn_indices.copy()
    indices[:, 1:] = np.roll(indices[:, 1:], 1, axis=1)
    other = with_offsets(SCAN, indices)
    first, second = restored(made), restored(other)
    seen = np.isfinite(first.object)
    clause.close(second.object[seen], first.object[seen], "stitched object")
    canvas = required_canvas(made.coords_relative, N)
    weight = np.abs(PROBE) ** 2 / np.abs(PROBE).max() ** 2
    merged = [
        merge_group(perfect(g).object, g.coords_relative, weight, canvas) for g in (made, other)
    ]
    clause.close(merged[1], merged[0], "merged groups")

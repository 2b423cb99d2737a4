"""Grid | random: on the same positions, the kind of scan and the rule that grouped them decide nothing."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, RawScan, Reconstruction
from ptyspec.pipeline.group import with_offsets
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.request import request
from tests.tiny_runs import GRID, SHALLOW, Fitted, fitted, object_of, stored


@cache
def grid() -> Fitted:
    return fitted("gs2_custom", *SHALLOW, *GRID)


def lattice_groups(scan: RawScan) -> Array:
    """(B, 4) frames of each cell of the nominal lattice, row by row: how a grid workflow forms its groups."""
    columns, x = np.unique(scan.xcoords_start, return_inverse=True)
    rows, y = np.unique(scan.ycoords_start, return_inverse=True)
    frame = np.full((len(rows), len(columns)), -1)
    frame[y, x] = np.arange(scan.size)
    cells = np.stack(
        [frame[:-1, :-1], frame[:-1, 1:], frame[1:, :-1], frame[1:, 1:]], axis=-1
    ).reshape(-1, 4)
    return cells[(cells >= 0).all(axis=1)]


def reconstruct(indices: Array) -> Reconstruction:
    """The trained network's object from these groups of the test frames."""
    made, walk = grid(), ReferencePipeline()
    groups = with_offsets(made.containers.test.groups.scan, indices, "test")
    container = made.containers.test.model_copy(update={"groups": groups})
    return walk.stitch(made.scenario, walk.infer(made.scenario, made.trained, container))


def test_lattice_cells_and_nearest_neighbours_give_the_same_object() -> None:
    """Members of a group are unordered: the lattice's row-major cells are groups like any others."""
    scan = grid().containers.test.groups.scan
    cells, nearest = lattice_groups(scan), grid().containers.test.groups.nn_indices
    assert len(cells) > 20
    assert not {frozenset(row) for row in cells.tolist()} >= {
        frozenset(row) for row in nearest.tolist()
    }
    first, second = reconstruct(cells), reconstruct(nearest)
    assert first.origin == second.origin
    both = np.isfinite(first.object) & np.isfinite(second.object)
    a, b = np.abs(first.object[both]), np.abs(second.object[both])
    assert both.sum() > 2500
    assert a.mean() / b.mean() == pytest.approx(1, abs=0.005)
    assert np.corrcoef(a, b)[0, 1] > 0.99


def test_the_order_of_the_members_of_a_lattice_cell_changes_nothing() -> None:
    """Channel c stands for no place: turned cells give the same patches up to rounding of the sums."""
    cells = lattice_groups(grid().containers.test.groups.scan)
    first, second = reconstruct(cells).object, reconstruct(cells[:, ::-1]).object
    np.testing.assert_array_equal(np.isfinite(first), np.isfinite(second))
    covered = np.isfinite(first)
    assert np.abs(first - second)[covered].max() < 1e-3 * np.abs(first[covered]).max()


def test_a_grid_scan_read_back_as_positions_and_patterns_gives_the_same_bytes() -> None:
    """A file knows positions only; nothing after simulation may ask whether they came from a grid."""
    simulated = stored("gs2_custom", *SHALLOW, *GRID)
    scenario = grid().scenario
    same = ("training.nepochs=2", "grouping.n_groups=40", *SHALLOW)
    read = request(str(simulated / "scan.npz"), seed=None, settings=same)
    assert read.scenario.scan.kind == "measured"
    assert read.scenario.training == scenario.training
    assert read.scenario.seeds == scenario.seeds
    walk = ReferencePipeline()
    halves = walk.split(read.scenario, walk.simulate(read.scenario))
    containers = walk.normalize(read.scenario, walk.group(read.scenario, halves))
    for name in ("train", "test"):
        ours, theirs = (getattr(c, name).groups for c in (grid().containers, containers))
        np.testing.assert_array_equal(ours.nn_indices, theirs.nn_indices)
        np.testing.assert_array_equal(ours.scan.diff3d, theirs.scan.diff3d)
    made = walk.stitch(read.scenario, walk.infer(read.scenario, grid().trained, containers.test))
    np.testing.assert_array_equal(made.object, object_of(simulated))

"""Positive controls of the audit `grouping`: each spoils the groups so that one clause must turn red."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.checks.registry import Control
from ptyspec.checks.subject import Words, subject
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scan import GroupedScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import GroupingError, OversamplingError
from ptyspec.pipeline.group import with_offsets
from ptyspec.pipeline.protocol import GroupedHalves, Halves
from ptyspec.pipeline.reference import ReferencePipeline


def _spoiled(material: Material, change: Callable[[GroupedScan], GroupedScan]) -> Material:
    made = material.groups
    return material.replaced(groups=GroupedHalves(change(made.train), made.test))


def _indices(material: Material, change: Callable[[Array], Array]) -> Material:
    return _spoiled(
        material, lambda part: with_offsets(part.scan, change(part.nn_indices), part.split)
    )


def _far(indices: Array) -> Array:
    """Members beside the seed come from half the list of groups away."""
    return np.concatenate(
        [indices[:, :1], np.roll(indices[:, 1:], len(indices) // 2, axis=0)], axis=1
    )


def _repeated(indices: Array) -> Array:
    return np.concatenate([indices[:, :-1], indices[:, :1]], axis=1)


def _one_seed(indices: Array) -> Array:
    return np.concatenate(
        [indices[: len(indices) // 2], indices[: len(indices) - len(indices) // 2]]
    )


def _flipped(part: GroupedScan) -> GroupedScan:
    return part.model_copy(update={"coords_relative": -part.coords_relative})


def _other_rows(part: GroupedScan) -> GroupedScan:
    return part.model_copy(update={"nn_indices": np.roll(part.nn_indices, 1, axis=0)})


def _whole_scan_rows(part: GroupedScan) -> GroupedScan:
    return part.model_copy(update={"nn_indices": part.nn_indices + part.scan.size})


def _leaked(material: Material) -> Material:
    """Training groups are formed on the whole scan, before the split."""
    scenario, scan = material.scenario, material.scan
    whole = material.pipeline.group(scenario, Halves(scan, scan)).train
    return material.replaced(
        groups=GroupedHalves(whole.model_copy(update={"split": "train"}), material.groups.test)
    )


def _shared(material: Material) -> Material:
    """The test part holds a quarter of the training frames, too."""
    halves = material.halves
    count = halves.train.size
    both = np.concatenate([np.arange(count // 4), np.arange(count, count + halves.test.size)])
    order = np.argsort(material.scan.ycoords, kind="stable")
    test = material.scan.take(np.sort(order[both]))
    return material.replaced(halves=Halves(halves.train, test))


def _mixed(material: Material) -> Material:
    """Every second frame is held out, wherever it lies."""
    rows = np.arange(material.scan.size)
    return material.replaced(
        halves=Halves(material.scan.take(rows[::2]), material.scan.take(rows[1::2]))
    )


def _oversampled_copies(material: Material) -> Material:
    """Half as many groups again are wanted; the missing ones are copies."""
    spec = material.scenario.grouping.model_copy(
        update={
            "n_groups": material.halves.train.size + 8,
            "enable_oversampling": True,
            "neighbor_count": 6,
        }
    )
    resolved = material.subject.resolved
    scenario = resolved.scenario.model_copy(update={"grouping": spec})
    told = material.replaced(
        subject=replace(material.subject, resolved=replace(resolved, scenario=scenario)),
        scan=material.scan,
        halves=material.halves,
    )
    return _indices(told, lambda rows: np.concatenate([rows[:-1], rows[:1]]))


def _columns_first(material: Material) -> Material:
    """A lattice's groups with rows and columns exchanged, one group twice; on a lattice of its own."""
    said = Words(profile="quick", settings=("scan.n_images=64", "grouping.n_groups=8"))
    fresh = Material(subject("dose_legacy_gs2", said))
    told = fresh.replaced(subject=replace(fresh.subject, name=material.name))
    return _indices(told, lambda rows: np.concatenate([rows[:-1], rows[:1]])[:, [0, 2, 1, 3]])


class _Nearest(ReferencePipeline):
    """Takes the nearest neighbours and never the farther of the K."""

    name = "nearest"

    def group(self, scenario: Scenario, halves: Halves) -> GroupedHalves:
        few = scenario.grouping.model_copy(update={"neighbor_count": scenario.members})
        return super().group(scenario.model_copy(update={"grouping": few}), halves)


class _Unseeded(ReferencePipeline):
    """Draws other groups each time, as an unseeded generator does."""

    name = "unseeded"

    def __init__(self) -> None:
        self.calls = 0

    def group(self, scenario: Scenario, halves: Halves) -> GroupedHalves:
        self.calls += 1
        seeds = scenario.seeds.model_copy(update={"grouping": self.calls})
        return super().group(scenario.model_copy(update={"seeds": seeds}), halves)


class _Lenient(ReferencePipeline):
    """Fills groups with repeated frames where it should refuse."""

    name = "lenient"

    def __init__(self, *, oversampling: bool) -> None:
        self.oversampling = oversampling

    def group(self, scenario: Scenario, halves: Halves) -> GroupedHalves:
        try:
            return super().group(scenario, halves)
        except GroupingError as error:
            if isinstance(error, OversamplingError) != self.oversampling:
                raise
            shape = (scenario.grouping.n_groups, scenario.members)
            rows = [np.resize(np.arange(part.size), shape) for part in (halves.train, halves.test)]
            return GroupedHalves(
                with_offsets(halves.train, rows[0]), with_offsets(halves.test, rows[1])
            )


CONTROLS = (
    Control(
        "dropped-groups",
        "a tenth of the groups is lost",
        "GROUP-010",
        lambda material: _indices(
            material, lambda rows: rows[: len(rows) - max(1, len(rows) // 10)]
        ),
    ),
    Control(
        "stale-gridsize",
        "groups were formed for single frames",
        "BUG-TF-001",
        lambda material: _indices(material, lambda rows: rows[:, :1]),
    ),
    Control(
        "narrow-indices",
        "indices are 32-bit",
        "GROUP-001",
        lambda material: _indices(material, lambda rows: rows.astype(np.int32)),
    ),
    Control(
        "other-rows",
        "indices belong to the group before",
        "GROUP-001",
        lambda material: _spoiled(material, _other_rows),
    ),
    Control(
        "whole-scan-rows",
        "indices are rows of the whole scan",
        "GROUP-001",
        lambda material: _spoiled(material, _whole_scan_rows),
    ),
    Control(
        "flipped",
        "relative offsets have the other sign",
        "COORDS-003",
        lambda material: _spoiled(material, _flipped),
    ),
    Control(
        "repeated-member",
        "a group holds its seed twice",
        "GROUP-002",
        lambda material: _indices(material, _repeated),
    ),
    Control(
        "far-members",
        "members are the neighbours of another seed",
        "GROUP-003",
        lambda material: _indices(material, _far),
    ),
    Control(
        "few-seeds",
        "the second half of the groups repeats the first",
        "GROUP-006",
        lambda material: _indices(material, _one_seed),
    ),
    Control(
        "nearest-only",
        "the farther of the K neighbours are never chosen",
        "GROUP-007",
        lambda material: material.replaced(pipeline=_Nearest()),
    ),
    Control("copies", "an oversampled scan holds a group twice", "GROUP-005", _oversampled_copies),
    Control(
        "unseeded",
        "each call draws other groups",
        "GROUP-008",
        lambda material: material.replaced(pipeline=_Unseeded()),
    ),
    Control(
        "columns-first",
        "a lattice's groups are read column by column, and one comes twice",
        "GROUP-011",
        _columns_first,
    ),
    Control("leaked", "training groups were formed before the split", "SPLIT-002", _leaked),
    Control("shared-frames", "training frames are in the test part, too", "SPLIT-001", _shared),
    Control("mixed", "every second frame is held out", "SPLIT-003", _mixed),
    Control(
        "fills-up",
        "too few frames or neighbours are filled up by repeating",
        "GROUP-004",
        lambda material: material.replaced(pipeline=_Lenient(oversampling=False)),
    ),
    Control(
        "oversamples-anyway",
        "more groups than frames are filled up by repeating",
        "OVERSAMPLING-001",
        lambda material: material.replaced(pipeline=_Lenient(oversampling=True)),
    ),
)

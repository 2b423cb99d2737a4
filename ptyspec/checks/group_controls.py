"""Positive controls of the audit `grouping`: each spoils the groups so that one clause must turn red."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.checks.registry import Control
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scan import GroupedScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.pipeline.group import with_offsets
from ptyspec.pipeline.protocol import GroupedHalves, Halves
from ptyspec.pipeline.reference import ReferencePipeline

Spoil = Callable[[Material], Material]


def _train(change: Callable[[GroupedScan], GroupedScan]) -> Spoil:
    """What changes the training groups."""

    def spoil(material: Material) -> Material:
        parts = material.groups
        return material.replaced(groups=GroupedHalves(change(parts.train), parts.test))

    return spoil


def _rows(change: Callable[[Array], Array]) -> Spoil:
    """What changes which frames are in the training groups; their offsets follow."""
    return _train(lambda part: with_offsets(part.scan, change(part.nn_indices), part.split))


def _indices(change: Callable[[GroupedScan], Array]) -> Spoil:
    """What changes the indices alone."""
    return _train(lambda part: part.model_copy(update={"nn_indices": change(part)}))


class _Nearest(ReferencePipeline):
    """Takes the nearest neighbours and never the farther of the K."""

    name = "nearest"

    def group(self, scenario: Scenario, halves: Halves) -> GroupedHalves:
        few = scenario.grouping.model_copy(update={"neighbor_count": scenario.members})
        return super().group(scenario.model_copy(update={"grouping": few}), halves)


OVERSAMPLED = (
    *("gs2_custom", "scan.n_images=64", "grouping.n_groups=300"),
    *("grouping.neighbor_count=5", "grouping.enable_oversampling=true"),
)
LATTICE = ("dose_legacy_gs2", "scan.n_images=64", "grouping.n_groups=8")
CONTROLS = (
    Control(
        "dropped-groups",
        "a tenth of the groups is lost",
        "GROUP-010",
        _rows(lambda rows: rows[: len(rows) - max(1, len(rows) // 10)]),
    ),
    Control("stale-gridsize", "", "BUG-TF-001", fault="gridsize-ignored"),
    Control("narrow-indices", "", "GROUP-001", fault="indices-32-bit"),
    Control(
        "other-rows",
        "indices belong to the group before",
        "GROUP-001",
        _indices(lambda part: np.roll(part.nn_indices, 1, axis=0)),
    ),
    Control(
        "whole-scan-rows",
        "indices are rows of the whole scan",
        "GROUP-001",
        _indices(lambda part: part.nn_indices + part.scan.size),
    ),
    Control("flipped", "", "COORDS-003", fault="sign-flipped"),
    Control(
        "repeated-member",
        "a group holds its seed twice",
        "GROUP-002",
        _rows(lambda rows: np.concatenate([rows[:, :-1], rows[:, :1]], axis=1)),
    ),
    Control("far-members", "", "GROUP-003", fault="one-neighbour-more"),
    Control("few-seeds", "", "GROUP-006", fault="seed-frame-absent"),
    Control(
        "nearest-only",
        "the farther of the K neighbours are never chosen",
        "GROUP-007",
        lambda material: material.replaced(pipeline=_Nearest()),
    ),
    Control("copies", "", "GROUP-005", fault="groups-twice", on=OVERSAMPLED),
    Control("unseeded", "", "GROUP-008", fault="members-from-global-generator"),
    Control("columns-first", "", "GROUP-011", fault="lattice-channels-transposed", on=LATTICE),
    Control("leaked", "", "SPLIT-002", fault="groups-across-split"),
    Control("shared-frames", "", "SPLIT-001", fault="frames-shared"),
    Control("mixed", "", "SPLIT-003", fault="split-by-index"),
    Control("fills-up", "", "GROUP-004", fault="few-frames-filled"),
    Control("oversamples-anyway", "", "OVERSAMPLING-001", fault="oversampling-without-choice"),
)

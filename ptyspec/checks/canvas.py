"""Audit `canvas`: does every patch fit on its canvas, inside the model and in the stitched object?

Inside the model a group is merged around its own mean: the side is N + 2 max|relative offset|,
computed again from the members' positions. The stitched object has a canvas of its own, held
against the absolute positions by perfect patches at their place and moved. Upstream's jitter rule
took absolute offsets for the first (facts 4 and 5.2); its side stands beside, with the energy of
perfect patches that each side really cuts.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.checks.canvas_oracle import (
    MOVE,
    correlations,
    jitter_rule,
    lost,
    merge_error,
    needed_side,
    stitch_error,
    stitched,
)
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.registry import of_faults
from ptyspec.checks.spoil import control
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.bundles import GroupedScan, Patches, RawScan, Reconstruction
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics.geometry import required_canvas
from ptyspec.physics.scale import illumination_weight
from ptyspec.pipeline.protocol import GroupedTrainTest, TrainTest
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.spec.checks import Check

LOST = 1e-6
"""Energy of perfect patches that may be missing: float64 sums of patches in single precision."""
RIM = 1e-9
"""Pixels: positions are double precision."""
MOVED = 1e-6
"""Whole pixels: positions around 1000 keep 1e-13 of a pixel, single-precision weights 6e-8."""
COST = 0.1
"""How much of Pearson's r wrong places must cost at least (SCORE-007)."""
NO_OBJECT = "no object is known"


def _both(groups: GroupedTrainTest) -> tuple[GroupedScan, GroupedScan]:
    return groups.train, groups.test


def _side(outputs: StageOutputs, groups: GroupedTrainTest) -> int:
    """The side of the model's canvas: the declared one, else what its own rule makes of both splits."""
    spec = outputs.scenario.model
    sides = [required_canvas(part.coords_relative, spec.N) for part in _both(groups)]
    return spec.canvas or max(sides)


def model(outputs: StageOutputs) -> dict[str, Any]:
    """Return the side that there is inside the model, those by other rules, from positions alone, and what they cut.

    Sides and offsets in pixels; lost: part of the energy of the worst perfect patch that falls off.
    """
    spec, parts, offsets, relative = outputs.scenario.model, _both(outputs.groups), [], []
    for part in parts:
        coords = part.scan.positions[part.nn_indices]
        offsets.append(coords.sum(axis=1) / part.C)
        relative.append(offsets[-1][:, None] - coords)
    away = TrainTest(_moved(outputs.halves.train), _moved(outputs.halves.test))
    side, rule = _side(outputs, outputs.groups), max(jitter_rule(part, spec.N) for part in offsets)
    return {
        "N": spec.N,
        "declared": spec.canvas,
        "largest_relative": max(float(np.abs(part).max()) for part in relative),
        "needed": max(needed_side(part, spec.N) for part in relative),
        "side": side,
        "side_when_moved": _side(outputs, outputs.pipeline.group(outputs.scenario, away)),
        "lost": max(float(lost(part, side).max()) for part in parts),
        "lost_on_N": max(float(lost(part, spec.N).max()) for part in parts),
        "largest_offset": max(float(np.abs(part).max()) for part in offsets),
        "jitter_rule": rule,
        "upstream_formula": 1 - side / rule,
    }


def _moved(scan: RawScan) -> RawScan:
    x, y = MOVE
    names = {"xcoords": x, "xcoords_start": x, "ycoords": y, "ycoords_start": y}
    return scan.model_copy(update={name: getattr(scan, name) + by for name, by in names.items()})


@checks("CANVAS-001")
def the_canvas_is_the_one_that_the_groups_need(check: Check, outputs: StageOutputs) -> None:
    facts = outputs.facts(model)
    if not facts["declared"]:
        check.equal(facts["side"], facts["needed"], "side / px")


@checks("CANVAS-002")
def absolute_positions_have_no_part_in_the_canvas(check: Check, outputs: StageOutputs) -> None:
    facts = outputs.facts(model)
    check.equal(facts["side_when_moved"], facts["side"], "side after the scan was moved / px")


@checks("CANVAS-003")
def the_canvas_holds_the_groups(check: Check, outputs: StageOutputs) -> None:
    facts = outputs.facts(model)
    if facts["declared"]:
        check.between(facts["needed"], facts["side"], np.inf, "declared side / px")
    check.between(0, facts["lost"], LOST, "part of a perfect patch off the canvas, the worst")


@checks("MERGE-003")
def merged_perfect_patches_are_the_object(check: Check, outputs: StageOutputs) -> None:
    side, limit = outputs.facts(model)["side"], check.clause.tolerance.value
    for split in ("train", "test"):
        error = merge_error(getattr(outputs.groups, split), side)
        what = f"merged perfect patches from the object, {split}"
        check.between(0, error, limit, what, NO_OBJECT)


@checks("STITCH-001")
def the_stitched_canvas_follows_from_absolute_positions(
    check: Check, outputs: StageOutputs
) -> None:
    positions, made, far, _ = outputs.facts(stitched)
    size, start = outputs.scan.N, np.array(made.origin)
    low, high = positions.min(axis=0) - size // 2, positions.max(axis=0) + size // 2 - 1
    margins = [*(low - start), *(start + made.object.shape[::-1] - 1 - high)]
    what = "smallest distance of a patch from the canvas's rim / px"
    check.between(-RIM, float(min(margins)), np.inf, what)
    moved = [there - here for there, here in zip(far.origin, made.origin, strict=True)]
    check.equal(moved, list(MOVE), "the origin moves with the scan / px")


@checks("STITCH-002")
def no_patch_is_dropped(check: Check, outputs: StageOutputs) -> None:
    positions, made, *_ = outputs.facts(stitched)
    weight = illumination_weight(outputs.scan.probeGuess).sum(dtype=np.float64) * len(positions)
    ratio = float(made.coverage.sum(dtype=np.float64) / weight)
    check.within_ratio(ratio, 1.0, "summed coverage over patches times weight")


@checks("BASELINE-OFFSET-001")
def wherever_the_scan_lies_its_patches_are_on_the_canvas(
    check: Check, outputs: StageOutputs
) -> None:
    _, made, far, _ = outputs.facts(stitched)
    here, there = made.coverage, far.coverage
    comparable = here.any() and here.shape == there.shape
    change = np.abs(here - there).max() / here.max() if comparable else np.inf
    check.between(0, float(change), MOVED, "change of the coverage when the scan is moved")


@checks("STITCH-005")
def stitched_perfect_patches_are_the_object(check: Check, outputs: StageOutputs) -> None:
    error = stitch_error(outputs.facts(stitched)[1], outputs.scan.objectGuess)
    what, limit = "stitched perfect patches from the object", check.clause.tolerance.value
    check.between(0, error, limit, what, NO_OBJECT)


@checks("REASSEMBLY-METRIC-FRAME-001", "stitch")
def the_evaluator_finds_true_patches_in_place(check: Check, outputs: StageOutputs) -> None:
    r, least = outputs.facts(correlations)[0], 1 - check.clause.tolerance.value
    check.between(least, r, np.inf, "Pearson's r of stitched perfect patches", NO_OBJECT)


@checks("SCORE-007", "score")
def misplaced_patches_score_badly(check: Check, outputs: StageOutputs) -> None:
    placed, elsewhere = outputs.facts(correlations)
    cost = None if placed is None or elsewhere is None else placed - elsewhere
    check.between(COST, cost, np.inf, "Pearson's r that wrong places cost", NO_OBJECT)


class _Absolute(ReferencePipeline):
    def group(self, scenario: Scenario, halves: TrainTest) -> GroupedTrainTest:
        return GroupedTrainTest(*map(_absolute, _both(super().group(scenario, halves))))


def _absolute(part: GroupedScan) -> GroupedScan:
    none = 0 * part.coords_offsets
    return part.model_copy(update={"coords_relative": -part.coords, "coords_offsets": none})


@control("CANVAS-002")
def absolute_offsets(material: StageOutputs) -> StageOutputs:
    """Absolute positions size the canvas inside the model."""
    return material.replaced(pipeline=_Absolute(), scan=material.scan)


class _Bounded(ReferencePipeline):
    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        inside = {"coords": np.clip(patches.coords, 0, 512)}
        return super().stitch(scenario, patches.model_copy(update=inside))


@control("BASELINE-OFFSET-001")
def bounded(material: StageOutputs) -> StageOutputs:
    """Patches beyond a frame of 512 pixels are moved into it."""
    return material.replaced(pipeline=_Bounded(), scan=material.scan)


SMALL = ("gs2_custom", "scan.n_images=64", "grouping.n_groups=16")
CONTROLS = (
    *(absolute_offsets, bounded),
    *of_faults("CANVAS-003 canvas-too-small-accepted", on=(*SMALL, "model.canvas=64")),
    *of_faults(
        *("CANVAS-001 canvas-one-sided", "MERGE-003 merge-sign-flipped"),
        *("STITCH-002 patches-dropped-at-bounds", "STITCH-001 canvas-at-centre-of-mass"),
        *("STITCH-005 stitch-transposes-patches", "SCORE-007 truth-off-by-32"),
        "REASSEMBLY-METRIC-FRAME-001 truth-off-by-1",
    ),
)
LAYOUT = Layout(
    facts={"model": model},
    tables=(
        Grid(
            "The canvas inside the model, by its own rule and by upstream's / px",
            "model/*",
            "N, declared, largest_relative, needed, side, side_when_moved, lost, lost_on_N, "
            "largest_offset, jitter_rule, upstream_formula",
            turned=True,
        ),
    ),
    notes="""
    A group is merged around its own mean, so that only relative offsets move a patch in the model's
    canvas. lost: part of the worst perfect patch's energy that the merge would put off it.
    jitter_rule: ceil(N + 2 max|absolute offset|); upstream_formula is 1 - side / jitter_rule, a
    ratio of sides: it reports nearly everything lost where nothing is.
    """,
)

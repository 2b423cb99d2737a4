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
    jitter_rule,
    lost,
    merge_error,
    needed_side,
    stitched_facts,
)
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.registry import of_faults
from ptyspec.checks.spoil import control
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.container import Patches, Reconstruction
from ptyspec.contracts.scan import GroupedScan, RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics.geometry import required_canvas
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


def _parts(groups: GroupedTrainTest) -> dict[str, GroupedScan]:
    return {"train": groups.train, "test": groups.test}


def _side(outputs: StageOutputs, groups: GroupedTrainTest) -> int:
    """The side of the model's canvas: the declared one, else what its own rule makes of both splits."""
    model = outputs.scenario.model
    sides = [required_canvas(part.coords_relative, model.N) for part in _parts(groups).values()]
    return model.canvas or max(sides)


def model(outputs: StageOutputs) -> dict[str, Any]:
    """Return the side that there is inside the model, and those by other rules, from positions alone; pixels."""
    spec, offsets, relative = outputs.scenario.model, [], []
    for part in _parts(outputs.groups).values():
        coords = part.scan.positions[part.nn_indices]
        offsets.append(coords.sum(axis=1) / part.C)
        relative.append(offsets[-1][:, None] - coords)
    away = TrainTest(_moved(outputs.halves.train), _moved(outputs.halves.test))
    return {
        "N": spec.N,
        "declared": spec.canvas,
        "largest_relative": max(float(np.abs(part).max()) for part in relative),
        "needed": max(needed_side(part, spec.N) for part in relative),
        "side": _side(outputs, outputs.groups),
        "side_when_moved": _side(outputs, outputs.pipeline.group(outputs.scenario, away)),
        "largest_offset": max(float(np.abs(part).max()) for part in offsets),
        "jitter_rule": max(jitter_rule(part, spec.N) for part in offsets),
    }


def _moved(scan: RawScan) -> RawScan:
    x, y = MOVE
    names = {"xcoords": x, "xcoords_start": x, "ycoords": y, "ycoords_start": y}
    return scan.model_copy(update={name: getattr(scan, name) + by for name, by in names.items()})


def sides(outputs: StageOutputs) -> dict[str, dict[str, float]]:
    """Return what canvases of different sides would cut."""
    facts = outputs.facts(model)
    rules = {
        "N alone": facts["N"],
        "needed": facts["needed"],
        "there is": facts["side"],
        "jitter rule": facts["jitter_rule"],
    }
    rows = {}
    for rule, side in rules.items():
        cut = np.concatenate([lost(part, side) for part in _parts(outputs.groups).values()])
        rows[rule] = {
            "side": side,
            "object_lost": float(cut.mean()),
            "object_lost_worst_patch": float(cut.max()),
            "upstream_formula": 1 - side / facts["jitter_rule"],
        }
    return rows


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
    facts, there = outputs.facts(model), outputs.facts(sides)["there is"]
    if facts["declared"]:
        check.between(facts["needed"], facts["side"], np.inf, "declared side / px")
    what = "part of a perfect patch off the canvas, the worst"
    check.between(0, there["object_lost_worst_patch"], LOST, what)


@checks("MERGE-003")
def merged_perfect_patches_are_the_object(check: Check, outputs: StageOutputs) -> None:
    for split, part in _parts(outputs.groups).items():
        error, limit = merge_error(part, outputs.facts(model)["side"]), check.clause.tolerance.value
        check.between(
            0, error, limit, f"merged perfect patches from the object, {split}", NO_OBJECT
        )


@checks("STITCH-001")
def the_stitched_canvas_follows_from_absolute_positions(
    check: Check, outputs: StageOutputs
) -> None:
    facts = outputs.facts(stitched_facts)
    what = "smallest distance of a patch from the canvas's rim / px"
    check.between(-RIM, facts["smallest_margin"], np.inf, what)
    check.equal(facts["origin_moved"], list(MOVE), "the origin moves with the scan / px")


@checks("STITCH-002")
def no_patch_is_dropped(check: Check, outputs: StageOutputs) -> None:
    ratio = outputs.facts(stitched_facts)["coverage_ratio"]
    check.within_ratio(ratio, 1.0, "summed coverage over patches times weight")


@checks("BASELINE-OFFSET-001")
def wherever_the_scan_lies_its_patches_are_on_the_canvas(
    check: Check, outputs: StageOutputs
) -> None:
    change = outputs.facts(stitched_facts)["coverage_change_when_moved"]
    what = "change of the coverage when the scan is moved"
    check.holds(change is not None and change <= MOVED, what, change, f"<= {MOVED:g}, equal shape")


@checks("STITCH-005")
def stitched_perfect_patches_are_the_object(check: Check, outputs: StageOutputs) -> None:
    error, limit = outputs.facts(stitched_facts)["oracle_error"], check.clause.tolerance.value
    check.between(0, error, limit, "stitched perfect patches from the object", NO_OBJECT)


@checks("REASSEMBLY-METRIC-FRAME-001", "stitch")
def the_evaluator_finds_true_patches_in_place(check: Check, outputs: StageOutputs) -> None:
    r, least = outputs.facts(stitched_facts)["oracle_r"], 1 - check.clause.tolerance.value
    check.between(least, r, np.inf, "Pearson's r of stitched perfect patches", NO_OBJECT)


@checks("SCORE-007", "score")
def misplaced_patches_score_badly(check: Check, outputs: StageOutputs) -> None:
    cost = outputs.facts(stitched_facts)["r_that_wrong_places_cost"]
    check.between(COST, cost, np.inf, "Pearson's r that wrong places cost", NO_OBJECT)


class _Absolute(ReferencePipeline):
    def group(self, scenario: Scenario, halves: TrainTest) -> GroupedTrainTest:
        parts = _parts(super().group(scenario, halves)).values()
        return GroupedTrainTest(
            *(
                one.model_copy(
                    update={
                        "coords_relative": -one.coords,
                        "coords_offsets": 0 * one.coords_offsets,
                    }
                )
                for one in parts
            )
        )


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
    facts={"model": model, "sides": sides, "stitched": stitched_facts},
    tables=(
        Grid(
            "The canvas inside the model / px",
            "model/*",
            "N, declared, largest_relative, needed, side, side_when_moved, largest_offset, jitter_rule",
        ),
        Grid(
            "What a side cuts",
            "sides/*/*",
            "side, object_lost, object_lost_worst_patch, upstream_formula",
            "subject, rule",
        ),
        Grid("The stitched canvas / px", "stitched/*", "x0, y0, width, height"),
    ),
    notes="""
    A group is merged around its own mean, so that only relative offsets move a patch in the model's
    canvas. object_lost places perfect patches (|O|^2) as the merge does and adds up what lands off
    it. jitter rule: ceil(N + 2 max|absolute offset|); upstream_formula is 1 - side / jitter rule, a
    ratio of sides: it reports nearly everything lost where nothing is.
    """,
)

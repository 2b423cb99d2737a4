"""Audit `canvas`: does every patch fit on its canvas, inside the model and in the stitched object?

Inside the model a group is merged around its own mean: the side is N + 2 max|relative offset|.
Upstream's jitter rule took absolute offsets (facts 4 and 5.2). The stitched canvas is another one.
"""

import math
from typing import Any

import numpy as np

from ptyspec.checks.clause_check import checks
from ptyspec.checks.registry import Grid, Layout, control, of_faults
from ptyspec.checks.stage_outputs import StageOutputs, spread, true_patches
from ptyspec.contracts.bundles import Array, GroupedScan, Patches, RawScan, Reconstruction
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics.geometry import extract_patches, required_canvas
from ptyspec.physics.merge import merge_group, placement
from ptyspec.physics.scale import illumination_weight
from ptyspec.pipeline.protocol import GroupedTrainTest, TrainTest
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.scores.amplitude import amplitude_scores
from ptyspec.scores.frame import cut
from ptyspec.spec.checks import Check

MERGED, STITCHED = 6, 64
"""Groups that are merged, and stitched: evenly spread over a split."""
MOVE = (1000, -500)
"""Whole pixels by which the scan is moved: no canvas may change."""
LIT = 0.05
"""Summed weight from which a pixel counts."""


def needed_side(relative: Array, size: int) -> int:
    """Smallest side with an even excess over N that holds every member (CANVAS-001)."""
    reach = float(np.abs(relative).max()) if relative.size else 0.0
    return size + 2 * math.ceil(reach)


def jitter_rule(offsets: Array, size: int) -> int:
    """Upstream's required canvas: ceil(N + 2 max|absolute offset|), of N's parity (fact 4)."""
    side = math.ceil(size + 2 * float(np.abs(offsets).max()))
    return side + (side - size) % 2


def lost(groups: GroupedScan, side: int) -> Array:
    """Part of the energy of each perfect patch, |O|^2, that falls off a canvas of this side.

    The patches are placed as the merge places them (the tent, which keeps energy).
    """
    rows = spread(groups.size, MERGED)
    energy = np.abs(np.moveaxis(true_patches(groups, rows), -1, 1).astype(np.complex128)) ** 2
    return lost_energy(energy, groups.coords_relative[rows], side)


def lost_energy(energy: Array, relative: Array, side: int) -> Array:
    """Part of each patch's energy off such a canvas: (B, C) of (B, C, N, N) and (B, 1, 2, C)."""
    down, across = placement(relative, energy.shape[-1], side, "linear")
    kept = np.einsum("bci,bcij,bcj->bc", down.sum(axis=-2), energy, across.sum(axis=-2))
    return np.asarray(np.maximum(1 - kept / energy.sum(axis=(-2, -1)), 0.0))


def stitched(outputs: StageOutputs) -> tuple[Array, Reconstruction, Reconstruction, Reconstruction]:
    """Return positions (M, 2) of perfect patches of the test split, and what the pipeline's own stitching makes of them.

    In place, moved, and at places of other patches, half the scan away.
    """
    groups = outputs.groups.test
    rows = spread(groups.size, STITCHED)
    coords, truth = groups.coords[rows], true_patches(groups, rows)
    places = np.moveaxis(coords[:, 0], 1, 2)
    positions = places.reshape(-1, 2)
    away = np.roll(positions, len(positions) // 2, axis=0).reshape(places.shape)
    moved = coords + np.array(MOVE, float)[:, None]
    near, far, wrong = (
        outputs.pipeline.stitch(
            outputs.scenario, Patches(object=truth, coords=at, probe=groups.scan.probeGuess)
        )
        for at in (coords, moved, np.moveaxis(away, 1, 2)[:, None])
    )
    return positions, near, far, wrong


def correlations(outputs: StageOutputs) -> list[float | None]:
    """Return Pearson's r of perfect patches in place and at wrong places, by the evaluator that scores networks."""
    truth, (_, near, _, wrong) = outputs.scan.objectGuess, outputs.facts(stitched)
    if truth is None:
        return [None, None]
    return [amplitude_scores(cut(made, truth))["pearson_r"] for made in (near, wrong)]


def stitch_error(made: Reconstruction, truth: Array | None) -> float | None:
    """Relative rms distance from the object where light fell, without the free phase of each joined piece.

    Pieces that no light joins (the images of a nested scan) have no common phase.
    """
    if truth is None:
        return None
    from scipy.ndimage import label

    (x0, y0), (height, width) = made.origin, made.object.shape
    pad = max(height, width) + max(abs(x0), abs(y0))
    around = np.pad(truth, pad)[y0 + pad : y0 + pad + height, x0 + pad : x0 + pad + width]
    both = np.isfinite(made.object) & (made.coverage > LIT)
    if around.shape != both.shape or not np.any(around[both]):
        return None
    pieces, count = label(both)
    missed = 0.0
    for piece in range(1, count + 1):
        images = (made.object, around)
        found, expected = (image[pieces == piece].astype(np.complex128) for image in images)
        phase = np.vdot(found, expected)
        turned = found * (phase / abs(phase) if phase else 1.0)
        missed += float(np.sum(np.abs(turned - expected) ** 2))
    return float(missed**0.5 / np.linalg.norm(around[both]))


LOST = 1e-6
"""Energy of perfect patches that may be missing: float64 sums of patches in single precision."""
RIM = 1e-9
"""Pixels: positions are double precision."""
MOVED = 1e-6
"""Whole pixels: positions around 1000 keep 1e-13 of a pixel, single-precision weights 6e-8."""
COST = 0.1
"""How much of Pearson's r wrong places must cost at least (SCORE-007)."""
NO_OBJECT = "no object is known"


def _side(outputs: StageOutputs, groups: GroupedTrainTest) -> int:
    """The side of the model's canvas: the declared one, else what its own rule makes of both splits."""
    spec = outputs.scenario.model
    parts = (groups.train, groups.test)
    return spec.canvas or max(required_canvas(part.coords_relative, spec.N) for part in parts)


def model(outputs: StageOutputs) -> dict[str, Any]:
    """Return the side that there is inside the model, those by other rules, from positions alone, and what they cut.

    Sides and offsets in pixels; lost: part of the energy of the worst perfect patch that falls off.
    """
    spec, parts = outputs.scenario.model, (outputs.groups.train, outputs.groups.test)
    offsets, relative = [], []
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


@checks("CANVAS-001", of="group")
def the_canvas_is_the_one_that_the_groups_need(check: Check, outputs: StageOutputs) -> None:
    facts = outputs.facts(model)
    if not facts["declared"]:
        check.equal(facts["side"], facts["needed"], "side / px")


@checks("CANVAS-002", of="group")
def absolute_positions_have_no_part_in_the_canvas(check: Check, outputs: StageOutputs) -> None:
    facts = outputs.facts(model)
    check.equal(facts["side_when_moved"], facts["side"], "side after the scan was moved / px")


@checks("CANVAS-003", of="group")
def the_canvas_holds_the_groups(check: Check, outputs: StageOutputs) -> None:
    facts = outputs.facts(model)
    if facts["declared"]:
        check.between(facts["needed"], facts["side"], np.inf, "declared side / px")
    check.between(0, facts["lost"], LOST, "part of a perfect patch off the canvas, the worst")


@checks("MERGE-003", of="group")
def merged_perfect_patches_are_the_object(check: Check, outputs: StageOutputs) -> None:
    """By their relative rms distance from the object around their groups' offsets."""
    side = outputs.facts(model)["side"]
    for split in ("train", "test"):
        groups: GroupedScan = getattr(outputs.groups, split)
        error: float | None = None
        if (obj := groups.scan.objectGuess) is not None:
            rows = spread(groups.size, MERGED)
            relative = groups.coords_relative[rows]
            weight = illumination_weight(groups.scan.probeGuess)
            merged = merge_group(true_patches(groups, rows), relative, weight, side)
            vertical, horizontal = placement(relative, groups.scan.N, side, "linear")
            lit = (vertical @ weight @ np.swapaxes(horizontal, -1, -2)).sum(axis=1) > LIT
            truth = extract_patches(obj, groups.coords_offsets[rows, 0, :, 0], side)
            error = float(np.linalg.norm((merged - truth)[lit]) / np.linalg.norm(truth[lit]))
        what = f"merged perfect patches from the object, {split}"
        check.between(0, error, check.clause.tolerance.value, what, NO_OBJECT)


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


@checks("SCORE-007", of="stitch")
def misplaced_patches_score_badly(check: Check, outputs: StageOutputs) -> None:
    placed, elsewhere = outputs.facts(correlations)
    cost = None if placed is None or elsewhere is None else placed - elsewhere
    check.between(COST, cost, np.inf, "Pearson's r that wrong places cost", NO_OBJECT)


class _Absolute(ReferencePipeline):
    def group(self, scenario: Scenario, halves: TrainTest) -> GroupedTrainTest:
        def absolute(part: GroupedScan) -> GroupedScan:
            none = 0 * part.coords_offsets
            return part.model_copy(update={"coords_relative": -part.coords, "coords_offsets": none})

        groups = super().group(scenario, halves)
        return GroupedTrainTest(absolute(groups.train), absolute(groups.test))


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

"""Checks of inference and stitching by patches that are known to be right: nothing is trained for them."""

from typing import Any

import numpy as np

from ptyspec.checks.canvas import LIT, NO_OBJECT, stitch_error, stitched
from ptyspec.checks.clause_check import checks
from ptyspec.checks.finished import gain
from ptyspec.checks.stage_chain import near_one, tolerance
from ptyspec.checks.stage_outputs import StageOutputs, spread, true_patches
from ptyspec.contracts.bundles import Array, Container, Patches, Reconstruction
from ptyspec.contracts.records import EpochRecord, History
from ptyspec.physics.geometry import extract_patches
from ptyspec.physics.scale import illumination_weight
from ptyspec.pipeline.protocol import Trained
from ptyspec.scores.phase import global_phase
from ptyspec.seeds import generator
from ptyspec.spec.checks import Check

FEW = 24
"""Groups that are inferred, and frames that are stitched: neighbours, so that they overlap."""
EDGE = 1e-9
"""Pixels: positions are double precision."""


WAVES = 31, 23
"""Pixels from crest to crest, along x and along y: smooth, and not the same when x and y change places."""


def waved(truth: Array | None) -> Array | None:
    """Return the object with a phase of waves: a real one hides a conjugate, a flat one what lies elsewhere."""
    if truth is None:
        return None
    y, x = np.indices(truth.shape, np.float32)
    right, down = (2 * np.pi * place / length for place, length in zip((x, y), WAVES, strict=True))
    phase = np.sin(right) + 0.5 * np.cos(down)
    return np.asarray(truth * np.exp(1j * phase), np.complex64)


def perfect(weights: list[Array], container: Container) -> Patches:
    """What a perfect generator predicts: the waved true object under each frame."""
    scan = container.groups.scan
    shown = scan.model_copy(update={"objectGuess": waved(scan.objectGuess)})
    groups = container.groups.model_copy(update={"scan": shown})
    return Patches(
        object=true_patches(groups, np.arange(groups.size)).astype(np.complex64),
        coords=groups.coords,
        probe=container.probe,
    )


def oracle(outputs: StageOutputs) -> tuple[Trained, Container]:
    """Return a perfect generator as training would hand it over, and some groups of the test split."""
    epoch = EpochRecord(epoch=1, learning_rate=0.0, seconds=0.0, finite=True, metrics={"loss": 0.0})
    history = History(monitor="loss", best_epoch=1, epochs=(epoch,))
    container = outputs.containers.test
    rows = spread(container.size, FEW)
    names = ("nn_indices", "coords_offsets", "coords_relative")
    few = {name: getattr(container.groups, name)[rows] for name in names}
    groups = container.groups.model_copy(update=few)
    return Trained([], [], history, perfect), container.model_copy(update={"groups": groups})


def perfect_inference(outputs: StageOutputs) -> Patches:
    """Return what the pipeline's inference makes of a perfect generator."""
    made: Patches = outputs.work("infer", *outputs.facts(oracle))
    return made


def trains_itself(outputs: StageOutputs) -> bool:
    """Whether inference works on what the pipeline's own training made."""
    return "train" in outputs.declared and not outputs.own_network


def inferred(check: Check, outputs: StageOutputs, what: str) -> tuple[Patches, Container] | None:
    """Patches and their groups; None where nobody knows what they should be.

    What a pipeline trains itself its inference may ask for more than a perfect generator has.
    """
    if trains_itself(outputs):
        return None
    if outputs.scan.objectGuess is None:
        check.missing(what, NO_OBJECT)
    else:
        return outputs.facts(perfect_inference), outputs.facts(oracle)[1]
    return None


@checks("NORMALIZATION-001", "infer")
def the_gain_stays_out_of_the_patches(check: Check, outputs: StageOutputs) -> None:
    what = "mean amplitude of perfect patches behind inference over that before it"
    if both := inferred(check, outputs, what):
        patches, container = both
        before = np.abs(perfect([], container).object).mean(dtype=np.float64)
        level = float(np.abs(patches.object).mean(dtype=np.float64) / before)
        near_one(check, level, tolerance("INFER-005"), f"{what}; gain {container.gain:.4g}")


@checks("MERGE-003", "infer")
def perfect_patches_come_back_from_inference(check: Check, outputs: StageOutputs) -> None:
    what = "perfect patches behind inference from those before it, rms, relative"
    if both := inferred(check, outputs, what):
        patches, container = both
        truth = perfect([], container).object
        light = illumination_weight(container.probe)[None, :, :, None] > LIT
        error = float("inf")
        if patches.object.shape == truth.shape:
            apart = np.linalg.norm((patches.object - truth) * light)
            error = float(apart / np.linalg.norm(truth * light))
        check.between(0, error, check.clause.tolerance.value, what)


@checks("COORDS-002", "infer")
def patches_keep_the_places_of_their_frames(check: Check, outputs: StageOutputs) -> None:
    what = "largest distance of a patch from its frame's position / px"
    if both := inferred(check, outputs, what):
        patches, container = both
        same = patches.coords.shape == container.groups.coords.shape
        apart = np.abs(patches.coords - container.groups.coords).max() if same else np.inf
        check.between(0, float(apart), EDGE * _far(container.groups.coords), what)


@checks("DATA-007", "infer")
def patches_carry_the_probe_that_weights_them(check: Check, outputs: StageOutputs) -> None:
    what = "probe of the patches"
    if both := inferred(check, outputs, what):
        check.equal(both[0].probe, both[1].probe, what)


def _far(coords: Array) -> float:
    return max(1.0, float(np.abs(coords).max()))


def neighbours(outputs: StageOutputs) -> tuple[Array, Array]:
    """Return whole-pixel positions (M, 2) around the middle frame of the test split, and the true patches there."""
    scan = outputs.halves.test
    middle = np.median(scan.positions, axis=0)
    near = np.argsort(((scan.positions - middle) ** 2).sum(axis=1))[:FEW]
    positions = np.unique(np.rint(scan.positions[near]), axis=0)
    known = waved(scan.objectGuess)
    truth = np.ones((1, 1)) if known is None else known
    return positions, extract_patches(truth, positions, scan.N).astype(np.complex64)


def single(outputs: StageOutputs, patches: Array, positions: Array) -> Patches:
    """Return frames of one member each."""
    coords = positions.astype(np.float64)[:, None, :, None]
    return Patches(object=patches[..., None], coords=coords, probe=outputs.scan.probeGuess)


def stitched_once(outputs: StageOutputs) -> tuple[Patches, Reconstruction]:
    """Return perfect single frames on whole pixels, and what the pipeline's stitching makes of them."""
    positions, truth = outputs.facts(neighbours)
    patches = single(outputs, truth, positions)
    return patches, outputs.work("stitch", patches)


def weighted_mean(patches: Patches, made: Reconstruction) -> tuple[Array, Array]:
    """Return sum w O / sum w and sum w of single frames on whole pixels, on the canvas that was made."""
    weight, size = illumination_weight(patches.probe).astype(np.float64), patches.probe.shape[-1]
    height, width = made.object.shape
    total, light = (
        np.zeros((height + 2 * size, width + 2 * size), kind) for kind in (complex, float)
    )
    corners = np.rint(patches.coords[:, 0, :, 0]).astype(int) - size // 2 - np.array(made.origin)
    for (x, y), patch in zip(corners + size, patches.object[..., 0], strict=True):
        if 0 <= x <= width + size and 0 <= y <= height + size:
            total[y : y + size, x : x + size] += weight * patch
            light[y : y + size, x : x + size] += weight
    inner = (slice(size, size + height), slice(size, size + width))
    with np.errstate(invalid="ignore", divide="ignore"):
        return (total / light)[inner], light[inner]


def _apart(made: Array, wanted: Array, seen: Array) -> float:
    """|made - wanted| / |wanted| at most, one global phase apart; infinite where nothing is comparable."""
    seen = seen & np.isfinite(made)
    if not seen.any():
        return float("inf")
    a, b = made[seen].astype(np.complex128), wanted[seen].astype(np.complex128)
    return float(np.abs(a * global_phase(a, b) - b).max() / np.abs(b).max())


def uneven(outputs: StageOutputs) -> tuple[Patches, Reconstruction]:
    """Return true patches with a brightness of their own each, and what stitching makes of them."""
    positions, truth = outputs.facts(neighbours)
    factors = np.linspace(0.8, 1.2, len(truth), dtype=np.float32)[:, None, None]
    patches = single(outputs, truth * factors, positions)
    return patches, outputs.work("stitch", patches)


@checks("STITCH-004")
def a_patch_counts_by_its_light(check: Check, outputs: StageOutputs) -> None:
    patches, made = outputs.facts(uneven)
    wanted, light = weighted_mean(patches, made)
    error = _apart(made.object, wanted, light > LIT)
    limit = check.clause.tolerance.value
    check.between(0, error, limit, "stitched object from sum w O / sum w, relative")


@checks("STITCH-GRIDSIZE-001")
def whole_pixel_patches_tile_to_the_object(check: Check, outputs: StageOutputs) -> None:
    what = "stitched whole-pixel patches from the object, relative"
    if outputs.scan.objectGuess is None:
        check.missing(what, NO_OBJECT)
        return
    patches, made = outputs.facts(stitched_once)
    wanted, light = weighted_mean(patches, made)
    check.between(0, _apart(made.object, wanted, light > LIT), check.clause.tolerance.value, what)
    positions = outputs.facts(neighbours)[0]
    low = positions.min(axis=0) - outputs.scan.N // 2
    check.holds(np.all(low >= made.origin), "the canvas holds the lowest patch", made.origin, low)


@checks("REASSEMBLY-M-CONTRACT-001")
def every_pixel_of_a_patch_arrives(check: Check, outputs: StageOutputs) -> None:
    patches, made = outputs.facts(stitched_once)
    light = weighted_mean(patches, made)[1]
    whole = illumination_weight(patches.probe).sum(dtype=np.float64) * len(patches.object)
    what = "light of all pixels of all patches that is on the canvas, as a part"
    near_one(check, float(made.coverage.sum(dtype=np.float64) / whole), 1e-5, what)
    apart = float(np.abs(made.coverage - light).max() / light.max())
    check.between(0, apart, 1e-5, "coverage from the summed weights, at any pixel")


@checks("STITCH-003")
def dim_pixels_of_a_stitched_object_have_no_number(check: Check, outputs: StageOutputs) -> None:
    made, part = outputs.facts(stitched_once)[1], outputs.scenario.inference.min_coverage
    check.equal(misnumbered(made, part), 0, WITHOUT)


WITHOUT = "pixels with a number but not the declared light, or the reverse"


def misnumbered(made: Reconstruction, part: float) -> int:
    """Return how many pixels hold a number without this part of the usual light, or the light and no number."""
    lit = made.coverage[made.coverage > 1e-3]
    least = part * np.percentile(lit, 90) if lit.size else np.inf
    return int((np.isfinite(made.object) != (made.coverage >= least)).sum())


def free_phases(outputs: StageOutputs) -> Reconstruction:
    """Return what stitching makes of true patches with a random phase each."""
    positions, truth = outputs.facts(neighbours)
    angle = generator(outputs.scenario.seeds.grouping, "free phases").uniform(-3, 3, len(truth))
    turned = truth * np.exp(1j * angle).astype(np.complex64)[:, None, None]
    made: Reconstruction = outputs.work("stitch", single(outputs, turned, positions))
    return made


@checks("STITCH-006")
def free_phases_are_brought_together(check: Check, outputs: StageOutputs) -> None:
    what = "stitched patches with free phases from the object, rms, relative"
    if not outputs.scenario.inference.synchronise_phase:
        check.missing(what, "the scenario switches it off")
    else:
        error = stitch_error(outputs.facts(free_phases), waved(outputs.scan.objectGuess))
        check.between(0, error, check.clause.tolerance.value, what, NO_OBJECT)


@checks("STITCH-008")
def the_weighted_sum_is_real_and_positive(check: Check, outputs: StageOutputs) -> None:
    made = outputs.facts(stitched)[1]
    seen = np.isfinite(made.object)
    total = complex((made.object[seen].astype(np.complex128) * made.coverage[seen]).sum())
    turned = abs(np.angle(total)) if total else np.inf
    # Single precision rounds each of so many pixels to 6e-8.
    limit = max(check.clause.tolerance.value, 6e-8)
    check.between(0, float(turned), limit, "phase of the weighted sum / rad")


@checks("GROUP-009")
def members_may_stand_in_any_order(check: Check, outputs: StageOutputs) -> None:
    if outputs.scenario.members > 1:
        patches = perfect([], outputs.facts(oracle)[1])
        orders = np.r_[0, np.arange(outputs.scenario.members - 1, 0, -1)]
        other = {"object": patches.object[..., orders], "coords": patches.coords[..., orders]}
        one, two = (
            outputs.work("stitch", each) for each in (patches, patches.model_copy(update=other))
        )
        check.equal(two.origin, one.origin, "origin with the members in another order")
        top = max(
            1.0, float(np.nanmax(np.abs(one.object)))
        )  # single precision rounds in proportion
        what = "object with the members in another order"
        check.close(two.object / top, one.object / top, what)


@checks("BUG-TF-REASSEMBLE-001")
def a_scan_far_from_the_origin_gives_the_same_object(check: Check, outputs: StageOutputs) -> None:
    _, near, far, _ = outputs.facts(stitched)
    seen = np.isfinite(near.object)
    same = near.object.shape == far.object.shape
    check.holds(same, "shape of the canvas", far.object.shape, near.object.shape)
    if same:
        level = float(np.abs(near.object[seen]).max())
        apart: Any = np.where(seen, far.object - near.object, 0) / level
        check.between(0, float(np.abs(apart).max()), check.clause.tolerance.value, "object, moved")


@checks("COORDS-002", "stitch", of="infer stitch")
def perfect_patches_return_to_their_object(check: Check, outputs: StageOutputs) -> None:
    what = "object from perfect patches through inference and stitching, rms, relative"
    if trains_itself(outputs):
        what = "object from perfect patches through stitching, rms, relative"
        patches = perfect([], outputs.facts(oracle)[1])
    else:
        patches = outputs.facts(perfect_inference)
    error = stitch_error(outputs.work("stitch", patches), waved(outputs.scan.objectGuess))
    check.between(0, error, check.clause.tolerance.value, what, NO_OBJECT)


@checks("NORMALIZATION-001", "infer", trains=True, of="train infer")
def the_gain_did_not_stay_in_the_object(check: Check, outputs: StageOutputs) -> None:
    for row in gain(outputs.finished):
        if row.ok is not None:
            check.holds(row.ok, row.what, row.observed, row.expected)

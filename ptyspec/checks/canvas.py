"""Audit `canvas`: does every patch fit on its canvas, inside the model and in the stitched object?

Inside the model a group is merged around its own mean: the side is N + 2 max|relative offset|,
computed again from the members' positions. The stitched object has a canvas of its own, held
against the absolute positions by perfect patches at their place and moved. Upstream's jitter rule
took absolute offsets for the first (facts 4 and 5.2); its side stands beside, with the energy of
perfect patches that each side really cuts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

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
from ptyspec.checks.registry import Control, of_faults
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.container import Patches, Reconstruction
from ptyspec.contracts.scan import GroupedScan, RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.legacy.params import derived_sizes
from ptyspec.physics.geometry import required_canvas
from ptyspec.pipeline.protocol import GroupedTrainTest, TrainTest
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.render import canvas
from ptyspec.spec.checks import Check

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOST = 1e-6
"""Energy of perfect patches that may be missing: float64 sums of patches in single precision."""
RIM = 1e-9
"""Pixels: positions are double precision."""
MOVED = 1e-6
"""Whole pixels: positions around 1000 keep 1e-13 of a pixel, single-precision weights 6e-8."""
LATTICE = {"offset": 4, "max_position_jitter": 10}
"""The legacy dictionary's lattice constant inside a group, and its room for jitter."""


def _parts(groups: GroupedTrainTest) -> dict[str, GroupedScan]:
    return {"train": groups.train, "test": groups.test}


def _side(outputs: StageOutputs, groups: GroupedTrainTest) -> int:
    """The side of the model's canvas: the declared one, else what its own rule makes of both splits."""
    model = outputs.scenario.model
    sides = [required_canvas(part.coords_relative, model.N) for part in _parts(groups).values()]
    return model.canvas or max(sides)


def groups(outputs: StageOutputs) -> dict[str, dict[str, Any]]:
    """Return each split's largest offsets and the sides that they ask for, from positions alone."""
    rows = {}
    for split, part in _parts(outputs.groups).items():
        coords, size = part.scan.positions[part.nn_indices], outputs.scenario.model.N
        offsets = coords.sum(axis=1) / part.C
        relative = offsets[:, None] - coords
        rows[split] = {
            "groups": part.size,
            "members": part.C,
            "largest_relative": float(np.abs(relative).max()),
            "largest_offset": float(np.abs(offsets).max()),
            "needed": needed_side(relative, size),
            "jitter_rule": jitter_rule(offsets, size),
        }
    return rows


def model(outputs: StageOutputs) -> dict[str, Any]:
    """Return the side that there is inside the model, and those by other rules; pixels."""
    spec, splits = outputs.scenario.model, outputs.facts(groups).values()
    needed, rule = (max(row[key] for row in splits) for key in ("needed", "jitter_rule"))
    away = TrainTest(_moved(outputs.halves.train), _moved(outputs.halves.test))
    return {
        "N": spec.N,
        "declared": spec.canvas,
        "needed": needed,
        "side": _side(outputs, outputs.groups),
        "side_when_moved": _side(outputs, outputs.pipeline.group(outputs.scenario, away)),
        "jitter_rule": rule,
        "memory_factor_of_jitter_rule": (rule / needed) ** 2,
        "legacy_padded": derived_sizes({"N": spec.N, "gridsize": spec.gridsize, **LATTICE}).padded,
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
        "legacy, jitter 10": facts["legacy_padded"],
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
        what = f"merged perfect patches from the object, {split}"
        error = merge_error(part, outputs.facts(model)["side"])
        if isinstance(error, float):
            check.between(0, error, check.clause.tolerance.value, what)
        else:
            check.missing(what, error or "no object is known")


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
    what = "stitched perfect patches from the object"
    if outputs.scan.objectGuess is None:
        check.missing(what, "no object is known")
    else:
        error = outputs.facts(stitched_facts)["oracle_error"]
        check.between(0, error, check.clause.tolerance.value, what)


def to_scale(subjects: Sequence[StageOutputs], data: Mapping[str, Any]) -> Figure:
    """One row a subject: everything in object pixels, and the widest group's own canvas."""
    grid = canvas.Grid(len(subjects), 2, 4.2, 4.2, across=0.9, down=0.8)
    figure, axes = grid.figure("canvases")
    for (left, right), one in zip(axes, subjects, strict=True):
        sizes, stitched = data["model"][one.name], data["stitched"][one.name]
        part, obj = one.groups.test, one.scan.objectGuess
        widest = int(np.argmax(np.abs(part.coords_relative).max(axis=(1, 2, 3))))
        centre = part.coords_offsets[widest, 0, :, 0]
        if obj is not None:
            left.imshow(np.abs(obj), cmap="gray", alpha=0.6, origin="lower")
        left.plot(*part.scan.positions.T, ".", color=canvas.COLOURS["network"], markersize=1.5)
        low = np.array([stitched["x0"], stitched["y0"]])
        extent = np.array([stitched["width"], stitched["height"]])
        _box(left, low + extent / 2, extent, "network", "stitched {} x {}".format(*extent))
        squares = (("iterative", "side", "inside the model"), ("flat_start", "jitter_rule", "rule"))
        for look, key, label in squares:
            _box(left, centre, sizes[key], look, f"{label} {sizes[key]}")
        for at, way in enumerate(-part.coords_relative[widest, 0].T):
            _box(right, way, sizes["N"], "trivial", "" if at else f"patches {sizes['N']}")
        for look, key in (("iterative", "side"), ("untrained", "legacy_padded")):
            _box(right, (0, 0), sizes[key], look, f"{key.replace('_', ' ')} {sizes[key]}")
        left.set_title(canvas.plain(f"{one.name}: test split"), fontsize=canvas.TEXT)
        right.set_title("widest test group, around its mean", fontsize=canvas.TEXT)
        for axis in (left, right):
            axis.set(xlabel="x / pixel", ylabel="y / pixel", aspect="equal")
            axis.tick_params(labelsize=canvas.SMALL)
            axis.margins(0.1)
            axis.invert_yaxis()
            axis.legend(fontsize=canvas.SMALL, loc="lower left", framealpha=0.9)
    return figure


def _box(axes: Axes, centre: Any, side: Any, look: str, label: str) -> None:
    x, y = np.asarray(centre, float)[:, None] + np.broadcast_to(side, 2)[:, None] * np.array(
        [[-0.5, 0.5, 0.5, -0.5, -0.5], [-0.5, -0.5, 0.5, 0.5, -0.5]]
    )
    axes.plot(x, y, color=canvas.COLOURS[look], linewidth=1.6, label=label or None)


class _Absolute(ReferencePipeline):
    """Takes absolute positions for relative offsets."""

    def group(self, scenario: Scenario, halves: TrainTest) -> GroupedTrainTest:
        parts = super().group(scenario, halves)
        absolute = (
            part.model_copy(
                update={"coords_relative": -part.coords, "coords_offsets": 0 * part.coords_offsets}
            )
            for part in _parts(parts).values()
        )
        return GroupedTrainTest(*absolute)


class _Bounded(ReferencePipeline):
    """Moves patches beyond a frame of 512 pixels into it."""

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        inside = {"coords": np.clip(patches.coords, 0, 512)}
        return super().stitch(scenario, patches.model_copy(update=inside))


class _FixedOrigin(ReferencePipeline):
    """Counts the canvas's origin within a frame of 500 pixels, wherever the scan lies."""

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        made = super().stitch(scenario, patches)
        return made.model_copy(update={"origin": (made.origin[0] % 500, made.origin[1] % 500)})


SMALL = ("gs2_custom", "scan.n_images=64", "grouping.n_groups=16")
CONTROLS = (
    Control(
        "fixed-origin",
        "the stitched canvas's origin does not follow the scan",
        "STITCH-001",
        lambda material: material.replaced(pipeline=_FixedOrigin(), scan=material.scan),
    ),
    Control(
        "absolute-offsets",
        "absolute positions size the canvas inside the model",
        "CANVAS-002",
        lambda material: material.replaced(pipeline=_Absolute(), scan=material.scan),
    ),
    Control(
        "bounded",
        "patches beyond a frame of 512 pixels are moved into it",
        "BASELINE-OFFSET-001",
        lambda material: material.replaced(pipeline=_Bounded(), scan=material.scan),
    ),
    *of_faults("CANVAS-003 canvas-too-small-accepted", on=(*SMALL, "model.canvas=64")),
    *of_faults(
        *("CANVAS-001 canvas-one-sided", "MERGE-003 merge-sign-flipped"),
        *("STITCH-002 patches-dropped-at-bounds", "STITCH-001 canvas-at-centre-of-mass"),
        "STITCH-005 stitch-transposes-patches",
    ),
)
LAYOUT = Layout(
    facts={"groups": groups, "model": model, "sides": sides, "stitched": stitched_facts},
    tables=(
        Grid(
            "Offsets / px",
            "groups/*/*",
            "groups, members, largest_relative, needed, largest_offset, jitter_rule",
            "subject, split",
        ),
        Grid(
            "The canvas inside the model / px",
            "model/*",
            "N, declared, needed, side, side_when_moved, legacy_padded, jitter_rule, "
            "memory_factor_of_jitter_rule",
        ),
        Grid(
            "What a side cuts",
            "sides/*/*",
            "side, object_lost, object_lost_worst_patch, upstream_formula",
            "subject, rule",
        ),
        Grid(
            "The stitched canvas / px",
            "stitched/*",
            "patches, x0, y0, width, height, smallest_margin, coverage_ratio, oracle_error",
        ),
    ),
    notes="""
    Absolute offsets do not belong in the model's canvas: a group is merged around its own mean, so
    only relative offsets move a patch there. object_lost places perfect patches (|O|^2) as the
    merge does and adds up what lands. upstream_formula is 1 - padded/required, a ratio of sides: it
    reports nearly everything lost where nothing is.

    jitter rule: ceil(N + 2 max|absolute offset|), of N's parity; its memory factor is squared sides
    over what the groups need. A canvas that is declared too small is refused here (CANVAS-003).
    """,
    figure=(
        "scale",
        """Canvases to scale. Left: the object, the stitched canvas, one group's canvas inside the
        model, and what the jitter rule asked for. Right: that group's patches on their canvas,
        beside the legacy side.""",
        to_scale,
    ),
)

"""Audit `canvas`: does every patch fit on its canvas, inside the model and in the stitched object?

The side that the groups need is computed again from their members' positions. Sides by upstream's rules stand beside
it, each with the energy of perfect patches that it really cuts. The stitched canvas is held against the absolute
positions that it must hold, by perfect patches at their place and moved.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.checks.canvas_controls import CONTROLS as CONTROLS
from ptyspec.checks.canvas_figure import to_scale
from ptyspec.checks.canvas_oracle import MERGED, MOVE, merge_error, oracle_energies, stitched_facts
from ptyspec.checks.canvas_sizes import (
    jitter_rule,
    legacy_sides,
    lost_dummies,
    lost_energy,
    members_offsets,
    needed_side,
    recorded_sizes,
)
from ptyspec.checks.judge import checks
from ptyspec.checks.layout import Grid, Layout
from ptyspec.checks.material import Material
from ptyspec.checks.sampled_groups import spread
from ptyspec.contracts.scan import GroupedScan, RawScan
from ptyspec.physics.geometry import required_canvas
from ptyspec.pipeline.protocol import GroupedHalves, Halves
from ptyspec.spec.checks import Check

LOST = 1e-6
"""Energy of perfect patches that may be missing: float64 sums of patches in single precision."""
RIM = 1e-9
"""Pixels: positions are double precision."""
MOVED = 1e-6
"""Whole pixels: positions around 1000 keep 1e-13 of a pixel, single-precision weights 6e-8."""


def _parts(groups: GroupedHalves) -> dict[str, GroupedScan]:
    return {"train": groups.train, "test": groups.test}


def _side(outputs: Material, groups: GroupedHalves) -> int:
    """The side that the model is built with: the declared one, else what its own rule makes of both splits."""
    model = outputs.scenario.model
    sides = [required_canvas(part.coords_relative, model.N) for part in _parts(groups).values()]
    return model.canvas or max(sides)


def groups(outputs: Material) -> dict[str, dict[str, Any]]:
    """Return each split's largest offsets and the sides that they ask for, from positions alone; pixels."""
    rows = {}
    for split, part in _parts(outputs.groups).items():
        offsets, relative = members_offsets(part.scan.positions, part.nn_indices)
        rows[split] = {
            "groups": part.size,
            "members": part.C,
            "largest_relative_x": float(np.abs(relative[..., 0]).max()),
            "largest_relative_y": float(np.abs(relative[..., 1]).max()),
            "largest_offset_x": float(np.abs(offsets[:, 0]).max()),
            "largest_offset_y": float(np.abs(offsets[:, 1]).max()),
            "needed": needed_side(relative, outputs.scenario.model.N),
            "jitter_rule": jitter_rule(offsets, outputs.scenario.model.N),
        }
    return rows


def model(outputs: Material) -> dict[str, Any]:
    """Return the side that there is inside the model, and those by other rules; pixels."""
    spec, splits = outputs.scenario.model, outputs.facts(groups).values()
    needed, rule = (max(row[key] for row in splits) for key in ("needed", "jitter_rule"))
    halves, side = outputs.halves, _side(outputs, outputs.groups)
    away = Halves(_moved(halves.train), _moved(halves.test))
    padded = legacy_sides(spec.N, spec.gridsize)["padded"]
    return {
        "N": spec.N,
        "declared": spec.canvas,
        "needed": needed,
        "side": side,
        "padded_minus_required": side - needed,
        "fits": side >= needed,
        "side_when_moved": _side(outputs, outputs.pipeline.group(outputs.scenario, away)),
        "jitter_rule": rule,
        "memory_factor_of_jitter_rule": (rule / needed) ** 2,
        "legacy_padded": padded,
        "legacy_fits": padded >= needed,
    }


def _moved(scan: RawScan) -> RawScan:
    x, y = MOVE
    return scan.model_copy(
        update={
            "xcoords": scan.xcoords + x,
            "ycoords": scan.ycoords + y,
            "xcoords_start": scan.xcoords_start + x,
            "ycoords_start": scan.ycoords_start + y,
        }
    )


def jitter(outputs: Material) -> dict[str, int]:
    """Return what upstream's jitter adds, declared and by the rule for absolute or relative offsets; pixels."""
    facts = outputs.facts(model)
    sizes = legacy_sides(facts["N"], outputs.scenario.model.gridsize)
    return {
        **sizes,
        "jitter": sizes["padded"] - sizes["bigN"],
        "jitter_by_absolute_offsets": facts["jitter_rule"] - sizes["bigN"],
        "jitter_by_relative_offsets": max(0, facts["needed"] - sizes["bigN"]),
    }


def sides(outputs: Material) -> dict[str, dict[str, float]]:
    """Return what canvases of different sides would cut."""
    facts, size = outputs.facts(model), outputs.scenario.model.N
    rules = {
        "N alone": size,
        "no jitter (torch port)": outputs.facts(jitter)["padded_without_jitter"],
        "legacy, jitter 10": facts["legacy_padded"],
        "needed": facts["needed"],
        "there is": facts["side"],
        "jitter rule": facts["jitter_rule"],
    }
    parts = _parts(outputs.groups).values()
    samples = []
    for part in parts:
        rows = spread(part.size, MERGED)
        samples.append((np.stack(oracle_energies(part, rows)), part.coords_relative[rows]))
    places = np.concatenate([part.coords_offsets[:, 0, :, 0] for part in parts])

    def cut(side: int) -> dict[str, float]:
        lost = np.concatenate([lost_energy(*sample, side) for sample in samples], 1)
        return {
            "side": side,
            "object_lost": float(lost[0].mean()),
            "object_lost_worst_patch": float(lost[0].max()),
            "light_lost": float(lost[1].mean()),
            "dummies_lost": lost_dummies(places, size, side),
            "dummies_lost_centred": lost_dummies(places - places.mean(axis=0), size, side),
            "upstream_formula": 1 - side / facts["jitter_rule"],
            "memory_factor": (side / facts["needed"]) ** 2,
        }

    return {rule: cut(side) for rule, side in rules.items()}


def merged(outputs: Material) -> dict[str, float | str | None]:
    """Return how far merged perfect patches are from the object, or why nobody can say, by split."""
    side = outputs.facts(model)["side"]
    return {split: merge_error(part, side) for split, part in _parts(outputs.groups).items()}


# Checks


@checks("CANVAS-001")
def the_canvas_is_the_one_that_the_groups_need(check: Check, outputs: Material) -> None:
    facts = outputs.facts(model)
    if not facts["declared"]:
        check.equal(facts["side"], facts["needed"], "side / px")


@checks("CANVAS-002")
def absolute_positions_have_no_part_in_the_canvas(check: Check, outputs: Material) -> None:
    facts = outputs.facts(model)
    check.equal(facts["side_when_moved"], facts["side"], "side after the scan was moved / px")


@checks("CANVAS-003")
def the_canvas_holds_the_groups(check: Check, outputs: Material) -> None:
    facts, lost = outputs.facts(model), outputs.facts(sides)["there is"]
    if facts["declared"]:
        check.between(facts["needed"], facts["side"], np.inf, "declared side / px")
    what = "part of a perfect patch off the canvas, the worst"
    check.between(0, lost["object_lost_worst_patch"], LOST, what)


@checks("MERGE-003")
def merged_perfect_patches_are_the_object(check: Check, outputs: Material) -> None:
    for split, error in outputs.facts(merged).items():
        what = f"merged perfect patches from the object, {split}"
        if isinstance(error, float):
            check.between(0, error, check.clause.tolerance.value, what)
        else:
            check.missing(what, error or "no object is known")


@checks("STITCH-001")
def the_stitched_canvas_follows_from_absolute_positions(check: Check, outputs: Material) -> None:
    facts = outputs.facts(stitched_facts)
    what = "smallest distance of a patch from the canvas's rim / px"
    check.between(-RIM, facts["smallest_margin"], np.inf, what)
    check.equal(facts["origin_moved"], list(MOVE), "the origin moves with the scan / px")


@checks("STITCH-002")
def no_patch_is_dropped(check: Check, outputs: Material) -> None:
    ratio = outputs.facts(stitched_facts)["coverage_ratio"]
    check.within_ratio(ratio, 1.0, "summed coverage over patches times weight")


@checks("BASELINE-OFFSET-001")
def wherever_the_scan_lies_its_patches_are_on_the_canvas(check: Check, outputs: Material) -> None:
    change = outputs.facts(stitched_facts)["coverage_change_when_moved"]
    what = "change of the coverage when the scan is moved"
    check.holds(change is not None and change <= MOVED, what, change, f"<= {MOVED:g}, equal shape")


@checks("STITCH-005")
def stitched_perfect_patches_are_the_object(check: Check, outputs: Material) -> None:
    what = "stitched perfect patches from the object"
    if outputs.scan.objectGuess is None:
        check.missing(what, "no object is known")
    else:
        error = outputs.facts(stitched_facts)["oracle_error"]
        check.between(0, error, check.clause.tolerance.value, what)


# What is shown


LAYOUT = Layout(
    facts={
        "groups": groups,
        "model": model,
        "sides": sides,
        "jitter": jitter,
        "merged": lambda outputs: {
            split: error if isinstance(error, float) else None
            for split, error in outputs.facts(merged).items()
        },
        "stitched": stitched_facts,
    },
    together=lambda subjects, data: {"recorded": recorded_sizes()},
    tables=(
        Grid(
            "Offsets / px",
            "groups/*/*",
            "groups, members, largest_relative_x, largest_relative_y, needed, largest_offset_x, "
            "largest_offset_y, jitter_rule",
            "subject, split",
        ),
        Grid(
            "The canvas inside the model / px",
            "model/*",
            "N, declared, needed, side, padded_minus_required, fits, side_when_moved, "
            "legacy_padded, legacy_fits, jitter_rule, memory_factor_of_jitter_rule",
        ),
        Grid("Merged perfect patches, relative error", "merged/*", "train, test"),
        Grid(
            "What a side cuts",
            "sides/*/*",
            "side, object_lost, object_lost_worst_patch, light_lost, dummies_lost, "
            "dummies_lost_centred, upstream_formula, memory_factor",
            "subject, rule",
        ),
        Grid(
            "The jitter rule / px",
            "jitter/*",
            "bigN, padding, padded, padded_without_jitter, jitter, jitter_by_relative_offsets, "
            "jitter_by_absolute_offsets",
        ),
        Grid(
            "The stitched canvas / px",
            "stitched/*",
            "patches, x0, y0, width, height, smallest_margin, covered, coverage_ratio, oracle_error",
        ),
        Grid("Recorded sides / px", "recorded/*", "recorded, ours, difference", "side", ".5g"),
    ),
    notes="""
    Absolute offsets do not belong in the model's canvas: a group is merged around its own mean, so only relative
    offsets move a patch there. object_lost and light_lost place perfect patches (|O|^2, and |P O|^2) as the merge does
    and add up what lands. dummies_lost puts patches of ones at absolute positions on that canvas, as the recorded
    report did, and upstream_formula is 1 - padded/required, a ratio of sides: both report nearly everything lost where
    nothing is.

    jitter rule: ceil(N + 2 max|absolute offset|), of N's parity; its memory factor is squared sides over what the
    groups need. The recorded sides stand beside the rule's value before rounding, on the replayed scan.

    The recorded run that did not fit (four pixels short, and went on) took canvas and need from two unseeded draws of
    groups; neither can be repeated. A canvas that is declared too small is refused here (CANVAS-003).
    """,
    figure=(
        "scale",
        """Canvases to scale. Left: the object, the stitched canvas, one group's canvas inside the model, and what the
        jitter rule asked for. Right: that group's patches on their canvas; dashed: the legacy side.""",
        to_scale,
    ),
)

"""Audit `canvas`: does every patch fit on its canvas, inside the model and in the stitched object?

Compared: the side that the groups need (from their members' positions, computed again) with the side there is; sides by
upstream's rules beside it, each with the energy of perfect patches that it really cuts, the sum of dummy patches at
absolute positions, and upstream's 1 - padded/required, which is no energy; the stitched canvas with the absolute
positions it must hold; recorded sides with ours. Red means: the canvas inside the model is not the one the groups need
(CANVAS-001), follows absolute positions (CANVAS-002), cuts patches (CANVAS-003); merged perfect patches are not the
object (MERGE-003); the stitched canvas leaves patches out (STITCH-001, STITCH-002), depends on where the scan lies
(BASELINE-OFFSET-001), or puts them elsewhere (STITCH-005).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ptyspec.checks.canvas_controls import CONTROLS as CONTROLS
from ptyspec.checks.canvas_oracle import (
    MERGED,
    MOVE,
    merge_error,
    oracle_energies,
    spread_rows,
    stitched_facts,
)
from ptyspec.checks.canvas_sizes import (
    jitter_rule,
    legacy_sides,
    lost_dummies,
    lost_energy,
    members_offsets,
    needed_side,
    recorded_sizes,
)
from ptyspec.checks.material import Material
from ptyspec.checks.report import Audit
from ptyspec.contracts.scan import GroupedScan, RawScan
from ptyspec.physics.geometry import required_canvas
from ptyspec.pipeline.protocol import GroupedHalves, Halves
from ptyspec.spec.registry import specification

SPLITS = ("train", "test")
LOST = 1e-6
"""Energy of perfect patches that may be missing: float64 sums of patches in single precision."""


def audit(materials: Sequence[Material], report: Audit) -> None:
    """Fill the report."""
    for part in ("groups", "model", "sides", "jitter", "stitched"):
        report.data[part] = {}
    for material in materials:
        _inside(material, report)
        _sides(material, report)
        report.data["stitched"][material.name] = stitched_facts(material)
        _model_findings(material, report)
        _stitched_findings(material, report)
    report.data["recorded"] = recorded_sizes()
    _tables(report)
    _notes(report)
    from ptyspec.checks.canvas_figure import to_scale

    report.figure(
        "scale",
        "Canvases to scale. Left: the object, the stitched canvas, one group's canvas inside the model, and "
        "what the jitter rule asked for. Right: that group's patches on their canvas; dashed: the legacy side.",
        lambda: to_scale(
            [
                (
                    material,
                    report.data["model"][material.name],
                    report.data["stitched"][material.name],
                )
                for material in materials
            ]
        ),
    )


def _parts(material: Material) -> dict[str, GroupedScan]:
    return {"train": material.groups.train, "test": material.groups.test}


def _side(material: Material, groups: GroupedHalves) -> int:
    """The side that the model is built with: the declared one, else what its own rule makes of both splits."""
    size = material.scenario.model.N
    sides = [required_canvas(part.coords_relative, size) for part in (groups.train, groups.test)]
    return material.scenario.model.canvas or max(sides)


def _inside(material: Material, report: Audit) -> None:
    size, model = material.scenario.model.N, material.scenario.model
    needed, absolute = [], []
    for split, part in _parts(material).items():
        offsets, relative = members_offsets(part.scan.positions, part.nn_indices)
        needed.append(needed_side(relative, size))
        absolute.append(jitter_rule(offsets, size))
        report.data["groups"][f"{material.name} {split}"] = {
            "groups": part.size,
            "members": part.C,
            "largest_relative_x": float(np.abs(relative[..., 0]).max()),
            "largest_relative_y": float(np.abs(relative[..., 1]).max()),
            "largest_offset_x": float(np.abs(offsets[:, 0]).max()),
            "largest_offset_y": float(np.abs(offsets[:, 1]).max()),
            "needed": needed[-1],
            "jitter_rule": absolute[-1],
        }
    side, need = _side(material, material.groups), max(needed)
    moved = material.pipeline.group(
        material.scenario, Halves(_moved(material.halves.train), _moved(material.halves.test))
    )
    sizes = legacy_sides(size, model.gridsize)
    report.data["model"][material.name] = {
        "N": size,
        "declared": model.canvas,
        "needed": need,
        "side": side,
        "padded_minus_required": side - need,
        "fits": side >= need,
        "side_when_moved": _side(material, moved),
        "jitter_rule": max(absolute),
        "memory_factor_of_jitter_rule": (max(absolute) / need) ** 2,
        "legacy_padded": sizes["padded"],
        "legacy_fits": sizes["padded"] >= need,
    }
    report.data["jitter"][material.name] = {
        **sizes,
        "jitter": sizes["padded"] - sizes["bigN"],
        "jitter_by_absolute_offsets": max(absolute) - sizes["bigN"],
        "jitter_by_relative_offsets": max(0, need - sizes["bigN"]),
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


def _sides(material: Material, report: Audit) -> None:
    """What canvases of different sides would cut."""
    facts, size = report.data["model"][material.name], material.scenario.model.N
    rules = {
        "N alone": size,
        "no jitter (torch port)": report.data["jitter"][material.name]["padded_without_jitter"],
        "legacy, jitter 10": facts["legacy_padded"],
        "needed": facts["needed"],
        "there is": facts["side"],
        "jitter rule": facts["jitter_rule"],
    }
    samples = []
    for part in _parts(material).values():
        rows = spread_rows(part.size, MERGED)
        samples.append((*oracle_energies(part, rows), part.coords_relative[rows]))
    places = np.concatenate([part.coords_offsets[:, 0, :, 0] for part in _parts(material).values()])
    cut = {
        side: np.concatenate(
            [lost_energy(np.stack([obj, wave]), relative, side) for obj, wave, relative in samples],
            1,
        )
        for side in set(rules.values())
    }
    for rule, side in rules.items():
        lost = cut[side]
        report.data["sides"][f"{material.name}: {rule}"] = {
            "side": side,
            "object_lost": float(lost[0].mean()),
            "object_lost_worst_patch": float(lost[0].max()),
            "light_lost": float(lost[1].mean()),
            "dummies_lost": lost_dummies(places, size, side),
            "dummies_lost_centred": lost_dummies(places - places.mean(axis=0), size, side),
            "upstream_formula": 1 - side / facts["jitter_rule"],
            "memory_factor": (side / facts["needed"]) ** 2,
        }


def _model_findings(material: Material, report: Audit) -> None:
    name = material.name
    facts = report.data["model"][name]
    if facts["declared"]:
        report.check(
            "CANVAS-003",
            f"{name}: declared side holds the groups",
            facts["fits"],
            f">= {facts['needed']}",
            "model",
            name,
            "side",
        )
    else:
        report.equal("CANVAS-001", f"{name}: side / px", facts["needed"], "model", name, "side")
    report.equal(
        "CANVAS-002",
        f"{name}: side after the scan was moved / px",
        facts["side"],
        "model",
        name,
        "side_when_moved",
    )
    report.within(
        "CANVAS-003",
        f"{name}: part of a perfect patch off the canvas, the worst",
        0,
        LOST,
        "sides",
        f"{name}: there is",
        "object_lost_worst_patch",
    )
    tolerance = specification()["MERGE-003"].tolerance
    assert tolerance is not None
    found: dict[str, Any] = {}
    for split, part in _parts(material).items():
        error = merge_error(part, facts["side"])
        found[split] = error if isinstance(error, float) else None
        what = f"{name} {split}: merged perfect patches from the object"
        facts[f"merge_error_{split}"] = found[split]
        if found[split] is None:
            report.skipped("MERGE-003", what, "no object is known" if error is None else str(error))
        else:
            report.within(
                "MERGE-003", what, 0, tolerance.value, "model", name, f"merge_error_{split}"
            )


def _stitched_findings(material: Material, report: Audit) -> None:
    name, at = material.name, ("stitched", material.name)
    ratio, oracle = (specification()[clause].tolerance for clause in ("STITCH-002", "STITCH-005"))
    assert ratio is not None
    assert oracle is not None
    facts = report.data["stitched"][name]
    report.check(
        "STITCH-001",
        f"{name}: smallest distance of a patch from the canvas's rim / px",
        facts["smallest_margin"] >= -1e-9,
        ">= 0",
        *at,
        "smallest_margin",
    )
    report.within(
        "STITCH-002",
        f"{name}: summed coverage over patches times weight",
        1 - ratio.value,
        1 + ratio.value,
        *at,
        "coverage_ratio",
    )
    change = facts["coverage_change_when_moved"]
    # Whole pixels: float64 positions around 1000 keep 1e-13 of a pixel, single-precision weights 6e-8.
    report.check(
        "BASELINE-OFFSET-001",
        f"{name}: change of the coverage when the scan is moved",
        change is not None and change <= 1e-6,
        "<= 1e-6 and of equal shape",
        *at,
        "coverage_change_when_moved",
    )
    report.equal(
        "STITCH-001",
        f"{name}: the origin moves with the scan / px",
        list(MOVE),
        *at,
        "origin_moved",
    )
    if material.scan.objectGuess is None:
        report.skipped(
            "STITCH-005", f"{name}: stitched perfect patches from the object", "no object is known"
        )
    else:
        report.within(
            "STITCH-005",
            f"{name}: stitched perfect patches from the object",
            0,
            oracle.value,
            *at,
            "oracle_error",
        )


def _tables(report: Audit) -> None:
    report.grid(
        "Offsets / px",
        "groups",
        columns=(
            "groups",
            "members",
            "largest_relative_x",
            "largest_relative_y",
            "needed",
            "largest_offset_x",
            "largest_offset_y",
            "jitter_rule",
        ),
        corner="subject, split",
    )
    report.grid(
        "The canvas inside the model / px",
        "model",
        columns=(
            "N",
            "declared",
            "needed",
            "side",
            "padded_minus_required",
            "fits",
            "side_when_moved",
            "legacy_padded",
            "legacy_fits",
            "jitter_rule",
            "memory_factor_of_jitter_rule",
            "merge_error_train",
            "merge_error_test",
        ),
        corner="subject",
    )
    report.grid(
        "What a side cuts",
        "sides",
        columns=(
            "side",
            "object_lost",
            "object_lost_worst_patch",
            "light_lost",
            "dummies_lost",
            "dummies_lost_centred",
            "upstream_formula",
            "memory_factor",
        ),
        corner="subject: rule",
    )
    report.grid(
        "The jitter rule / px",
        "jitter",
        columns=(
            "bigN",
            "padding",
            "padded",
            "padded_without_jitter",
            "jitter",
            "jitter_by_relative_offsets",
            "jitter_by_absolute_offsets",
        ),
        corner="subject",
    )
    report.grid(
        "The stitched canvas / px",
        "stitched",
        columns=(
            "patches",
            "x0",
            "y0",
            "width",
            "height",
            "smallest_margin",
            "covered",
            "coverage_ratio",
            "oracle_error",
        ),
        corner="subject",
    )
    report.grid(
        "Recorded sides / px",
        "recorded",
        columns=("recorded", "ours", "difference"),
        form=".5g",
        corner="side",
    )


def _notes(report: Audit) -> None:
    report.note(
        "Absolute offsets do not belong in the model's canvas: a group is merged around its own mean, so only relative "
        "offsets move a patch there. object_lost and light_lost place perfect patches (|O|^2, and |P O|^2) as the merge "
        "does and add up what lands. dummies_lost puts patches of ones at absolute positions on that canvas, as the "
        "recorded report did, and upstream_formula is 1 - padded/required, a ratio of sides: both report nearly "
        "everything lost where nothing is."
    )
    report.note(
        "jitter rule: ceil(N + 2 max|absolute offset|), of N's parity; its memory factor is squared sides over what "
        "the groups need. The recorded sides stand beside the rule's value before rounding, on the replayed scan."
    )
    report.note(
        "The recorded run that did not fit (four pixels short, and went on) took canvas and need from two unseeded "
        "draws of groups; neither can be repeated. A canvas that is declared too small is refused here (CANVAS-003)."
    )

"""Positive controls of the audit `canvas`: each spoils the material so that one clause must turn red."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.checks.registry import Control
from ptyspec.contracts.container import Patches, Reconstruction
from ptyspec.contracts.scan import GroupedScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.pipeline.protocol import GroupedHalves, Halves
from ptyspec.pipeline.reference import ReferencePipeline


def _declared(material: Material) -> Material:
    """The canvas is declared to be one patch."""
    resolved = material.subject.resolved
    model = resolved.scenario.model.model_copy(update={"canvas": resolved.scenario.model.N})
    scenario = resolved.scenario.model_copy(update={"model": model})
    subject = replace(material.subject, resolved=replace(resolved, scenario=scenario))
    return material.replaced(subject=subject, scan=material.scan)


def _relative(material: Material, change: Callable[[GroupedScan], GroupedScan]) -> Material:
    made = material.groups
    return material.replaced(groups=GroupedHalves(change(made.train), change(made.test)))


def _doubled(part: GroupedScan) -> GroupedScan:
    return part.model_copy(update={"coords_relative": 2 * part.coords_relative})


def _flipped(part: GroupedScan) -> GroupedScan:
    return part.model_copy(update={"coords_relative": -part.coords_relative})


class _Absolute(ReferencePipeline):
    """Takes absolute positions for relative offsets."""

    name = "absolute offsets"

    def group(self, scenario: Scenario, halves: Halves) -> GroupedHalves:
        made = super().group(scenario, halves)
        return GroupedHalves(
            *(
                part.model_copy(
                    update={
                        "coords_offsets": np.zeros_like(part.coords_offsets),
                        "coords_relative": -part.coords,
                    }
                )
                for part in (made.train, made.test)
            )
        )


class _Stitching(ReferencePipeline):
    """The reference's stitching with what goes in, or what comes out, changed."""

    name = "spoiled stitching"

    def __init__(
        self,
        before: Callable[[Patches], Patches] | None = None,
        after: Callable[[Reconstruction], Reconstruction] | None = None,
    ) -> None:
        self.before, self.after = before, after

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        made = super().stitch(scenario, self.before(patches) if self.before else patches)
        return self.after(made) if self.after else made


def _dropped(patches: Patches) -> Patches:
    """The last group never arrives."""
    return patches.model_copy(update={"object": patches.object[:-1], "coords": patches.coords[:-1]})


def _cropped(made: Reconstruction) -> Reconstruction:
    return made.model_copy(update={"object": made.object[:-8], "coverage": made.coverage[:-8]})


def _centred(made: Reconstruction) -> Reconstruction:
    """The origin is that of a canvas around the scan's centre of mass, two pixels off."""
    return made.model_copy(update={"origin": (made.origin[0] + 2, made.origin[1])})


def _bounded(patches: Patches) -> Patches:
    """Positions are held within a frame of 512 pixels."""
    return patches.model_copy(update={"coords": np.clip(patches.coords, 0, 512)})


def _fixed(made: Reconstruction) -> Reconstruction:
    """The origin does not follow the scan."""
    return made.model_copy(update={"origin": (made.origin[0] % 500, made.origin[1] % 500)})


def _with(material: Material, pipeline: ReferencePipeline) -> Material:
    return material.replaced(pipeline=pipeline, scan=material.scan)


CONTROLS = (
    Control("too-small", "the canvas is declared to be one patch", "CANVAS-003", _declared),
    Control(
        "doubled-offsets",
        "the canvas is sized from offsets twice as large",
        "CANVAS-001",
        lambda material: _relative(material, _doubled),
    ),
    Control(
        "absolute-offsets",
        "absolute positions size the canvas inside the model",
        "CANVAS-002",
        lambda material: _with(material, _Absolute()),
    ),
    Control(
        "flipped",
        "members are placed the other way round",
        "MERGE-003",
        lambda material: _relative(material, _flipped),
    ),
    Control(
        "dropped-patches",
        "the last group is not stitched",
        "STITCH-002",
        lambda material: _with(material, _Stitching(before=_dropped)),
    ),
    Control(
        "cropped",
        "the stitched canvas ends eight rows early",
        "STITCH-001",
        lambda material: _with(material, _Stitching(after=_cropped)),
    ),
    Control(
        "fixed-origin",
        "the stitched canvas's origin does not follow the scan",
        "STITCH-001",
        lambda material: _with(material, _Stitching(after=_fixed)),
    ),
    Control(
        "bounded",
        "patches beyond a frame of 512 pixels are moved into it",
        "BASELINE-OFFSET-001",
        lambda material: _with(material, _Stitching(before=_bounded)),
    ),
    Control(
        "centre-anchored",
        "the stitched canvas is two pixels off",
        "STITCH-005",
        lambda material: _with(material, _Stitching(after=_centred)),
    ),
)

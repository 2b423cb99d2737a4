"""Positive controls of the audit `canvas`: each spoils the material so that one clause must turn red."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.checks.registry import Control
from ptyspec.contracts.container import Patches, Reconstruction
from ptyspec.contracts.scenario import Scenario
from ptyspec.pipeline.protocol import GroupedHalves, Halves
from ptyspec.pipeline.reference import ReferencePipeline


class _Absolute(ReferencePipeline):
    """Takes absolute positions for relative offsets."""

    name = "absolute offsets"

    def group(self, scenario: Scenario, halves: Halves) -> GroupedHalves:
        parts = super().group(scenario, halves)
        absolute = (
            part.model_copy(
                update={"coords_relative": -part.coords, "coords_offsets": 0 * part.coords_offsets}
            )
            for part in (parts.train, parts.test)
        )
        return GroupedHalves(*absolute)


class _Stitching(ReferencePipeline):
    """The reference's stitching with what goes in, or what comes out, changed."""

    name = "spoiled stitching"

    def __init__(
        self,
        before: Callable[[Patches], dict[str, object]] = lambda _: {},
        after: Callable[[Reconstruction], dict[str, object]] = lambda _: {},
    ) -> None:
        self.before, self.after = before, after

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        stitched = super().stitch(scenario, patches.model_copy(update=self.before(patches)))
        return stitched.model_copy(update=self.after(stitched))


def _with(pipeline: ReferencePipeline) -> Callable[[Material], Material]:
    return lambda material: material.replaced(pipeline=pipeline, scan=material.scan)


SMALL = ("gs2_custom", "scan.n_images=64", "grouping.n_groups=16")
CONTROLS = (
    Control(
        "too-small",
        "the canvas is declared to be one patch",
        "CANVAS-003",
        on=(*SMALL, "model.canvas=64"),
    ),
    Control("doubled-offsets", "", "CANVAS-001", fault="canvas-one-sided"),
    Control(
        "absolute-offsets",
        "absolute positions size the canvas inside the model",
        "CANVAS-002",
        _with(_Absolute()),
    ),
    Control("flipped", "", "MERGE-003", fault="merge-sign-flipped"),
    Control("dropped-patches", "", "STITCH-002", fault="patches-dropped-at-bounds"),
    Control(
        "cropped",
        "the stitched canvas ends eight rows early",
        "STITCH-001",
        _with(
            _Stitching(after=lambda it: {"object": it.object[:-8], "coverage": it.coverage[:-8]})
        ),
    ),
    Control(
        "fixed-origin",
        "the stitched canvas's origin does not follow the scan",
        "STITCH-001",
        _with(_Stitching(after=lambda it: {"origin": (it.origin[0] % 500, it.origin[1] % 500)})),
    ),
    Control(
        "bounded",
        "patches beyond a frame of 512 pixels are moved into it",
        "BASELINE-OFFSET-001",
        _with(_Stitching(before=lambda patches: {"coords": np.clip(patches.coords, 0, 512)})),
    ),
    Control("centre-anchored", "", "STITCH-005", fault="canvas-at-centre-of-mass"),
)

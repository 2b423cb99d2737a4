"""Pipelines as somebody might plug them in, each wrong in one of the ways that the investigation met.

Two are the reference with a fault of the catalogue in one stage; no fault says what the others do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Patches, Reconstruction
from ptyspec.contracts.scenario import Scenario
from ptyspec.faults.apply import applied
from ptyspec.pipeline.reference import ReferencePipeline


def reference_with(fault: str, stage: str) -> type[ReferencePipeline]:
    """The reference pipeline, one stage of which runs under a fault."""

    def wrong(self: ReferencePipeline, *args: Any) -> Any:
        with applied(fault):
            return getattr(ReferencePipeline, stage)(self, *args)

    return type(fault, (ReferencePipeline,), {"name": fault, stage: wrong})


OwnGain = reference_with("test-gain-own", "normalize")
"""The test split is normalised by itself (failure signature 24)."""
FlippedSign = reference_with("sign-flipped", "group")
"""Relative coordinates have the other sign (failure signature 18)."""


class GainInObject(ReferencePipeline):
    """The loader's gain stays in the object (failure signature 31)."""

    name = "gain-in-object"

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        made = super().stitch(scenario, patches)
        return made.model_copy(update={"object": (0.27 * made.object).astype(np.complex64)})


class Swapped(ReferencePipeline):
    """Patches are put in transposed places: x for y (failure signature 17)."""

    name = "swapped"

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        return super().stitch(
            scenario, patches.model_copy(update={"coords": patches.coords[:, :, ::-1]})
        )


class OriginOff(ReferencePipeline):
    """The canvas is said to begin one pixel from where it does (failure signature 58)."""

    name = "origin-off"

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        stitched = super().stitch(scenario, patches)
        x, y = stitched.origin
        return stitched.model_copy(update={"origin": (x + 1, y)})


class Crashing(ReferencePipeline):
    """It runs out of memory: that says nothing of any clause."""

    name = "crashing"

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        raise MemoryError("no memory for the canvas")

"""Pipelines as somebody might plug them in, each wrong in one of the ways that the investigation met."""

from __future__ import annotations

import numpy as np

from ptyspec.contracts.container import Patches, Reconstruction
from ptyspec.contracts.scenario import Scenario
from ptyspec.pipeline.protocol import Containers, GroupedHalves
from ptyspec.pipeline.reference import ReferencePipeline


class OwnGain(ReferencePipeline):
    """The test split is normalised by itself (failure signature 24)."""

    name = "own-gain"

    def normalize(self, scenario: Scenario, groups: GroupedHalves) -> Containers:
        made = super().normalize(scenario, groups)
        own = super().normalize(scenario, GroupedHalves(groups.test, groups.test)).test
        return Containers(made.train, own)


class GainInObject(ReferencePipeline):
    """The loader's gain stays in the object (failure signature 31)."""

    name = "gain-in-object"

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        made = super().stitch(scenario, patches)
        return made.model_copy(update={"object": (0.27 * made.object).astype(np.complex64)})


class FlippedSign(ReferencePipeline):
    """Relative coordinates have the other sign (failure signature 18)."""

    name = "flipped-sign"

    def group(self, scenario: Scenario, halves: object) -> GroupedHalves:
        made = super().group(scenario, halves)  # type: ignore[arg-type]
        flipped = (
            part.model_copy(update={"coords_relative": -part.coords_relative})
            for part in (made.train, made.test)
        )
        return GroupedHalves(*flipped)


class Swapped(ReferencePipeline):
    """Patches are put in transposed places: x for y (failure signature 17)."""

    name = "swapped"

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        return super().stitch(
            scenario, patches.model_copy(update={"coords": patches.coords[:, :, ::-1]})
        )

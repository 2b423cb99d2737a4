"""Pipelines with settings of their own, as a user has them: a black box without any physics, and eight stages."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from ptyspec.contracts.bundles import Array, Container, Patches
from ptyspec.contracts.scenario import Scenario
from ptyspec.physics.iterative import Canvas
from ptyspec.pipeline.box import Scan, raw_of
from ptyspec.pipeline.protocol import Trained
from tests.trivial_pipeline import Trivial


class Flat:
    """One constant everywhere: its level is right, unless a setting or a variable changes it."""

    name = "flat"
    seed = "seed"
    settings: ClassVar[dict[str, Any]] = {"seed": 0, "level": 1.0}

    def reconstruct(
        self, scan: Scan, settings: Mapping[str, Any]
    ) -> tuple[Array, tuple[float, float]]:
        """Return the rms amplitude, times a level, with 1 % of noise."""
        if settings.get("solver", "fft") == "cuda" and "device" not in settings:
            raise OSError("no device")
        canvas = Canvas(raw_of(scan))
        noise = np.random.default_rng(settings["seed"]).normal(size=canvas.obj.shape)
        level = settings["level"] * float(os.environ.get("FLAT_LEVEL", "1"))
        return canvas.obj * level * (1 + 0.01 * noise), canvas.origin


class Staged(Trivial):
    """Eight stages; what infers reads the level."""

    name = "staged"

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {"level": 1.0, "title": "none"}

    def infer(self, scenario: Scenario, trained: Trained, container: Container) -> Patches:
        patches = super().infer(scenario, trained, container)
        level = np.complex64(self.settings["level"])
        return patches.model_copy(update={"object": patches.object * level})

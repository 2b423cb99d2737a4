"""Can the amplitude head reach the object? Checked before training, in units of a0."""

from __future__ import annotations

import math

import numpy as np

from ptyspec.contracts.bundles import Container
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import HeadRangeError
from ptyspec.physics.coarse import frame_levels

CEILINGS = {"sigmoid": 1.0}
"""Largest amplitude / a0 of the bounded heads; the others have none."""


def required_reach(container: Container) -> float:
    """Smallest ceiling / a0 that can be right: max|O| where the object is known, else the brightest frame's rms."""
    scan = container.groups.scan
    if scan.objectGuess is not None:
        return float(np.abs(scan.objectGuess).max()) / container.a0
    return float(frame_levels(scan).max()) / container.a0


def check_reach(scenario: Scenario, container: Container) -> None:
    """Raise HeadRangeError when the head's ceiling lies below what the object needs."""
    head = scenario.model.amp_activation
    ceiling = CEILINGS.get(head, math.inf)
    need = required_reach(container) if math.isfinite(ceiling) else 0.0
    if need > ceiling:
        raise HeadRangeError(
            f"the amplitude head {head} cannot reach the object",
            value=f"ceiling {ceiling * container.a0:.3g}",
            limit=f">= {need * container.a0:.3g} (brightest object amplitude in the absolute gauge)",
            source=f"model.amp_activation; a0 = {container.a0:.4g}",
            next_step="set model.amp_activation=softplus (generator cnn) or use the unrolled generator",
        )

"""The stage outputs of a small scenario, for observations that need no score."""

from __future__ import annotations

from collections.abc import Sequence

from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.request import request
from ptyspec.runs.walk import Walk


def stage_outputs(
    target: str, seed: int, settings: Sequence[str] = (), profile: str = "quick"
) -> Walk:
    """Return the reference's walk of a scenario: each output is computed when it is asked for."""
    scenario = request(target, profile=profile, seed=seed, settings=settings).scenario
    return Walk(ReferencePipeline(), scenario, recording=False)

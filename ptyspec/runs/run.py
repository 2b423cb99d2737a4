"""Simulate, split, group, normalize, train, infer, stitch, score."""

from __future__ import annotations

from ptyspec.contracts.resolve import Resolved
from ptyspec.contracts.run import RunResult
from ptyspec.pipeline.protocol import Pipeline, Session
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs import notes
from ptyspec.runs.environment import environment
from ptyspec.runs.evaluate import evaluate
from ptyspec.runs.walk import Walk


def run(
    resolved: Resolved, *, pipeline: Pipeline | None = None, session: Session | None = None
) -> RunResult:
    """Walk the stages in order and return everything that a report needs; nothing is written.

    Equal scenarios, threads and backend give bit-identical objects.
    """
    walk = Walk(pipeline or ReferencePipeline(), resolved.scenario, session)
    reconstruction = walk.reconstruction
    walk.forget("patches")
    verdict = walk.measured(
        "score", lambda: evaluate(walk), lambda made: notes.metrics(made.metrics)
    )
    return RunResult(
        resolved=resolved,
        scan=walk.scan,
        reconstruction=reconstruction,
        refined=verdict.refined,
        controls=verdict.controls,
        metrics=verdict.metrics,
        history=walk.trained.history,
        stages=tuple(walk.records),
        environment=environment(walk.scenario.seeds.model_dump()),
    )

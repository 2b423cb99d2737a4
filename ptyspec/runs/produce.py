"""One finished run on disk: found in the store, or made there once, and copied where the user wants it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ptyspec.contracts.resolve import Resolved, flatten
from ptyspec.pipeline.progress import Progress, Silent
from ptyspec.pipeline.protocol import Pipeline, Session
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.run import run
from ptyspec.runs.store import RunStore, check_output, code_version, publish, run_key
from ptyspec.runs.threads import current_threads


def produce(
    resolved: Resolved,
    *,
    out: Path | None = None,
    resume: bool = False,
    force: bool = False,
    progress: Progress | None = None,
    store: RunStore | None = None,
    pipeline: Pipeline | None = None,
) -> Path:
    """Return the folder of the finished run; equal content is made once, whoever asks.

    `out` receives a copy (OutputExistsError, before any work, when it holds something and not `force`); `force` makes
    the run again. An
    interrupted training leaves its checkpoint; `resume` continues from it, otherwise training starts anew.
    """
    if out is not None:
        check_output(out, force)
    shelf = store or RunStore()
    key = key_of(resolved, pipeline)

    watched = Session(progress or Silent())

    def make(folder: Path) -> None:
        from ptyspec.report.run_folder import write_run

        if not resume:
            shelf.forget_checkpoints(key)
        session = replace(watched, checkpoints=shelf.checkpoint_folder(key), resume=resume)
        write_run(folder, run(resolved, pipeline=pipeline, session=session), session.progress)

    if force:
        shelf.forget_run(key)

    def waiting() -> None:
        watched.progress.message("another process is making this run; waiting for it")

    folder = shelf.get_or_make(key, make, waiting)
    shelf.forget_checkpoints(key)
    return folder if out is None else publish(folder, out, force)


def key_of(resolved: Resolved, pipeline: Pipeline | None = None) -> str:
    """Return the name under which the store keeps this run by this pipeline, code and thread setting."""
    values = dict(flatten(resolved.scenario.model_dump(mode="json")))
    walk = pipeline or ReferencePipeline()
    values["pipeline"] = walk.name
    own = getattr(walk, "code_version", None)
    if own is not None:
        values["pipeline_code"] = own
    return run_key(values, code_version(), current_threads())

"""One finished run on disk: found in the store, or made there once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

from ptyspec.contracts.resolve import Resolved, flatten
from ptyspec.errors import PtyspecError
from ptyspec.pipeline.progress import Progress, Silent
from ptyspec.pipeline.protocol import Pipeline, Session
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.runs.pipeline_code import pipeline_code
from ptyspec.runs.run import run
from ptyspec.runs.run_folder import write_run
from ptyspec.runs.store import RunStore, code_version, passing_store, run_key
from ptyspec.runs.threads import current_threads


def produce(
    resolved: Resolved,
    *,
    resume: bool = False,
    force: bool = False,
    progress: Progress | None = None,
    store: RunStore | None = None,
    pipeline: Pipeline | None = None,
) -> Path:
    """Return the folder of the finished run, which holds its data; equal content is made once, whoever asks.

    A run that is found is compared with the list of its files; a damaged one is made again, and `progress` is told
    what was damaged. `force` makes the run again in any case. An interrupted training leaves its checkpoint; `resume`
    continues from it, otherwise training starts anew.
    """
    watched = Session(progress or Silent())
    tell = watched.progress.message
    if store is None and pipeline_code(pipeline or ReferencePipeline()) is None:
        tell("the source of this pipeline is in no file: its run is kept until this process ends")
        store = passing_store()
    runs = store or RunStore()
    key = key_of(resolved, pipeline)

    def make(folder: Path) -> None:
        if not resume:
            runs.forget_checkpoints(key)
        session = replace(watched, checkpoints=runs.checkpoint_folder(key), resume=resume)
        write_run(folder, run(resolved, pipeline=pipeline, session=session))

    def sound(folder: Path) -> bool:
        try:
            FinishedRun(folder).check()
        except PtyspecError as error:
            tell(f"the stored run is damaged and is made again: {error}")
            return False
        return True

    if force:
        runs.forget_run(key)
    folder = runs.get_or_make(
        key, make, lambda: tell("another process is making this run; waiting for it"), sound
    )
    runs.forget_checkpoints(key)
    return folder


def key_of(
    resolved: Resolved, pipeline: Pipeline | None = None, faults: tuple[str, ...] | None = None
) -> str:
    """Return the name under which the store keeps this run by this pipeline, code and thread setting.

    `faults` will be active when it is run; None: those that are active now. A pipeline whose code cannot be named gets another key each time: its runs are never found again.
    """
    values = dict(flatten(resolved.scenario.model_dump(mode="json")))
    walk = pipeline or ReferencePipeline()
    values["pipeline"] = walk.name
    own, code = getattr(walk, "code_version", None), pipeline_code(walk)
    if own is not None:
        values["pipeline_code"] = own
    if code != "":
        values["pipeline_files"] = code or uuid4().hex
    return run_key(values, code_version(faults), current_threads())

"""One run: the stages, the scores with every control, and its place in the store, found there or made once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np

from ptyspec.contracts.bundles import RawScan, Reconstruction
from ptyspec.contracts.records import SCHEMA_VERSION
from ptyspec.contracts.resolve import Resolved, flatten
from ptyspec.contracts.run import RunResult
from ptyspec.contracts.scenario import Scenario
from ptyspec.errors import PtyspecError
from ptyspec.networks import framework
from ptyspec.physics import iterative
from ptyspec.physics.geometry import required_canvas
from ptyspec.pipeline.protocol import Pipeline, Progress, Session, TrainTest
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.pipeline.trials import better_matrix
from ptyspec.runs.environment import environment
from ptyspec.runs.finished_run import FinishedRun, write_run
from ptyspec.runs.pipelines import pipeline_code
from ptyspec.runs.record import score_facts
from ptyspec.runs.store import RunStore, code_version, passing_store, run_key
from ptyspec.runs.threads import current_threads
from ptyspec.runs.walk import Walk
from ptyspec.scores.agreement import agreement, half_set_frc


def run(
    resolved: Resolved, *, pipeline: Pipeline | None = None, session: Session | None = None
) -> RunResult:
    """Walk the stages in order and return everything that a report needs; nothing is written.

    Equal scenarios, threads and backend give bit-identical objects. Raises MissingPackageError where the pipeline
    trains this project's network, and Keras or its backend is not installed.
    """
    walk = Walk(pipeline or ReferencePipeline(), resolved.scenario, session)
    scan = walk.scan  # what is wrong with the data is told before what is not installed
    if getattr(type(walk.pipeline), "train", None) is ReferencePipeline.train:
        framework.require("training this project's network")
    reconstruction = walk.reconstruction
    walk.forget("patches")
    verdict = walk.measured("score", lambda: evaluate(walk), lambda made: score_facts(made.metrics))
    return RunResult(
        resolved=resolved,
        scan=scan,
        reconstruction=reconstruction,
        refined=verdict.refined,
        controls=verdict.controls,
        metrics=verdict.metrics,
        history=walk.trained.history,
        stages=tuple(walk.records),
        environment=environment(walk.scenario.seeds.model_dump()),
    )


@dataclass(frozen=True)
class Verdict:
    """metrics.json and the reconstructions behind it."""

    metrics: dict[str, Any]
    refined: Reconstruction | None
    controls: dict[str, Reconstruction]


def evaluate(walk: Walk) -> Verdict:
    """Score the reconstruction of the held-out frames, and its controls.

    The top level of the metrics is the network alone. `refined` and `flat_start` take the same number of sweeps.
    """
    pipeline, scenario, session, trained = walk.pipeline, walk.scenario, walk.session, walk.trained
    scan, container, settings = walk.halves.test, walk.containers.test, scenario.inference
    untrained = pipeline.stitch(scenario, trained.predict(trained.untrained, container))
    others = {
        "trivial": container.coarse,
        "untrained": untrained,
        "iterative": sweep(scenario, scan, settings.iterative_sweeps, session),
    }
    refined = None
    if settings.refine:
        refined = sweep(scenario, scan, settings.refine, session, start=walk.reconstruction)
        others["flat_start"] = sweep(scenario, scan, settings.refine, session)

    def scores(made: Reconstruction, name: str = "") -> dict[str, Any]:
        block = pipeline.score(scenario, scan, made)
        if scan.objectGuess is None and name != "iterative":
            block["agreement_with_iterative"] = agreement(made, others["iterative"])
        return block

    metrics = {"schema_version": SCHEMA_VERSION, **scores(walk.reconstruction)}
    # Whether the canvas inside the model holds every group of the test split.
    need = required_canvas(container.groups.coords_relative, scenario.model.N)
    metrics["fits_canvas"] = scenario.model.canvas == 0 or scenario.model.canvas >= need
    metrics["refined"] = None if refined is None else scores(refined)
    metrics["controls"] = {name: scores(made, name) for name, made in others.items()}
    if scan.objectGuess is None:
        metrics["half_set_frc"] = _half_sets(walk)
        metrics["better_positions"] = better_matrix(scan)
    return Verdict(metrics, refined, others)


def sweep(
    scenario: Scenario,
    scan: RawScan,
    sweeps: int,
    session: Session,
    start: Reconstruction | None = None,
) -> Reconstruction:
    """Run the iterative reference on the frames that are reconstructed, from `start` or from a flat object."""
    return iterative.reconstruct(
        scan,
        sweeps=sweeps,
        alpha=scenario.inference.iterative_alpha,
        start=start,
        seed=scenario.seeds.training,
        min_coverage=scenario.inference.min_coverage,
        progress=session.progress.step,
    )


def _half_sets(walk: Walk) -> dict[str, Any]:
    """Fourier ring correlation of two reconstructions that share no frame: network, and iterative reference.

    Every other frame in scan order: two independent measurements of one object.
    """
    scenario, container, trained = walk.scenario, walk.containers.test, walk.trained
    rows = np.arange(container.groups.scan.size)
    first, second = (container.groups.scan.take(rows[start::2]) for start in (0, 1))
    if min(first.size, second.size) < scenario.members:
        return {"reason": "too few frames for two half-sets"}
    count = min(scenario.grouping.n_groups, second.size)
    changes = {"n_groups": count, "kind": "nearest"}  # half a lattice is none
    fewer = {"grouping": scenario.grouping.model_copy(update=changes)}
    groups = walk.pipeline.group(scenario.model_copy(update=fewer), TrainTest(first, second))
    halves = [container.model_copy(update={"groups": part}) for part in (groups.train, groups.test)]
    stitch, predict = walk.pipeline.stitch, trained.predict
    made = [stitch(scenario, predict(trained.weights, half)) for half in halves]
    sweeps = scenario.inference.iterative_sweeps
    swept = [sweep(scenario, half, sweeps, walk.session) for half in (first, second)]
    return {"network": half_set_frc(*made), "iterative": half_set_frc(*swept)}


def produce(
    resolved: Resolved,
    *,
    resume: bool = False,
    force: bool = False,
    progress: Progress | None = None,
    store: RunStore | None = None,
    pipeline: Pipeline | None = None,
    look: Callable[[], None] = lambda: None,
) -> Path:
    """Return the folder of the finished run, which holds its data; equal content is made once, whoever asks.

    A run that is found is compared with the list of its files; a damaged one is made again, and `progress` is told
    what was damaged. `force` makes the run again in any case. An interrupted training leaves its checkpoint; `resume`
    continues from it, otherwise training starts anew. `look` is called before a run is made, and may refuse it.
    """
    watched = Session(progress or Progress())
    tell = watched.progress.message
    if store is None and pipeline_code(pipeline or ReferencePipeline()) is None:
        tell("the source of this pipeline is in no file: its run is kept until this process ends")
        store = passing_store()
    runs = store or RunStore()
    key = key_of(resolved, pipeline)

    def make(folder: Path) -> None:
        look()
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
    waits = "another process is making this run; waiting for it"
    folder = runs.get_or_make(key, make, lambda: tell(waits), sound)
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

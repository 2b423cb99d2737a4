"""One run of a variant, reduced to numbers: no controls, no figures, no arrays; kept by content in the run store.

STORE/observations/KEY.json, the key of settings, faults and their source, the code of the stages, of the pipeline and of
what observes, threads: equal questions are answered once, by whichever process asks first. A run that is refused or diverges
is an answer like any other; an interrupted one, or one that lacked a file or memory, is none.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

import ptyspec
from ptyspec.checks.box import box_beside
from ptyspec.errors import (
    ConfigError,
    InputFileError,
    OutputFileError,
    PtyspecError,
    TrainingDivergedError,
    TrainingInterruptedError,
)
from ptyspec.experiments.black_box import box_observation
from ptyspec.faults import catalogue
from ptyspec.faults.apply import applied_once, from_environment
from ptyspec.runs.pipelines import COMMAND, is_box, maker, pipeline_code
from ptyspec.runs.run_spec import REFERENCE, Options, RunSpec, run_spec
from ptyspec.runs.store import answer, code_version, fault_sources, place_of, run_key, source_digest
from ptyspec.runs.threads import current_threads, default_threads, set_threads
from ptyspec.runs.variables import variables
from ptyspec.runs.walk import Walk

OUTCOME = "outcome."
"""Begins the path of how a run ended."""
OBSERVERS = ("experiments/observe.py", "experiments/black_box.py", "runs/record.py")
"""What makes an observation of what the stages made."""
OF_THE_MOMENT = (TrainingInterruptedError, InputFileError, OutputFileError, MemoryError, OSError)
"""What ends a run and says nothing of its variant: raised, and not kept as an answer."""
Observation = dict[str, Any]
T = TypeVar("T")
Watch = Callable[[int, int], None]


def observe(variant: RunSpec) -> Observation:
    """Return what a run of this variant came to: read from the store, or run here and kept there.

    `outcome` is finished, refused (a stage said no), diverged, or failed (`error` tells, `stage` says where);
    `metrics` the score of the reconstruction, `numbers` those of the stage records as `stage.number`, `history` the
    losses by epoch. Raises OF_THE_MOMENT, and keeps nothing of such a run.
    """
    key = key_of(variant)
    return answer("observations", key, lambda: {"key": key, **_walk(variant)})


class Observers:
    """Processes that observe and stay, for each start costs seconds; a context manager, so that they end.

    They are spawned: a fork after TensorFlow has run hangs.
    """

    def __init__(self, processes: int) -> None:
        start, spawn = (default_threads(), os.getpid()), get_context("spawn")
        self._pool = ProcessPoolExecutor(processes, spawn, initializer=begin_worker, initargs=start)

    def __enter__(self) -> "Observers":
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def submit(self, variant: RunSpec) -> Future[Observation]:
        """Return the observation to come; no process is started for one that is in the store."""
        if not known(variant):
            return self._pool.submit(observe, variant)
        done: Future[Observation] = Future()
        done.set_result(observe(variant))
        return done


def observe_all(
    variants: Sequence[RunSpec], *, processes: int = 2, progress: Watch | None = None
) -> list[Observation]:
    """Return an observation for each variant, in order; missing ones run in spawned processes, equal ones once."""
    missing = {key_of(one): one for one in variants if not known(one)}
    with Observers(max(1, min(processes, len(missing)))) as observers:
        waiting = [observers.submit(one) for one in missing.values()]
        for done, future in enumerate(as_completed(waiting), start=1):
            future.result()
            if progress is not None:
                progress(done, len(missing))
    return [observe(one) for one in variants]


def known(variant: RunSpec) -> bool:
    """True where the store has this observation already."""
    return place_of("observations", key_of(variant)).exists()


def value(observation: Mapping[str, Any], path: str) -> float | None:
    """Return the number at a dotted path: of the scores, else of the stages; None where there is none.

    `outcome.NAME` is 1 where that was the outcome and 0 where not (`ended`): a run that diverged has no score, but this.
    """
    if path.startswith(OUTCOME):
        return ended(observation["outcome"], path.removeprefix(OUTCOME))
    if path in observation["numbers"]:
        return float(observation["numbers"][path])
    metrics = observation["metrics"]
    found: Any = metrics if path.split(".")[0] in metrics else observation
    for part in path.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return float(found) if isinstance(found, int | float) else None


def ended(outcome: str, asked: str) -> float | None:
    """Return 1 where a run ended as asked and 0 where not; None where it did not get far enough to tell.

    One that was refused might have diverged or not; one that broke by an error of nobody's making says nothing else.
    """
    said_nothing = asked != outcome and outcome in ("refused", "failed")
    return None if said_nothing else float(outcome == asked)


def key_of(variant: RunSpec) -> str:
    """Return the name of this variant's observation."""
    parts = [code_version(), _observers(), fault_sources(variant.faults) if variant.faults else ""]
    if variant.pipeline != REFERENCE:
        parts += _code(variant)
    set_threads(
        default_threads()
    )  # those of a process that runs variants, where this one only asks
    return run_key({"observation": variant.settings()}, " ".join(parts), current_threads())


def _code(variant: RunSpec) -> list[str]:
    """What names a pipeline's code; its own settings are told apart as settings."""
    if variant.pipeline.startswith(COMMAND):
        return _code_of_command(variant.pipeline)
    pipeline = replace(variant, own={}).make_pipeline()
    code = pipeline_code(pipeline)
    if code is None:
        what = "the source of this pipeline is in no file, so that its runs cannot be told apart"
        step = "define its class in a module"
        raise ConfigError(what, value=variant.pipeline, next_step=step)
    return [str(getattr(pipeline, "code_version", "")), code]


@cache
def _code_of_command(words: str) -> list[str]:
    """What a command's handshake says: it is started once for that."""
    pipeline = maker(words)()
    pipeline.close()
    if not pipeline.code:
        what = "this command does not name its code, so that its runs cannot be told apart"
        step = "let its handshake hold `code` (docs/process-door.md), as `ptyspec serve` does"
        raise ConfigError(what, value=words, next_step=step)
    return [pipeline.code]


def forget(variant: RunSpec) -> None:
    """Remove this variant's observation from the store, so that it is made again."""
    place_of("observations", key_of(variant)).unlink(missing_ok=True)


@cache
def _observers() -> str:
    return source_digest(Path(ptyspec.__file__).parent, OBSERVERS)


def begin_worker(threads: int, parent: int) -> None:
    """Prepare a spawned process for runs: its threads, the faults of its environment, and that it ends soon after `parent`.

    A pool whose owner was killed would otherwise wait for work for ever.
    """
    set_threads(threads)
    from_environment()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1.0)
        os._exit(1)  # nobody is left to take a result; what was finished lies in the store

    threading.Thread(target=watch, daemon=True).start()


def ended_as(work: Callable[[], T]) -> tuple[str, str, T | None]:
    """Return how the work ended, in which words, and what it returned; raises OF_THE_MOMENT.

    It may be somebody's wrong pipeline: that it breaks, and how, is what is observed.
    """
    try:
        return "finished", "", work()
    except OF_THE_MOMENT:
        raise
    except TrainingDivergedError as problem:
        return "diverged", str(problem), None
    except PtyspecError as problem:
        return "refused", str(problem), None
    except Exception as problem:
        return "failed", f"{type(problem).__name__}: {problem}", None


def walked(walk: Walk) -> Observation:
    """Return the observation of a walk; nothing is kept, no fault is applied for it."""
    import resource

    wall, start = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)

    def score() -> dict[str, Any]:
        stitched = walk.reconstruction
        walk.at = "score"
        scores: dict[str, Any] = walk.work("score", walk.halves.test, stitched)
        return {"has_nan": False} | scores

    outcome, error, metrics = ended_as(score)
    numbers: dict[str, float] = {}
    for record in walk.records:
        # What the stages that ended wrote down, as `stage.number` and `stage.array.figure`.
        numbers |= {f"{record.name}.{key}": number for key, number in record.numbers.items()}
        numbers |= {f"{record.name}.{key}": float(flag) for key, flag in record.flags.items()}
        for array, stats in record.arrays.items():
            figures = stats.model_dump(exclude={"shape", "dtype"}, exclude_none=True)
            numbers |= {f"{record.name}.{array}.{key}": float(at) for key, at in figures.items()}
    if walk.has("containers"):
        numbers["normalize.test.gain"] = walk.containers.test.gain
    history = walk.trained.history if walk.has("trained") else None
    losses = [row.metrics.get("loss") for row in history.epochs] if history else []
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime - start.ru_utime - start.ru_stime
    return {
        "outcome": outcome,
        "stage": walk.at,
        "error": error,
        "metrics": metrics or {},
        "numbers": numbers,
        "history": {} if history is None else {"losses": losses, "best_epoch": history.best_epoch},
        "seconds": round(time.perf_counter() - wall, 2),
        "cpu_seconds": round(cpu, 2),
        "peak_rss_mb": max((record.peak_rss_mb for record in walk.records), default=0.0),
    }


def _walk(variant: RunSpec) -> Observation:
    """Run it, its faults applied for as long as it takes."""
    scenario = variant.resolved.scenario
    with applied_once(*variant.faults), variables(variant.environment):
        pipeline = variant.make_pipeline()
        try:
            if is_box(pipeline):
                found = box_observation(box_beside(pipeline, scenario))
            else:
                found = walked(Walk(pipeline, scenario))
        finally:
            getattr(pipeline, "close", lambda: None)()
            forget_models()
    return {**found, "settings": variant.settings()}


def forget_models() -> None:
    """Free what Keras keeps of models that are gone."""
    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session()


def variant(words: str, **options: object) -> RunSpec:
    """Return what `TARGET[:OPTION,...]` means; `options` are those of `runs.run_spec.Options`."""
    return run_spec(words, Options(**options), faults=catalogue.names())  # type: ignore[arg-type]

"""One run of a variant, reduced to numbers: no controls, no figures, no arrays; kept by content in the run store.

STORE/observations/KEY.json, the key of settings, faults and their source, the code of the stages, of the pipeline and of
what observes, threads: equal questions are answered once, by whichever process asks first. A run that is refused or diverges
is an answer like any other; an interrupted one, or one that lacked a file or memory, is none.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import ptyspec
from ptyspec.errors import (
    ConfigError,
    InputFileError,
    OutputFileError,
    PtyspecError,
    TrainingDivergedError,
    TrainingInterruptedError,
)
from ptyspec.faults.apply import applied_once, from_environment
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.runs.pipeline_code import pipeline_code
from ptyspec.runs.run_spec import REFERENCE, RunSpec
from ptyspec.runs.runkey import code_version, fault_sources, run_key, source_digest
from ptyspec.runs.store import default_root
from ptyspec.runs.threads import current_threads, default_threads, set_threads
from ptyspec.runs.walk import Walk

SCHEMA_VERSION = 1
OUTCOME = "outcome."
"""Begins the path of how a run ended."""
OBSERVERS = ("experiments/observe.py", "runs/record.py")
"""What makes an observation of what the stages made."""
OF_THE_MOMENT = (TrainingInterruptedError, InputFileError, OutputFileError, MemoryError, OSError)
"""What ends a run and says nothing of its variant: raised, and not kept as an answer."""
Observation = dict[str, Any]
Watch = Callable[[int, int], None]


def observe(variant: RunSpec) -> Observation:
    """Return what a run of this variant came to: read from the store, or run here and kept there.

    `outcome` is finished, refused (a stage said no), diverged, or failed (`error` tells, `stage` says where);
    `metrics` the score of the reconstruction, `numbers` those of the stage records as `stage.number`, `history` the
    losses by epoch. Raises OF_THE_MOMENT, and keeps nothing of such a run.
    """
    key = key_of(variant)
    path = _place(key)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, {"schema_version": SCHEMA_VERSION, "key": key, **_walk(variant)})
    return dict(read_json(path))


def observe_all(
    variants: Sequence[RunSpec],
    *,
    processes: int = 2,
    progress: Watch | None = None,
    alone: bool = False,
) -> list[Observation]:
    """Return an observation for each variant, in order; missing ones run in spawned processes, equal ones once.

    `alone` gives each run a process of its own, without which peak memory says nothing about one run.
    """
    missing = {key_of(one): one for one in variants}
    missing = {key: one for key, one in missing.items() if not _place(key).exists()}
    if missing:
        pool = ProcessPoolExecutor(
            min(processes, len(missing)),
            mp_context=get_context("spawn"),
            initializer=begin_worker,
            initargs=(default_threads(), os.getpid()),
            max_tasks_per_child=1 if alone else None,
        )
        with pool:
            try:
                waiting = [pool.submit(observe, one) for one in missing.values()]
                for done, future in enumerate(as_completed(waiting), start=1):
                    future.result()
                    if progress is not None:
                        progress(done, len(missing))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
    return [observe(one) for one in variants]


def known(variant: RunSpec) -> bool:
    """True where the store has this observation already."""
    return _place(key_of(variant)).exists()


def value(observation: Mapping[str, Any], path: str) -> float | None:
    """Return the number at a dotted path: of the scores, else of the stages; None where there is none.

    `outcome.NAME` is 1 where that was the outcome and 0 where not (`ended`): a run that diverged has no score, but this.
    """
    if path.startswith(OUTCOME):
        return ended(observation["outcome"], path.removeprefix(OUTCOME))
    if path in observation["numbers"]:
        return float(observation["numbers"][path])
    found: Any = (
        observation["metrics"] if path.split(".")[0] in observation["metrics"] else observation
    )
    for part in path.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return float(found) if isinstance(found, int | float) else None


def ended(outcome: str, asked: str) -> float | None:
    """Return 1 where a run ended as asked and 0 where not; None where it did not get far enough to tell.

    One that was refused might have diverged or not; one that broke by an error of nobody's making says nothing else.
    """
    return (
        None if asked != outcome and outcome in ("refused", "failed") else float(outcome == asked)
    )


def key_of(variant: RunSpec) -> str:
    """Return the name of this variant's observation."""
    parts = [code_version(), _observers(), fault_sources(variant.faults) if variant.faults else ""]
    if variant.pipeline != REFERENCE:
        walk = variant.make_pipeline()
        code = pipeline_code(walk)
        if code is None:
            raise ConfigError(
                "the source of this pipeline is in no file, so that its runs cannot be told apart",
                value=variant.pipeline,
                next_step="define its class in a module",
            )
        parts += [str(getattr(walk, "code_version", "")), code]
    return run_key({"observation": variant.settings()}, " ".join(parts), _threads())


def forget(variant: RunSpec) -> None:
    """Remove this variant's observation from the store, so that it is made again."""
    _place(key_of(variant)).unlink(missing_ok=True)


def _threads() -> dict[str, int | str]:
    """Those of a process that runs variants, also where this one only asks."""
    set_threads(default_threads())
    return dict(current_threads())


@cache
def _observers() -> str:
    return source_digest(Path(ptyspec.__file__).parent, OBSERVERS)


def _place(key: str) -> Path:
    return default_root() / "observations" / f"{key}.json"


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


def _numbers(walk: Walk) -> dict[str, float]:
    """What the stages that ended wrote down, as `stage.number` and `stage.array.figure`."""
    found: dict[str, float] = {}
    for record in walk.records:
        name = record.name
        found |= {f"{name}.{key}": number for key, number in record.numbers.items()}
        found |= {f"{name}.{key}": float(flag) for key, flag in record.flags.items()}
        for array, stats in record.arrays.items():
            found |= {f"{name}.{array}.{key}": got for key, got in _stats(stats).items()}
    if walk.has("containers"):
        found["normalize.test.gain"] = walk.containers.test.gain
    return found


def _history(walk: Walk) -> dict[str, Any]:
    if not walk.has("trained"):
        return {}
    history = walk.trained.history
    return {
        "losses": [row.metrics.get("loss") for row in history.epochs],
        "best_epoch": history.best_epoch,
    }


def _stats(stats: Any) -> dict[str, float]:
    figures = {
        name: getattr(stats, name) for name in ("min", "max", "mean", "std", "energy", "nan_count")
    }
    return {name: float(figure) for name, figure in figures.items() if figure is not None}


def walked(walk: Walk) -> Observation:
    """Return the observation of a walk; nothing is kept, no fault is applied for it."""
    import resource

    wall, start = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    metrics: dict[str, Any] = {}
    outcome, error = "finished", ""
    try:
        stitched = walk.reconstruction
        walk.at = "score"
        metrics = {"has_nan": False} | walk.work("score", walk.halves.test, stitched)
    except OF_THE_MOMENT:
        raise
    except TrainingDivergedError as problem:
        outcome, error = "diverged", str(problem)
    except PtyspecError as problem:
        outcome, error = "refused", str(problem)
    except Exception as problem:
        # A variant is somebody's wrong pipeline: that it breaks, and how, is what is observed.
        outcome, error = "failed", f"{type(problem).__name__}: {problem}"
    used = resource.getrusage(resource.RUSAGE_SELF)
    cpu = used.ru_utime + used.ru_stime - start.ru_utime - start.ru_stime
    return {
        "outcome": outcome,
        "stage": walk.at,
        "error": error,
        "metrics": metrics,
        "numbers": _numbers(walk),
        "history": _history(walk),
        "seconds": round(time.perf_counter() - wall, 2),
        "cpu_seconds": round(cpu, 2),
        "peak_rss_mb": max((record.peak_rss_mb for record in walk.records), default=0.0),
    }


def _walk(variant: RunSpec) -> Observation:
    """Run it, its faults applied for as long as it takes."""
    with applied_once(*variant.faults):
        try:
            found = walked(Walk(variant.make_pipeline(), variant.resolved.scenario))
        finally:
            forget_models()
    return {**found, "settings": variant.settings()}


def forget_models() -> None:
    """Free what Keras keeps of models that are gone."""
    import sys

    if "keras" in sys.modules:
        sys.modules["keras"].utils.clear_session()

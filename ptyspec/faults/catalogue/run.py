"""Faults of one run: seeds, records, the store, what is told."""

import os
import random
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from ptyspec.faults.fault import Instead, clauses, fault, parity
from ptyspec.files.disk import clear_errors
from ptyspec.pipeline.protocol import TrainTest


@fault("runs.record:container_facts", 64, red="RUN-003", green="RUN-002 FLOW-001 FLOW-006")
def canvas_recorded_as_needed(containers, made, scenario):
    """The record says that the canvas fits, whatever it has to hold."""
    canvas = scenario.model.canvas
    wrong = {"required_canvas": canvas, "fits_canvas": True} if canvas else {}
    return containers(made, scenario) | wrong


@fault("runs.environment:environment", 10, red="RUN-005", green="RUN-002 FLOW-001")
def environment_without_seeds(environment, seeds):
    """The record of the environment leaves the seeds out: environment.json names no seed."""
    return {**environment(seeds), "seeds": {}}


@fault("runs.environment:environment", red="RUN-005", green="RUN-002 FLOW-001")
def environment_without_threads(environment, seeds):
    """The record of the environment leaves the threads out."""
    return {**environment(seeds), "threads": {"intra": 0, "inter": 0, "omp": 0}}


@fault("runs.record:container_facts", 31, red="RUN-003", green="RUN-002 FLOW-001 FLOW-006")
def gain_of_other_data_recorded(containers, made, scenario):
    """The recorded gain is not the one in use: the stage record says that the gain is 1."""
    return containers(made, scenario) | {"gain": 1.0}


@fault("seeds:generator", 3, 10, makes=True)
@clauses(red="FLOW-003 DET-002", green="FLOW-001 FLOW-005 FLOW-006")
def generator_kept(generator):
    """A generator is kept for its seed: a second run draws on where the first stopped."""
    return cache(generator)


@fault("seeds:generator", 10, 76)
@clauses(red="DET-003 FLOW-003 DET-002", green="FLOW-001 FLOW-005 FLOW-006")
def global_generator(generator, seed, purpose):
    """Every draw starts from numpy's global generator."""
    return np.random.default_rng(int(vars(np.random)["randint"](2**31 - 1)))


@fault("pipeline.train:train", 5, red="ANTIPATTERN-001", green="MATH-POLAR-001", makes=True)
@parity("test_importing_what_trains_draws_no_number", "test_amplitude_two")
def import_draws(train):
    """Importing what trains draws from the global generators."""
    random.random()  # while the module is imported, when a fault takes its place there
    return train


@fault("runs.store:run_key", 11, red="STORE-001", green="STORE-002 LEGACY-005")
def key_without_code(run_key, values, code_version, threads):
    """The run key forgets the code: a run of yesterday's stages answers today's request."""
    return run_key(values, "", threads)


def _without(section, values):
    """Settings but those of a section."""
    return {key: value for key, value in values.items() if key.partition(".")[0] != section}


@fault("runs.store:run_key", 11, red="STORE-001", green="STORE-002 LEGACY-005")
def key_without_inference(run_key, values, *rest):
    """The run key forgets the settings that do not train."""
    return run_key(_without("inference", values), *rest)


@fault("runs.store:run_key", 10, 11, red="STORE-001", green="STORE-002 LEGACY-005")
def key_without_seeds(run_key, values, *rest):
    """The run key forgets the seeds: another seed finds the run of the first."""
    return run_key(_without("seeds", values), *rest)


@fault("runs.store:run_key", 11, red="STORE-001", green="STORE-002 LEGACY-005")
def key_without_threads(run_key, values, code_version, threads):
    """The run key forgets the threads, which change bits."""
    return run_key(values, code_version, {})


@fault("legacy.pipeline:LegacyPipeline._enter", 1)
@clauses(red="LEGACY-004", green="CONFIG-001 BRIDGE-007 LEGACY-006")
def legacy_observes_nothing(enter, pipeline, stage, *args, **kwargs):
    """A legacy run that is told to observe keeps nothing of what it met."""
    made = enter(pipeline, stage, *args, **kwargs)
    pipeline.observed[stage] = ()
    return made


@fault("runs.store:RunStore.locked", red="STORE-005", green="STORE-003 STORE-004 STORE-006")
def lock_ignored(locked, store, key, on_wait=None):
    """Nobody holds a lock while a run is made: two who want one run make it at the same time."""
    return clear_errors(store.root)


@fault("pipeline.train:build_model", 74, makes=True)
@parity("test_repeated_trainings_need_no_more_memory", "test_amplitude_two")
@clauses(red="TF-REPEATED-MODEL-OOM-001", green="MATH-POLAR-001")
def models_kept(build):
    """Every model that was trained stays in memory."""
    kept: list[Any] = []

    def wrong(*args):
        kept.append(build(*args))
        return kept[-1]

    return wrong


@fault("runs.record:array_stats", 37, 78, red="RUN-002", green="RUN-003 FLOW-001 FLOW-006")
def nan_not_counted(array_stats, array):
    """Stage records leave NaN out and do not say so: nan_count is 0 whatever an array holds."""
    return array_stats(array).model_copy(update={"nan_count": 0})


@fault("legacy.pipeline:LegacyPipeline.name", 11, red="LEGACY-005", green="LEGACY-006")
def observed_runs_one_name(name, pipeline):
    """Runs on dictionaries that say different things share a name in the store."""
    return "legacy"


@fault("seeds:generator", 10, red="DET-002", green="DET-003 FLOW-003 FLOW-006")
def one_seed_for_all(generator, seed, purpose):
    """Every generator is made from 42."""
    return generator(42, purpose)


@fault("runs.store:RunStore.find", 11, red="STORE-003", green="STORE-004 STORE-005 STORE-006")
def other_run_answers(find, store, key):
    """A request is answered with a run of a similar key."""
    if found := find(store, key):
        return found
    return min((store.root / "runs").glob(f"{key[:1]}*"), default=None)


@fault("runs.threads:_refuse_change", red="DET-006", green="RUN-005 DET-003 STORE-002")
def other_threads_accepted(refuse, wanted):
    """A TensorFlow that is loaded with other threads is left as it is, without a word."""


@fault("files.disk:check_output", red="STORE-006", green="STORE-003 STORE-004")
def output_overwritten(check, out, force=False):
    """An output folder is replaced whatever it holds: nobody looks at what --out holds."""


@fault("runs.store:RunStore.get_or_make", red="STORE-004", green="STORE-003 STORE-005 STORE-006")
def partial_run_finished(get_or_make, store, key, make, on_wait=None, sound=bool):
    """A run that broke half-way looks finished."""
    broken: list[BaseException] = []

    def careless(folder):
        try:
            make(folder)
        except BaseException as error:
            broken.append(error)

    found = get_or_make(store, key, careless, on_wait, sound)
    if broken:
        raise broken[0]
    return found


@fault("physics.scan:make_positions", 3, 11, red="DET-005", green="MATH-POLAR-001", makes=True)
@parity("test_a_run_after_another_gives_the_bits", "test_amplitude_two")
def positions_kept(make):
    """The positions of the first scan of a process are those of all that follow."""
    kept: dict[Any, Any] = {}
    return lambda spec, size, seed: kept.setdefault(
        (spec.n_images, size), make(spec, size, seed)
    ).copy()


@fault("cli.progress:RichProgress._show", red="RUN-009", green="RUN-001 FLOW-001")
def progress_silent(show, progress, done, total, note, unit=""):
    """A run without a terminal says nothing until a stage ends."""


@fault("seeds:generator", 10, red="DET-001", green="MATH-POLAR-001")
@parity("test_two_processes_with_equal_settings", "test_amplitude_two")
def purpose_hashed(generator, seed, purpose):
    """A draw's generator is derived from the name's hash, which differs from process to process."""
    return generator(seed, f"{purpose} {os.getpid()}")


@fault("runs.finished_run:write_run", 70)
@clauses(red="RUN-001 EVID-004", green="EVID-002 REPORTING-ARTIFACT-BOUNDARY-001")
def refined_as_network(write_run, folder, result):
    """The refined object is stored under the network's name."""
    better = result.refined if result.refined is not None else result.reconstruction
    write_run(folder, replace(result, reconstruction=better))


@fault("runs.store:RunStore.get_or_make", red="STORE-003 STORE-005", green="STORE-004 STORE-006")
def run_made_again(get_or_make, store, key, make, on_wait=None, sound=bool):
    """A kept run is thrown away and made again at every request."""
    store.forget_run(key)
    return get_or_make(store, key, make, on_wait, sound)


@fault("runs.run:run", 25, red="FLOW-001 FLOW-002 FLOW-003", green="RUN-003 GROUP-001")
def split_left_out(run, resolved, *, pipeline=None, session=None):
    """The walk leaves the split out and trains on the frames that it reconstructs."""
    walk = Instead(pipeline).having(split=lambda scenario, scan: TrainTest(scan, scan))
    return run(resolved, pipeline=walk, session=session)


@fault("seeds:integer_seed", red="DET-004", green="MATH-POLAR-001")
@parity("test_one_thread_and_two_make_the_same_object", "test_amplitude_two")
def threads_in_the_seed(integer_seed, seed, purpose):
    """A network starts from the number of its threads."""
    return integer_seed(seed, f"{purpose} {os.environ.get('TF_NUM_INTRAOP_THREADS')}")


@fault("runs.run:run", 25, red="FLOW-002 FLOW-005", green="FLOW-001 RUN-002 RUN-003")
def training_groups_reconstructed(run, resolved, *, pipeline=None, session=None):
    """The groups that trained are reconstructed; the held-out ones never are."""
    walk = Instead(pipeline)
    trained_on: list[Any] = []

    def train(scenario, containers, session):
        trained_on[:] = [containers.train]
        return walk.inner.train(scenario, containers, session)

    def infer(scenario, trained, container):
        return walk.inner.infer(scenario, trained, *trained_on)

    return run(resolved, pipeline=walk.having(train=train, infer=infer), session=session)


@fault("checks.verdict:verdict_of", 64, red="RUN-008 GAUGE-007", green="RUN-001 RUN-006")
def violation_is_success(verdict_of, run):
    """A wrong amplitude ends with exit code 0."""
    return verdict_of(run).model_copy(update={"status": "right"})

"""Simulate, split, group, normalize, train, infer, stitch, score."""

from __future__ import annotations

from ptyspec.contracts.resolve import Resolved
from ptyspec.contracts.run import RunResult
from ptyspec.observe.environment import environment
from ptyspec.observe.record import StageNote, stage
from ptyspec.pipeline import notes
from ptyspec.pipeline.evaluate import evaluate
from ptyspec.pipeline.protocol import Pipeline, Session
from ptyspec.pipeline.reference import ReferencePipeline


def run(resolved: Resolved, *, pipeline: Pipeline | None = None, session: Session | None = None) -> RunResult:
    """Walk the stages in order and return everything that a report needs; nothing is written.

    Equal scenarios, threads and backend give bit-identical objects.
    """
    walk, around, scenario = pipeline or ReferencePipeline(), session or Session(), resolved.scenario
    ledger: list[StageNote] = []
    annotate = getattr(walk, "annotate", None)

    def keep(note: StageNote) -> None:
        if annotate is not None:
            annotate(note)
        ledger.append(note)

    with stage("simulate", around.progress) as note:
        scan = walk.simulate(scenario)
        keep(notes.scan(note, scan))
    with stage("split", around.progress) as note:
        halves = walk.split(scenario, scan)
        keep(notes.halves(note, halves))
    with stage("group", around.progress) as note:
        groups = walk.group(scenario, halves)
        keep(notes.groups(note, groups))
    with stage("normalize", around.progress) as note:
        containers = walk.normalize(scenario, groups)
        keep(notes.containers(note, containers, scenario))
    with stage("train", around.progress) as note:
        trained = walk.train(scenario, containers, around)
        keep(notes.trained(note, trained))
    with stage("infer", around.progress) as note:
        patches = walk.infer(scenario, trained, containers.test)
        keep(notes.patches(note, patches))
    with stage("stitch", around.progress) as note:
        reconstruction = walk.stitch(scenario, patches)
        keep(notes.reconstruction(note, reconstruction, patches))
    with stage("score", around.progress) as note:
        verdict = evaluate(walk, scenario, halves.test, containers.test, trained, reconstruction, around)
        keep(notes.metrics(note, verdict.metrics))

    return RunResult(
        resolved=resolved, scan=scan, reconstruction=reconstruction, refined=verdict.refined,
        controls=verdict.controls, metrics=verdict.metrics, history=trained.history,
        stages=tuple(note.record for note in ledger if note.record is not None),
        environment=environment(scenario.seeds.model_dump()),
    )  # fmt: skip

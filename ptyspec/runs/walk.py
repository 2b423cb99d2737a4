"""One walk of a pipeline's stages, in order, each measured and written down: by a run, and by whoever observes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from ptyspec.contracts.container import Reconstruction
from ptyspec.contracts.records import StageRecord
from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.pipeline.protocol import Containers, GroupedHalves, Halves, Pipeline, Session, Trained
from ptyspec.runs import notes
from ptyspec.runs.record import StageNote, stage

Made = TypeVar("Made")


@dataclass
class Walk:
    """What the stages have made so far: an attribute is there once its stage has ended."""

    pipeline: Pipeline
    scenario: Scenario
    session: Session = field(default_factory=Session)
    at: str = ""
    """The stage that runs, or ran last."""
    records: list[StageRecord] = field(default_factory=list)
    scan: RawScan = field(init=False)
    halves: Halves = field(init=False)
    groups: GroupedHalves = field(init=False)
    containers: Containers = field(init=False)
    trained: Trained = field(init=False)

    def reconstruct(self) -> Reconstruction:
        """Walk from the scan to the stitched object; what a stage raises comes through, with its name as `stage`."""
        walk, scenario = self.pipeline, self.scenario
        self.scan = self.step("simulate", lambda: walk.simulate(scenario), notes.scan)
        self.halves = self.step("split", lambda: walk.split(scenario, self.scan), notes.halves)
        self.groups = self.step("group", lambda: walk.group(scenario, self.halves), notes.groups)
        self.containers = self.step(
            "normalize",
            lambda: walk.normalize(scenario, self.groups),
            lambda note, made: notes.containers(note, made, scenario),
        )
        self.trained = self.step(
            "train", lambda: walk.train(scenario, self.containers, self.session), notes.trained
        )
        patches = self.step(
            "infer", lambda: walk.infer(scenario, self.trained, self.containers.test), notes.patches
        )
        return self.step(
            "stitch",
            lambda: walk.stitch(scenario, patches),
            lambda note, made: notes.reconstruction(note, made, patches),
        )

    def step(
        self,
        name: str,
        work: Callable[[], Made],
        write_down: Callable[[StageNote, Made], StageNote],
    ) -> Made:
        """Return what `work` makes as the stage `name`; its record holds what `write_down` and the pipeline add."""
        self.at = name
        with stage(name, self.session.progress) as note:
            made = work()
            write_down(note, made)
            annotate = getattr(self.pipeline, "annotate", None)
            if annotate is not None:
                annotate(note)
        assert note.record is not None
        self.records.append(note.record)
        return made

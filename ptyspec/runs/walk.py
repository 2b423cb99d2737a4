"""The one walk of a pipeline's stages: each output is computed from the ones before it, when it is asked for, and once."""

from collections.abc import Callable
from copy import copy
from functools import cached_property
from typing import Any, Self, TypeVar, cast

from ptyspec.contracts.bundles import Patches, RawScan, Reconstruction
from ptyspec.contracts.records import StageRecord
from ptyspec.contracts.scenario import Scenario
from ptyspec.pipeline.declared import checked, filled, of_this_project
from ptyspec.pipeline.protocol import (
    Containers,
    GroupedTrainTest,
    Pipeline,
    Session,
    Trained,
    TrainTest,
)
from ptyspec.runs import record

Made = TypeVar("Made")
OUTPUTS = {
    "simulate": "scan",
    "split": "halves",
    "group": "groups",
    "normalize": "containers",
    "train": "trained",
    "infer": "patches",
    "stitch": "reconstruction",
}
"""The attribute that holds what a stage hands over."""


class Walk:
    """The outputs of a pipeline's stages on a scenario, one attribute a stage.

    `replaced(groups=...)` gives the same walk with that output exchanged, and everything after it computed from the
    exchanged one. Where `recording`, each stage is measured and its record kept, in order.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        scenario: Scenario,
        session: Session | None = None,
        *,
        recording: bool = True,
    ) -> None:
        self.pipeline, self.scenario = filled(pipeline), scenario
        self.session = session or Session()
        self.recording = recording
        self.at = ""
        """The stage that runs, or ran last."""
        self.records: list[StageRecord] = []
        self._given: dict[str, Any] = {}

    def replaced(self, **given: Any) -> Self:
        """Return this walk with some outputs exchanged; those computed from them follow."""
        unknown = [name for name in given if name not in self._outputs()]
        if unknown:
            raise TypeError(f"no output of the stages: {', '.join(unknown)}")
        other = copy(self)
        kept = vars(self).keys() - self._outputs()
        other.__dict__ = {name: value for name, value in vars(self).items() if name in kept}
        other.records, other._given = [], self._given | given
        other.__dict__ |= other._given  # where a cached property keeps its value
        return other

    @classmethod
    def _outputs(cls) -> set[str]:
        return {name for name in dir(cls) if isinstance(getattr(cls, name), cached_property)}

    def has(self, output: str) -> bool:
        """True where this output has been computed, or was given."""
        return output in vars(self)

    def forget(self, output: str) -> None:
        """Drop an output that nobody needs again: it may be large."""
        vars(self).pop(output, None)

    def work(self, name: str, *given: Any) -> Any:
        """Run one stage on what the stages before it handed over; a subclass may choose who does.

        What somebody else's pipeline makes is checked here, before anybody works on it (HandoverError).
        """
        try:
            made = getattr(self.pipeline, name)(self.scenario, *given)
            if not of_this_project(self.pipeline):
                checked(name, made, self.pipeline)
        except Exception as error:
            error.stage = name  # type: ignore[attr-defined]  # a clause that names the stage reads it
            raise
        return made

    @cached_property
    def scan(self) -> RawScan:
        """The scan."""
        return self._stage("simulate", record.scan_facts)

    @cached_property
    def halves(self) -> TrainTest:
        """The scan, split."""
        return self._stage("split", record.split_facts, self.scan)

    @cached_property
    def groups(self) -> GroupedTrainTest:
        """Groups of both splits."""
        return self._stage("group", record.group_facts, self.halves)

    @cached_property
    def containers(self) -> Containers:
        """Normalised groups of both splits."""
        scenario, groups = self.scenario, self.groups
        return self._stage("normalize", lambda made: record.container_facts(made, scenario), groups)

    @cached_property
    def trained(self) -> Trained:
        """The generator with its weights."""
        return self._stage("train", record.training_facts, self.containers, self.session)

    @cached_property
    def patches(self) -> Patches:
        """What the generator predicts for the test split."""
        trained, container = self.trained, self.containers.test
        return self._stage("infer", lambda made: {"patches": made.object}, trained, container)

    @cached_property
    def reconstruction(self) -> Reconstruction:
        """The patches on the object's canvas."""
        patches = self.patches
        return self._stage("stitch", lambda made: record.object_facts(made, patches), patches)

    def _stage(self, name: str, facts: Callable[[Made], record.Facts], *of: Any) -> Made:
        return self.measured(name, lambda: cast("Made", self.work(name, *of)), facts)

    def measured(
        self, name: str, work: Callable[[], Made], facts: Callable[[Made], record.Facts]
    ) -> Made:
        """Return what `work` makes as the stage `name`; its record holds `facts` of it, and what the pipeline adds.

        What a stage raises comes through, with its name as `stage`.
        """
        self.at = name
        if not self.recording:
            return work()
        with record.stage(name, self.session.progress) as note:
            made = work()
            note.write(facts(made))
            annotate = getattr(self.pipeline, "annotate", None)
            if annotate is not None:
                annotate(note)
        assert note.record is not None
        self.records.append(note.record)
        return made

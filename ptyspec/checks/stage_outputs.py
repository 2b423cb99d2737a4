"""What an audit looks at: the outputs of a subject's stages and its finished run, made on demand and only once.

`Sample`: some groups of a container with the object under them, what an audit holds a built network
against.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

import numpy as np

from ptyspec.contracts.bundles import Array, Container, GroupedScan
from ptyspec.physics.diffraction import expected_amplitude
from ptyspec.physics.geometry import extract_patches
from ptyspec.pipeline.declared import declared, own_part
from ptyspec.pipeline.normalize import batch, coarse_patches
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.runs.record import scan_facts
from ptyspec.runs.run_spec import RunSpec
from ptyspec.runs.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ptyspec.checks.network_facts import FirstStep
    from ptyspec.contracts.bundles import RawScan, Reconstruction
    from ptyspec.contracts.records import History
    from ptyspec.networks.reconstructor import Reconstructor
    from ptyspec.pipeline.protocol import Pipeline, Progress
    from ptyspec.runs.store import RunStore

T = TypeVar("T")


class StageOutputs(Walk):
    """The outputs of a subject's stages, and its finished run.

    A positive control spoils what an audit sees by `replaced(groups=...)`. The finished run is the pipeline's own;
    replace `reconstruction`, `metrics` or `history` to spoil what is read from it.
    """

    doors = ("stages",)

    def __init__(
        self,
        subject: RunSpec,
        *,
        pipeline: "Pipeline | None" = None,
        progress: "Progress | None" = None,
        store: "RunStore | None" = None,
    ) -> None:
        scenario = subject.resolved.scenario
        super().__init__(pipeline or ReferencePipeline(), scenario, recording=False)
        self.subject = subject
        self.progress, self.store = progress, store
        self._facts: dict[Callable[[StageOutputs], Any], Any] = {}

    @property
    def name(self) -> str:
        """The subject's name, a row or a column of every table."""
        return self.subject.name

    @property
    def own_network(self) -> bool:
        """Whether the pipeline trains the network that this project builds."""
        return getattr(type(self.pipeline), "train", None) is ReferencePipeline.train

    @property
    def declared(self) -> tuple[str, ...]:
        """The stages that are the pipeline's own."""
        return declared(own_part(self.pipeline))

    @property
    def watched(self) -> bool:
        """Whether it shows what a stage changed: a process has to say so."""
        return bool(getattr(own_part(self.pipeline), "watches", True))

    def replaced(self, **given: Any) -> Self:
        """Return this material with some outputs, its pipeline, or its subject exchanged; what follows is computed anew."""
        whole = {name: given.pop(name) for name in ("pipeline", "subject") if name in given}
        other = super().replaced(**given)
        other._facts = {}
        for name, value in whole.items():
            setattr(other, name, value)
        other.scenario = other.subject.resolved.scenario
        return other

    def anew(self) -> "StageOutputs":
        """Return the same subject with nothing computed yet but its finished run, where that was asked for."""
        subject = replace(self.subject, folder=None)
        made = StageOutputs(
            subject, pipeline=self.pipeline, progress=self.progress, store=self.store
        )
        return made.replaced(finished=self.finished) if self.has("finished") else made

    def facts(self, of: "Callable[[StageOutputs], T]") -> T:
        """Return what a function tells of these outputs, computed once; tables and checks share it."""
        if of not in self._facts:
            self._facts[of] = of(self)
        return cast("T", self._facts[of])

    @cached_property
    def scan(self) -> "RawScan":
        """The scan: a finished run's own file, else what the settings give."""
        if self.subject.folder is not None:
            return self.finished.scan
        return self._stage("simulate", scan_facts)

    @cached_property
    def sample(self) -> "Sample":
        """Some training groups with the object under them."""
        return sample_of(self.containers.train)

    @cached_property
    def model(self) -> "Reconstructor":
        """The untrained network, built as training builds it. Whoever sets its weights sets them back."""
        from ptyspec.pipeline.train import build_model, canvas_side

        return build_model(
            self.scenario, self.containers.train, canvas_side(self.scenario, self.containers)
        )

    @cached_property
    def step(self) -> "FirstStep":
        """What one step of training does to that network."""
        from ptyspec.checks.network_facts import first_step

        return first_step(self.model, self.sample)

    @cached_property
    def finished(self) -> FinishedRun:
        """The finished run: the subject's folder, else found in the store or made there."""
        from ptyspec.runs.run import produce

        folder = self.subject.folder or produce(
            self.subject.resolved, progress=self.progress, store=self.store, pipeline=self.pipeline
        )
        return FinishedRun(folder)

    @cached_property
    def reconstruction(self) -> "Reconstruction":
        """The network's object."""
        return self.finished.reconstruction

    @cached_property
    def metrics(self) -> "Mapping[str, Any]":
        """Its scores beside those of its controls."""
        return self.finished.metrics

    @cached_property
    def history(self) -> "History | None":
        """How it was trained."""
        return self.finished.history


FRAMES = 64
"""So many frames are looked at: where upstream's batched merge began to mix groups (REASSEMBLY-BATCH-001)."""


@dataclass(frozen=True)
class Sample:
    """Groups spread over the whole split; arrays are (B, N, N, C).

    - inputs: what the network gets; measured: X, what the loss gets.
    - truth: the object under each frame; where none is known (`known` False) the trivial estimate, which is then an
      object like any other, with a measurement of its own.
    - expected: |F(P O)| of that object in double precision, by physics/: its noise-free measurement.
    - trivial: what total counts alone say.
    """

    rows: Array
    inputs: dict[str, Array]
    measured: Array
    truth: Array
    expected: Array
    trivial: Array
    known: bool

    @property
    def frames(self) -> int:
        """Number of frames."""
        return int(self.measured.shape[0] * self.measured.shape[-1])

    @property
    def energies(self) -> tuple[float, float]:
        """Sum of squares of the measurement, and of what the object predicts."""
        both = (self.measured, self.expected)
        measured, expected = (float((part.astype(np.float64) ** 2).sum()) for part in both)
        return measured, expected

    def part(self, groups: int) -> tuple[dict[str, Array], Array]:
        """Return inputs and measurement of the first few groups."""
        inputs = {name: values[:groups] for name, values in self.inputs.items()}
        return inputs, self.measured[:groups]


def sample_of(container: Container, frames: int = FRAMES) -> Sample:
    """Return about this many frames' groups, evenly spread."""
    groups = container.groups
    count = min(container.size, -(-frames // groups.C))
    rows = spread(container.size, count)
    inputs, measured = batch(container, rows)
    trivial = coarse_patches(container, rows) * np.float32(container.a0)
    known = groups.scan.objectGuess is not None
    truth = (true_patches(groups, rows) if known else trivial).astype(np.complex64)
    stack = np.moveaxis(truth, -1, 1).astype(np.complex128)
    expected = expected_amplitude(container.probe.astype(np.complex128), stack)
    if (seen := groups.seen(rows)) is not None:
        expected = expected * np.moveaxis(seen, -1, 1)
    noise_free = np.moveaxis(expected, 1, -1).astype(np.float32)
    return Sample(rows, inputs, measured, truth, noise_free, trivial, known)


def true_patches(groups: GroupedScan, rows: Array) -> Array:
    """Perfect patches (B, N, N, C) of these groups, cut at their frames' own positions; ones where no object is known."""
    scan, shape = groups.scan, (len(rows), groups.C, groups.scan.N, groups.scan.N)
    if scan.objectGuess is None:
        return np.ones((len(rows), scan.N, scan.N, groups.C), np.complex64)
    positions = scan.positions[groups.nn_indices[rows]].reshape(-1, 2)
    patches = extract_patches(scan.objectGuess, positions, scan.N)
    return np.moveaxis(patches.reshape(shape), 1, -1)


def spread(count: int, most: int) -> Array:
    """Return at most so many of `count` row numbers, evenly spread."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))

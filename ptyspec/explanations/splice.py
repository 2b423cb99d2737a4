"""GOOD's stages 1 to k and BAD's from there on, over the contracts that stages hand over (protocol.py).

Each stage sees the scenario of its own side and, while it runs, the faults of its own side alone. `Trained.predict` is
a closure that GOOD's or BAD's training made and that inference calls: the network is what was trained, so its graph is
traced right after training under that side's faults; how it is used (batches, what is done with the patches) belongs
to the side that infers, whose faults are active then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel

from ptyspec.contracts.container import Container, Patches, Reconstruction
from ptyspec.contracts.scan import RawScan, array_digest
from ptyspec.contracts.scenario import Scenario
from ptyspec.contracts.stages import STAGES
from ptyspec.experiments.observe import Observation, forget_models, walked
from ptyspec.experiments.variant import Variant
from ptyspec.faults.apply import applied_once
from ptyspec.pipeline.protocol import Containers, GroupedHalves, Halves, Session, Trained

TRAIN = STAGES.index("train")


@dataclass
class Splicer:
    """Makes spliced runs of two variants; what a stage made is kept, so that no training is done twice."""

    good: Variant
    bad: Variant
    kept: dict[tuple[str, ...], tuple[Any, str]] = field(default_factory=dict)
    """What a stage made, and its digest, by stage, side and the digest of what it was made from."""

    def __enter__(self) -> Splicer:
        return self

    def __exit__(self, *_: object) -> None:
        self.kept.clear()
        forget_models()

    def run(self, count: int) -> Observation:
        """Return the observation of GOOD's first `count` stages with BAD's others."""
        sides = [self.good] * count + [self.bad] * (len(STAGES) - count)
        return walked(sides[-1].resolved.scenario, Spliced(sides, self.kept))

    def same_so_far(self, count: int) -> bool:
        """True where both sides hand over the same after `count` stages, as far as they have been run; no training."""
        if not 0 < count <= TRAIN:
            return False
        good, bad = self._digest(self.good, count), self._digest(self.bad, count)
        return good is not None and good == bad

    def _digest(self, side: Variant, count: int) -> str | None:
        """Name what a side hands over; None where it breaks before, which its own run tells in words."""
        try:
            return self._walk_to(side, count)
        except Exception:  # somebody's wrong pipeline may raise anything
            return None

    def _walk_to(self, side: Variant, count: int) -> str:
        walk = Spliced([side] * len(STAGES), self.kept)
        scenario = side.resolved.scenario
        made: Any = walk.simulate(scenario)
        for stage in STAGES[1:count]:
            made = getattr(walk, stage)(scenario, made)
        return walk.digests[STAGES[count - 1]]


class Spliced:
    """A pipeline each of whose stages belongs to one of the two sides; the scenario it is called with is not looked at."""

    name = "spliced"

    def __init__(self, sides: list[Variant], kept: dict[tuple[str, ...], tuple[Any, str]]) -> None:
        self.sides, self.kept = sides, kept
        self.digests: dict[str, str] = {}

    def simulate(self, scenario: Scenario) -> RawScan:
        """Make or read the scan."""
        found: RawScan = self._stage("simulate", "", lambda walk, own: walk.simulate(own))
        return found

    def split(self, scenario: Scenario, scan: RawScan) -> Halves:
        """Divide its frames."""
        found: Halves = self._stage(
            "split", self.digests["simulate"], lambda walk, own: walk.split(own, scan)
        )
        return found

    def group(self, scenario: Scenario, halves: Halves) -> GroupedHalves:
        """Form groups."""
        found: GroupedHalves = self._stage(
            "group", self.digests["split"], lambda walk, own: walk.group(own, halves)
        )
        return found

    def normalize(self, scenario: Scenario, groups: GroupedHalves) -> Containers:
        """Condition them."""
        found: Containers = self._stage(
            "normalize", self.digests["group"], lambda walk, own: walk.normalize(own, groups)
        )
        return found

    def train(self, scenario: Scenario, containers: Containers, session: Session) -> Trained:
        """Fit the generator, and trace what it predicts under the faults of its own side."""

        def fit(walk: Any, own: Scenario) -> Trained:
            trained: Trained = walk.train(own, containers, session)
            trained.predict(trained.weights, containers.test)
            return trained

        found: Trained = self._stage("train", self.digests["normalize"], fit)
        return found

    def infer(self, scenario: Scenario, trained: Trained, container: Container) -> Patches:
        """Predict patches."""
        found: Patches = self._stage(
            "infer",
            self.digests["train"] + self.digests["normalize"],
            lambda walk, own: walk.infer(own, trained, container),
        )
        return found

    def stitch(self, scenario: Scenario, patches: Patches) -> Reconstruction:
        """Put them together."""
        found: Reconstruction = self._stage(
            "stitch", self.digests["infer"], lambda walk, own: walk.stitch(own, patches)
        )
        return found

    def score(
        self, scenario: Scenario, scan: RawScan, reconstruction: Reconstruction
    ) -> dict[str, Any]:
        """Compare."""
        found: dict[str, Any] = self._stage(
            "score",
            self.digests["stitch"] + self.digests["split"],
            lambda walk, own: walk.score(own, scan, reconstruction),
        )
        return found

    def _stage(self, stage: str, before: str, work: Callable[[Any, Scenario], Any]) -> Any:
        side = self.sides[STAGES.index(stage)]
        key = (stage, str(id(side)), before)
        if key not in self.kept:
            with applied_once(*side.faults):
                made = work(side.make_pipeline(), side.resolved.scenario)
            # What was trained is known by its side and data: two sides' networks differ by more than their weights.
            digest = "/".join(key) if stage == "train" else digest_of(made)
            self.kept[key] = (made, digest)
        made, self.digests[stage] = self.kept[key]
        return made


def digest_of(made: Any) -> str:
    """Return a name of what a stage made: equal for equal arrays and numbers, wherever they came from."""
    digest = hashlib.sha256()
    _feed(digest, made)
    return digest.hexdigest()[:16]


def _feed(digest: Any, made: Any) -> None:
    if isinstance(made, np.ndarray):
        digest.update(array_digest(made).encode())
    elif isinstance(made, BaseModel):
        for name in type(made).model_fields:
            digest.update(name.encode())
            _feed(digest, getattr(made, name))
    elif is_dataclass(made):
        for part in fields(made):
            _feed(digest, getattr(made, part.name))
    elif isinstance(made, dict):
        for key in sorted(made):
            digest.update(str(key).encode())
            _feed(digest, made[key])
    elif isinstance(made, list | tuple):
        for part in made:
            _feed(digest, part)
    else:
        digest.update(repr(made).encode())

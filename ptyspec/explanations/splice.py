"""GOOD's stages 1 to k and BAD's from there on, over the contracts that stages hand over (protocol.py).

Each stage sees the scenario of its own side and, while it runs, the faults of its own side alone. `Trained.predict` is
a closure that GOOD's or BAD's training made and that inference calls: the network is what was trained, so its graph is
traced right after training under that side's faults; how it is used (batches, what is done with the patches) belongs
to the side that infers, whose faults are active then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from ptyspec.contracts.scan import array_digest
from ptyspec.contracts.stages import STAGES
from ptyspec.experiments.observe import Observation, forget_models, key_of, walked
from ptyspec.explanations.explanation import How, SpliceRow
from ptyspec.explanations.plan import Outcome
from ptyspec.explanations.stages import LAST, Chain, bisect
from ptyspec.explanations.symptom import Symptom
from ptyspec.faults.apply import applied_once
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.run_spec import RunSpec
from ptyspec.runs.runkey import source_digest
from ptyspec.runs.store import answer
from ptyspec.runs.walk import OUTPUTS, Walk

TRAIN = STAGES.index("train")
WORDS = {Outcome.FAIL: "fails", Outcome.PASS: "passes", Outcome.UNRESOLVED: "unresolved"}


@dataclass
class Splicer:
    """Makes spliced runs of two sides; what a stage made is kept, so that no training is done twice."""

    good: RunSpec
    bad: RunSpec
    kept: dict[tuple[str, ...], tuple[Any, str]] = field(default_factory=dict)
    """What a stage made, and its digest, by stage, side and the digest of what it was made from."""
    runs: int = 0
    cpu_seconds: float = 0.0

    def __enter__(self) -> Splicer:
        return self

    def __exit__(self, *_: object) -> None:
        self.kept.clear()
        forget_models()

    def run(self, count: int) -> Observation:
        """Return the observation of GOOD's first `count` stages with BAD's others."""
        sides = [self.good] * count + [self.bad] * (len(STAGES) - count)
        return walked(Spliced(sides, self.kept))

    def same_so_far(self, count: int) -> bool:
        """True where both sides hand over the same after `count` stages, as far as they have been run; no training."""
        if not 0 < count <= TRAIN:
            return False
        good, bad = self._digest(self.good, count), self._digest(self.bad, count)
        return good is not None and good == bad

    def chain(
        self, symptom: Symptom, ends: Mapping[int, Observation], tell: Any = lambda _: None
    ) -> Chain:
        """Return the chain; `ends` holds the observations of BAD (0) and GOOD (all stages); splices go to the store."""

        def row(count: int, found: Observation, how: How) -> SpliceRow:
            return SpliceRow.of(count, symptom.outcome(found), symptom.number(found), how)

        def same(count: int) -> bool:
            made = answer(
                "splices", f"{self._key}-same-{count}", lambda: {"same": self.same_so_far(count)}
            )
            return bool(made["same"])

        def make(count: int) -> SpliceRow:
            found = answer("splices", f"{self._key}-{count}", lambda: self.run(count))
            self.runs += 1
            self.cpu_seconds += found["cpu_seconds"]
            made = row(count, found, "run")
            number = "" if made.number is None else f" ({made.number:.4g})"
            tell(f"{made.sides()}: {WORDS[made.outcome]}{number}")
            return made

        both = {0: row(0, ends[0], "BAD"), LAST: row(LAST, ends[LAST], "GOOD")}
        return Chain(bisect(both, same, make), self.runs, self.cpu_seconds)

    @cached_property
    def _key(self) -> str:
        """Names both sides and what joins the stages: another splice is another answer."""
        joined = source_digest(Path(__file__).parent, (Path(__file__).name,))
        return f"{key_of(self.good)}-{key_of(self.bad)}-{joined}"

    def _digest(self, side: RunSpec, count: int) -> str | None:
        """Name what a side hands over; None where it breaks before, which its own run tells in words."""
        walk, last = Spliced([side] * len(STAGES), self.kept), STAGES[count - 1]
        walk.recording = False
        try:
            getattr(walk, OUTPUTS[last])
        except Exception:  # somebody's wrong pipeline may raise anything
            return None
        return walk.digests[last]


MADE_FROM = {
    "simulate": (),
    "split": ("simulate",),
    "group": ("split",),
    "normalize": ("group",),
    "train": ("normalize",),
    "infer": ("train", "normalize"),
    "stitch": ("infer",),
    "score": ("stitch", "split"),
}
"""Stages whose outputs a stage sees."""


class Spliced(Walk):
    """A walk each of whose stages belongs to one of the two sides."""

    def __init__(self, sides: list[RunSpec], kept: dict[tuple[str, ...], tuple[Any, str]]) -> None:
        super().__init__(_Nobody(), sides[-1].resolved.scenario)
        self.sides, self.kept = sides, kept
        self.digests: dict[str, str] = {}

    def work(self, name: str, *given: Any) -> Any:
        """Run a stage as its side would, or return what it made of the same before."""
        side = self.sides[STAGES.index(name)]
        key = (name, str(id(side)), *(self.digests[stage] for stage in MADE_FROM[name]))
        if key not in self.kept:
            with applied_once(*side.faults):
                made = getattr(side.make_pipeline(), name)(side.resolved.scenario, *given)
                if name == "train":  # its graph is traced under the faults of its own side
                    made.predict(made.weights, given[0].test)
            # What was trained is known by its side and data: two sides' networks differ by more than their weights.
            self.kept[key] = (made, "/".join(key) if name == "train" else digest_of(made))
        made, self.digests[name] = self.kept[key]
        return made


class _Nobody(ReferencePipeline):
    """Stands where a walk names its pipeline; no stage of it is called."""

    name = "spliced"


def digest_of(made: Any) -> str:
    """Return a name of what a stage made: equal for equal arrays and numbers, wherever they came from."""
    digest = hashlib.sha256()
    _feed(digest, made)
    return digest.hexdigest()[:16]


def _feed(digest: Any, made: Any) -> None:
    if isinstance(made, BaseModel):
        made = {name: getattr(made, name) for name in type(made).model_fields}
    elif is_dataclass(made):
        made = [getattr(made, part.name) for part in fields(made)]
    if isinstance(made, np.ndarray):
        digest.update(array_digest(made).encode())
    elif isinstance(made, dict):
        for key in sorted(made):
            digest.update(str(key).encode())
            _feed(digest, made[key])
    elif isinstance(made, list | tuple):
        for part in made:
            _feed(digest, part)
    else:
        digest.update(repr(made).encode())

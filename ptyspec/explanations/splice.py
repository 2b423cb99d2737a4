"""GOOD's stages 1 to k and BAD's from there on, over the contracts that stages hand over (protocol.py).

Each stage sees the scenario of its own side and, while it runs, the faults of its own side alone. `Trained.predict` is
a closure that GOOD's or BAD's training made and that inference calls: the network is what was trained, so its graph is
traced right after training under that side's faults; how it is used (batches, what is done with the patches) belongs
to the side that infers, whose faults are active then.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

from ptyspec.contracts.bundles import array_digest
from ptyspec.contracts.stages import STAGES
from ptyspec.experiments.observe import Observation, forget_models, key_of, walked
from ptyspec.explanations.explanation import ChainRow, SpliceRow
from ptyspec.explanations.search import Outcome, Run, Symptom
from ptyspec.faults.apply import applied_once
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.run_spec import RunSpec
from ptyspec.runs.store import answer, source_digest
from ptyspec.runs.walk import OUTPUTS, Walk

LAST, TRAIN = len(STAGES), STAGES.index("train")


@dataclass
class Splicer:
    """Makes spliced runs of two sides; what a stage made is kept, so that no training is done twice."""

    good: RunSpec
    bad: RunSpec
    kept: dict[tuple[str, ...], tuple[Any, str]] = field(default_factory=dict)
    """What a stage made, and its digest, by stage, side and the digests of what it was made from."""

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

    def chain(self, symptom: Symptom, bad: Run, good: Run, tell: Callable[[str], None]) -> ChainRow:
        """Return the chain between both ends; splices go to the store."""

        def same(count: int) -> bool:
            key = f"{self._key}-same-{count}"
            return bool(answer("splices", key, lambda: {"same": self.same_so_far(count)})["same"])

        def make(count: int) -> Run:
            run = symptom.read(answer("splices", f"{self._key}-{count}", lambda: self.run(count)))
            tell(f"{_row(count, run).sides()}: {run.text()}")
            return run

        tell("stages: GOOD's first ones into BAD's rest")
        try:
            return bisect(bad, good, same, make)
        finally:
            self.kept.clear()
            forget_models()

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


def bisect(
    bad: Run, good: Run, same: Callable[[int], bool], make: Callable[[int], Run]
) -> ChainRow:
    """Return the first of GOOD's stages whose taking over mends BAD, which fails, and the splices that were tried.

    `same(k)` costs no training: where both sides hand over the same after k stages, that splice is BAD itself. What
    costs no training either, a swap after it, is made as well: it shows whether the verdict flips once.
    """
    made: dict[int, SpliceRow] = {}

    def outcome(count: int) -> Outcome:
        if count not in made:
            made[count] = _row(count, make(count))
        return made[count].outcome

    shared = next((count for count in range(TRAIN, 0, -1) if same(count)), 0)
    made |= {count: _row(count, bad, "same as BAD") for count in range(1, shared + 1)}
    low, high = shared, LAST
    while high - low > 1:
        middle = (low + high) / 2
        tried = sorted(range(low + 1, high), key=lambda count: (abs(count - middle), count))
        count = next((one for one in tried if outcome(one) is not Outcome.UNRESOLVED), None)
        if count is None:
            break
        low, high = (count, high) if outcome(count) is Outcome.FAIL else (low, count)
    for count in range(TRAIN + 1, LAST):
        outcome(count)
    rows = [_row(0, bad, "BAD"), *(made[count] for count in sorted(made)), _row(LAST, good, "GOOD")]
    return ChainRow(stages=STAGES[low:high], splices=tuple(rows))


def _row(count: int, run: Run, how: Any = "run") -> SpliceRow:
    return SpliceRow(outcome=run.outcome, number=run.number, good_stages=STAGES[:count], how=how)


class Spliced(Walk):
    """A walk each of whose stages belongs to one of the two sides."""

    def __init__(self, sides: list[RunSpec], kept: dict[tuple[str, ...], tuple[Any, str]]) -> None:
        # No stage of this pipeline is called: each belongs to a side.
        super().__init__(ReferencePipeline(), sides[-1].resolved.scenario)
        self.sides, self.kept = sides, kept
        self.digests: dict[str, str] = {}

    def work(self, name: str, *given: Any) -> Any:
        """Run a stage as its side would, or return what it made of the same before."""
        side = self.sides[STAGES.index(name)]
        key = (name, str(id(side)), *self.digests.values())
        if key not in self.kept:
            with applied_once(*side.faults):
                made = getattr(side.make_pipeline(), name)(side.resolved.scenario, *given)
                if name == "train":  # its graph is traced under the faults of its own side
                    made.predict(made.weights, given[0].test)
            # What was trained is known by its side and data: two sides' networks differ by more than their weights.
            self.kept[key] = (made, "/".join(key) if name == "train" else digest_of(made))
        made, self.digests[name] = self.kept[key]
        return made


def digest_of(made: Any) -> str:
    """Return a name of what a stage made: equal for equal arrays and numbers, wherever they came from."""
    if isinstance(made, BaseModel):
        made = {name: getattr(made, name) for name in type(made).model_fields}
    elif is_dataclass(made):
        made = [getattr(made, part.name) for part in fields(made)]
    if isinstance(made, np.ndarray):
        made = array_digest(made)
    elif isinstance(made, dict):
        made = [(key, digest_of(made[key])) for key in sorted(made, key=repr)]
    elif isinstance(made, list | tuple):
        made = [*map(digest_of, made)]
    return hashlib.sha256(repr(made).encode()).hexdigest()[:16]

"""What `explain` asks and finds, as explanation.json holds it: differences, causes, claims, shares."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from ptyspec.contracts.base import Record
from ptyspec.contracts.records import Number
from ptyspec.contracts.stages import STAGES, Stage
from ptyspec.explanations.search import Names, Outcome, Run, Step, Subset
from ptyspec.faults.catalogue import fault
from ptyspec.runs.run_spec import FAULT

Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]
Settled = Literal["both ways", "one way", "not confirmed"]


class SeedRun(Run):
    """A run of a claim; seed: another seed, None for the one that GOOD and BAD have."""

    seed: int | None


class ClaimRow(Record):
    """What must be seen for a cause to be believed, beside its runs."""

    way: Literal["adding", "removing", "hiding"]
    text: str
    taken_over: Names
    expected: Outcome
    holds: bool = False
    runs: tuple[SeedRun, ...] = ()


class CauseRow(Record):
    """An independent cause: a smallest set of differences that fails in GOOD."""

    members: Names
    confirmed: Settled
    claims: tuple[ClaimRow, ...]


class MaskedRow(CauseRow):
    """A cause that BAD does not show, because the maskers hide it.

    - lacking: what has to be taken out of BAD, mended of its visible causes, for the cause to show.
    """

    maskers: Names
    lacking: Names


class Difference(Record):
    """One thing in which BAD differs from GOOD, and the stages where it acts; a fault that is not active is None."""

    name: str
    good: Any
    bad: Any
    stages: tuple[Stage, ...]

    @property
    def is_fault(self) -> bool:
        """True for a fault of the catalogue."""
        return self.name.startswith(FAULT)

    def text(self) -> str:
        """Return it in words."""
        if self.is_fault:
            name = self.name.removeprefix(FAULT)
            return f"fault {name}" if self.bad else f"without fault {name}"
        return f"{self.name}: {self.good} → {self.bad}"


class SpliceRow(Run):
    """GOOD's first stages with BAD's others; how: also `same as BAD`, not run, for both hand over the same."""

    good_stages: tuple[Stage, ...]
    how: Literal["GOOD", "BAD", "run", "same as BAD"]

    def sides(self) -> str:
        """Return it in words."""
        if len(self.good_stages) in (0, len(STAGES)):
            return "GOOD" if self.good_stages else "BAD"
        return f"GOOD until {self.good_stages[-1]}, BAD from {STAGES[len(self.good_stages)]}"


class ChainRow(Record):
    """Where the symptom enters: several stages where those between could not be spliced; reason: why that was not asked."""

    stages: tuple[Stage, ...] = ()
    reason: str = ""
    splices: tuple[SpliceRow, ...] = ()


class FactorRow(Record):
    """Differences that are put in together, what the search found them to be, and their share of what all do."""

    name: str
    members: Names
    role: Literal["cause", "hidden", "hides"]
    share: Number = None


class Combination(Record):
    """The symptom's number for some of the factors; effect: what they do beyond all their smaller sets."""

    factors: Names
    number: float
    effect: float


class SharesRow(Record):
    """What the factors do together, divided among them (Shapley); scale None: not divided, for the reason.

    - ground: settings without which a factor cannot act.
    - scale: `log` where every number is positive (a share of log 0.5 halves); shares sum to `total`.
    """

    factors: tuple[FactorRow, ...]
    ground: Names
    reason: str = ""
    runs: tuple[Combination, ...] = ()
    scale: Literal["log", "difference"] | None = None
    total: Number = None


class Explanation(Record):
    """explanation.json: why BAD shows a symptom that GOOD does not.

    - status: `explained` where every cause, hidden ones among them, is confirmed both ways.
    - cause: independent causes, each the smallest set that fails in GOOD.
    - stage: where the symptom enters; None where that was not asked or is not one stage.
    - mended: differences of BAD that are left when its visible causes are taken away.
    - best_so_far: the smallest failing set, where the budget ended the search.
    - runs: by purpose (search, repeats, splices); not_cached: those that were not in the store.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    schema_version: Literal[2] = 2
    status: Literal["explained", "one way", "incomplete"]
    cause: tuple[Names, ...]
    stage: Stage | None
    good: str
    bad: str
    symptom: str
    differences: tuple[Difference, ...]
    causes: tuple[CauseRow, ...]
    masked: tuple[MaskedRow, ...]
    mended: Names
    best_so_far: Names | None
    stages: ChainRow
    shares: SharesRow | None
    runs: Mapping[str, Count]
    seconds: Seconds
    trace: tuple[Step, ...]
    notes: Names

    @cached_property
    def known(self) -> dict[Subset, Run]:
        """Every run of the search by what it took over from BAD."""
        return {frozenset(step.taken_over): step for step in self.trace}

    @property
    def whole(self) -> Subset:
        """All differences: BAD."""
        return frozenset(one.name for one in self.differences)

    def texts(self, members: Iterable[str]) -> str:
        """Return differences in words, in their order."""
        wanted = set(members)
        return ", ".join(one.text() for one in self.differences if one.name in wanted)


ACTS = {
    "object probe scan dose": "simulate",
    "split": "split",
    "grouping": "group",
    "model training": "train",
    "model.N model.probe_scale model.probe_mask model.probe_mask_diameter": "simulate",
    "model.gridsize": "group train",
    "object.images_train": "simulate split",
    "inference.batch_size": "infer",
    "inference.synchronise_phase": "stitch",
    "inference.min_coverage": "normalize stitch",
    "inference.refine inference.iterative_sweeps inference.iterative_alpha": "score",
    "seeds.object seeds.probe seeds.scan seeds.noise": "simulate",
    "seeds.split": "split",
    "seeds.grouping": "group",
    "seeds.training": "train",
}
"""Stages at which settings act: sections, and single keys that say otherwise than their section."""
STAGES_OF = {key: tuple(value.split()) for keys, value in ACTS.items() for key in keys.split()}


def differences(good: Mapping[str, Any], bad: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return what differs between two effective settings: faults first, then by stage and name."""
    found = [
        Difference(name=name, good=good.get(name), bad=bad.get(name), stages=stages_of(name))
        for name in {**good, **bad}
        if good.get(name) != bad.get(name)
    ]
    found.sort(key=lambda one: (not one.is_fault, STAGES.index(one.stages[0]), one.name))
    return tuple(found)


def stages_of(name: str) -> Any:
    """Return the stages at which a setting or a fault acts; all of them where nobody can say."""
    if name.startswith(FAULT):
        stage = fault(name.removeprefix(FAULT)).stage
        return (stage,) if stage in STAGES else STAGES
    return STAGES_OF.get(name, STAGES_OF.get(name.partition(".")[0], STAGES))


def settings_with(
    good: Mapping[str, Any], deltas: Iterable[Difference], subset: Subset
) -> dict[str, Any]:
    """Return GOOD's settings with these differences taken over from BAD."""
    return {**good, **{delta.name: delta.bad for delta in deltas if delta.name in subset}}


def acting_at(deltas: Sequence[Difference], stage: str) -> list[str]:
    """Return the names of what acts at one stage; those that may act anywhere are not told apart by it."""
    return [delta.name for delta in deltas if stage in delta.stages and delta.stages != STAGES]

"""What `explain` found, as explanation.json holds it; the story and its picture are made from it alone."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from ptyspec.contracts.base import Record
from ptyspec.contracts.records import Number
from ptyspec.contracts.stages import STAGES, Stage
from ptyspec.explanations.plan import Outcome, Subset
from ptyspec.runs.run_spec import FAULT

Names = tuple[str, ...]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]
Settled = Literal["both ways", "one way", "not confirmed"]
Role = Literal["cause", "hidden", "hides"]
How = Literal["GOOD", "BAD", "run", "same as BAD"]


class Run(Record):
    """How one run ended, and the symptom's number."""

    outcome: Outcome
    number: Number


class SeedRun(Run):
    """A run of a claim; seed: another training seed, None for the one that GOOD and BAD have."""

    seed: int | None


class ClaimRow(Record):
    """What must be seen for a cause to be believed, beside its runs."""

    way: Literal["adding", "removing", "hiding"]
    text: str
    taken_over: Names
    expected: Outcome
    holds: bool
    runs: tuple[SeedRun, ...]


class CauseRow(Record):
    """An independent cause: a smallest set of differences that fails in GOOD."""

    members: Names
    alone: Run | None
    confirmed: Settled
    claims: tuple[ClaimRow, ...]


class MaskedRow(CauseRow):
    """A cause that BAD does not show, because the maskers hide it.

    - lacking: what has to be taken out of BAD, mended of its visible causes, for the cause to show.
    """

    maskers: Names
    with_maskers: Run | None
    lacking: Names = ()


class Difference(Record):
    """One thing in which BAD differs from GOOD; a fault that is not active has the value None.

    - stages: where it acts. left_out: BAD mended of its visible causes, without this one.
    """

    name: str
    good: Any
    bad: Any
    stages: tuple[Stage, ...]
    alone: Run | None = None
    left_out: Run | None = None

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
    bad_stages: tuple[Stage, ...]
    how: How

    @staticmethod
    def of(count: int, outcome: Outcome, number: float | None, how: How) -> SpliceRow:
        """Return the row of GOOD's first `count` stages."""
        sides: Any = {"good_stages": STAGES[:count], "bad_stages": STAGES[count:]}
        return SpliceRow(outcome=outcome, number=number, how=how, **sides)

    def sides(self) -> str:
        """Return it in words."""
        if not self.good_stages or not self.bad_stages:
            return "GOOD" if self.good_stages else "BAD"
        return f"GOOD until {self.good_stages[-1]}, BAD from {self.bad_stages[0]}"


class ChainRow(Record):
    """Where the symptom enters: several stages where those between could not be spliced; reason: why that was not asked."""

    stages: tuple[Stage, ...] = ()
    reason: str = ""
    splices: tuple[SpliceRow, ...] = ()


class FactorRow(Record):
    """Differences that are put in together, and what the search found them to be."""

    name: str
    members: Names
    role: Role


class FactorRun(Record):
    """The symptom's number for one combination of the factors."""

    factors: Names
    number: float


class Interaction(Record):
    """What factors do beyond all their smaller sets."""

    factors: Names
    effect: float


class SharesRow(Record):
    """What the factors do together, divided among them (Shapley); scale None: not divided, for the reason.

    - ground: settings without which a factor cannot act.
    - scale: `log` where every number is positive (a share of log 0.5 halves); shares sum to `total`.
    """

    factors: tuple[FactorRow, ...]
    ground: Names
    reason: str = ""
    runs: tuple[FactorRun, ...] = ()
    scale: Literal["log", "difference"] | None = None
    total: Number = None
    share: dict[str, float] = Field(default_factory=dict)
    interactions: tuple[Interaction, ...] = ()

    def taken_over(self, names: Iterable[str]) -> Subset:
        """Return the differences of a combination of factors, the ground among them."""
        wanted = set(names)
        parts = (one.members for one in self.factors if one.name in wanted)
        return frozenset(self.ground).union(*parts)


class Spent(Record):
    """Runs by purpose; one_at_a_time: what trying each difference by itself would take."""

    search: Count
    repeats: Count
    splices: Count
    not_cached: Count
    one_at_a_time: Count


class Step(Run):
    """One run of the search."""

    run: Count
    taken_over: Names
    why: str


class Explanation(Record):
    """explanation.json: why BAD shows a symptom that GOOD does not.

    - status: `explained` where every cause, hidden ones among them, is confirmed both ways.
    - cause: independent causes, each the smallest set that fails in GOOD.
    - stage: where the symptom enters; None where that was not asked or is not one stage.
    - number, limit: what the symptom compares with what, where it is one comparison of a number.
    - mended: differences of BAD that are left when its visible causes are taken away.
    - best_so_far: the smallest failing set, where the budget ended the search.
    - cpu_seconds: of the runs when they were made, cached ones among them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    schema_version: Literal[1] = 1
    status: Literal["explained", "one way", "incomplete"]
    cause: tuple[Names, ...]
    stage: Stage | None
    good: str
    bad: str
    symptom: str
    number: str = ""
    limit: Number = None
    differences: tuple[Difference, ...]
    causes: tuple[CauseRow, ...]
    masked: tuple[MaskedRow, ...]
    mended: Names = ()
    best_so_far: Names | None
    stages: ChainRow
    shares: SharesRow | None
    runs: Spent
    seconds: Seconds
    cpu_seconds: Seconds
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

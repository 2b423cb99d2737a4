"""explanation.json: the whole trace of a search, its headline on top."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ptyspec.contracts.base import Record
from ptyspec.contracts.records import Number
from ptyspec.contracts.stages import STAGES, Stage
from ptyspec.explanations.causes import Cause, Masked
from ptyspec.explanations.claims import Evidence, Settled, Way
from ptyspec.explanations.explanation import Explanation, Status
from ptyspec.explanations.plan import Outcome, Subset

Names = tuple[str, ...]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]


class Run(Record):
    """How one run ended, and the symptom's number."""

    outcome: Outcome
    number: Number


class SeedRun(Run):
    """A run of a claim; seed: another training seed, None for the one that GOOD and BAD have."""

    seed: int | None


class ClaimRow(Record):
    """What must be seen for a cause to be believed, beside its runs."""

    way: Way
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
    """A cause that BAD does not show, because the maskers hide it."""

    maskers: Names
    with_maskers: Run | None


class Difference(Record):
    """One thing in which BAD differs from GOOD.

    - left_out: BAD mended of its visible causes, without this one.
    """

    name: str
    good: Any
    bad: Any
    stages: tuple[Stage, ...]
    alone: Run | None
    left_out: Run | None


class SpliceRow(Run):
    """GOOD's first stages with BAD's others."""

    good_stages: tuple[Stage, ...]
    bad_stages: tuple[Stage, ...]
    how: Literal["GOOD", "BAD", "run", "same as BAD"]


class ChainRow(Record):
    """Where the symptom enters; reason: why that was not asked."""

    stages: tuple[Stage, ...] = ()
    reason: str
    splices: tuple[SpliceRow, ...] = ()


class FactorRow(Record):
    """Differences that are put in together."""

    name: str
    members: Names
    role: Literal["cause", "hidden", "hides"]


class FactorRun(Record):
    """The symptom's number for one combination of the factors."""

    factors: Names
    number: float


class Interaction(Record):
    """What factors do beyond all their smaller sets."""

    factors: Names
    effect: float


class SharesRow(Record):
    """What the factors do together, divided among them (Shapley); scale None: not divided, for the reason."""

    factors: tuple[FactorRow, ...]
    ground: Names
    reason: str
    runs: tuple[FactorRun, ...]
    scale: Literal["log", "difference"] | None = None
    total: Number = None
    share: dict[str, float] = Field(default_factory=dict)
    interactions: tuple[Interaction, ...] = ()


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


class ExplanationFile(Record):
    """explanation.json: why BAD shows a symptom that GOOD does not.

    - cause: independent causes, each the smallest set that fails in GOOD.
    - stage: where the symptom enters; None where that was not asked or is not one stage.
    - best_so_far: the smallest failing set, where the budget ended the search.
    """

    schema_version: Literal[1] = 1
    status: Status
    cause: tuple[Names, ...]
    stage: Stage | None
    good: str
    bad: str
    symptom: str
    differences: tuple[Difference, ...]
    causes: tuple[CauseRow, ...]
    masked: tuple[MaskedRow, ...]
    best_so_far: Names | None
    stages: ChainRow
    shares: SharesRow | None
    runs: Spent
    seconds: Seconds
    cpu_seconds: Seconds
    trace: tuple[Step, ...]
    notes: Names


def document(found: Explanation) -> ExplanationFile:
    """Return the explanation as the document that is written."""
    spent, ask = found.spent, found.question
    return ExplanationFile.model_validate(
        {
            "status": found.status,
            "cause": [cause.members for cause in found.findings.causes],
            "stage": None if found.chain is None else found.chain.stage,
            "good": ask.good,
            "bad": ask.bad,
            "symptom": ask.symptom,
            "differences": _differences(found),
            "causes": [_cause(found, cause) for cause in found.findings.causes],
            "masked": [_cause(found, masked) for masked in found.findings.masked],
            "best_so_far": None if found.best is None else sorted(found.best),
            "stages": _chain(found),
            "shares": _shares(found),
            "runs": {
                "search": spent.runs,
                "repeats": spent.repeats,
                "splices": spent.splices,
                "not_cached": spent.made,
                "one_at_a_time": 2 * len(found.deltas),
            },
            "seconds": round(spent.seconds, 2),
            "cpu_seconds": round(spent.cpu_seconds, 2),
            "trace": [
                {
                    "run": step.number,
                    "taken_over": sorted(step.subset),
                    "outcome": step.outcome,
                    "number": found.numbers.get(step.subset),
                    "why": step.why,
                }
                for step in found.steps
            ],
            "notes": found.notes,
        }
    )


def _run(found: Explanation, subset: Subset) -> dict[str, Any] | None:
    if subset not in found.outcomes:
        return None
    return {"outcome": found.outcomes[subset], "number": found.numbers.get(subset)}


def _differences(found: Explanation) -> list[dict[str, Any]]:
    # Differences are left out of BAD mended of its visible causes.
    mended = found.findings.repaired or frozenset()
    return [
        {
            "name": one.name,
            "good": one.good,
            "bad": one.bad,
            "stages": one.stages,
            "alone": _run(found, frozenset({one.name})),
            "left_out": _run(found, mended - {one.name}) if one.name in mended else None,
        }
        for one in found.deltas
    ]


def _cause(found: Explanation, named: Cause | Masked) -> dict[str, Any]:
    row = {
        "members": named.members,
        "alone": _run(found, frozenset(named.members)),
        "confirmed": found.settled(named),
        "claims": [_claim(one) for one in found.evidence.get(named.members, ())],
    }
    if isinstance(named, Masked):
        together = frozenset((*named.members, *named.maskers))
        row |= {"maskers": named.maskers, "with_maskers": _run(found, together)}
    return row


def _claim(one: Evidence) -> dict[str, Any]:
    return {
        "way": one.claim.way,
        "text": one.claim.text,
        "taken_over": sorted(one.claim.subset),
        "expected": one.claim.expected,
        "holds": one.holds,
        "runs": [
            {"seed": seed, "outcome": outcome, "number": number}
            for seed, outcome, number in one.runs
        ],
    }


def _chain(found: Explanation) -> dict[str, Any]:
    chain = found.chain
    if chain is None:
        return {"reason": found.chain_reason}
    splices = [
        {
            "good_stages": STAGES[: one.count],
            "bad_stages": STAGES[one.count :],
            "outcome": one.outcome,
            "number": one.number,
            "how": one.how,
        }
        for one in chain.splices.values()
    ]
    return {"stages": chain.stages, "reason": found.chain_reason, "splices": splices}


def _shares(found: Explanation) -> dict[str, Any] | None:
    made = found.factorial
    if made is None:
        return None
    row: dict[str, Any] = {
        "factors": [
            {"name": one.name, "members": sorted(one.members), "role": one.role}
            for one in made.factors
        ],
        "ground": sorted(made.ground),
        "reason": made.reason,
        "runs": [{"factors": sorted(part), "number": value} for part, value in made.values.items()],
    }
    if made.shares is not None:
        beyond = made.shares.interactions.items()
        row |= {
            "scale": made.shares.scale,
            "total": made.shares.total,
            "share": dict(made.shares.share),
            "interactions": [{"factors": part, "effect": effect} for part, effect in beyond],
        }
    return row

"""From what an investigation has found to the explanation that is written and told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ptyspec.contracts.stages import STAGES
from ptyspec.explanations.causes import Cause, Findings, Masked
from ptyspec.explanations.claims import Evidence, exposing, settled
from ptyspec.explanations.deltas import Delta
from ptyspec.explanations.drive import Step
from ptyspec.explanations.explanation import Explanation
from ptyspec.explanations.factors import Factorial
from ptyspec.explanations.plan import Outcome, Subset
from ptyspec.explanations.stages import Chain


@dataclass(frozen=True)
class Question:
    """What is asked: names of both sides, the symptom as written, its number's path and limit where it has one."""

    good: str
    bad: str
    symptom: str
    path: str = ""
    limit: float | None = None


@dataclass(frozen=True)
class Results:
    """Everything that was found between GOOD and BAD; the numbers are the symptom's, by subset."""

    deltas: Sequence[Delta]
    chain: Chain | None
    chain_reason: str
    findings: Findings
    evidence: Mapping[tuple[str, ...], tuple[Evidence, ...]]
    factorial: Factorial | None
    steps: Sequence[Step]
    outcomes: Mapping[Subset, Outcome]
    numbers: Mapping[Subset, float | None]
    best: Subset | None
    """The smallest failing subset so far, where the budget ended the search before a cause was proven."""


def explanation(ask: Question, found: Results, *, complete: bool, **spent: Any) -> Explanation:
    """Return the explanation; `spent`: its fields `runs`, `seconds` and `cpu_seconds`."""
    causes = [_cause(found, cause) for cause in found.findings.causes]
    masked = [_cause(found, one) for one in found.findings.masked]
    proven = all(one["confirmed"] == "both ways" for one in (*causes, *masked))
    looked = f"The budget ended the search while it looked for {found.findings.stage}."
    return Explanation.model_validate(
        {
            "status": "incomplete" if not complete else "explained" if proven else "one way",
            "cause": [cause.members for cause in found.findings.causes],
            "stage": found.chain and found.chain.stage,
            "good": ask.good,
            "bad": ask.bad,
            "symptom": ask.symptom,
            "number": ask.path,
            "limit": ask.limit,
            "differences": _differences(found),
            "causes": causes,
            "masked": masked,
            "mended": sorted(found.findings.repaired or ()),
            "best_so_far": None if found.best is None else sorted(found.best),
            "stages": _chain(found),
            "shares": _shares(found.factorial),
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
            "notes": [] if complete else [looked],
            **spent,
        }
    )


def _run(found: Results, subset: Subset) -> dict[str, Any] | None:
    if subset not in found.outcomes:
        return None
    return {"outcome": found.outcomes[subset], "number": found.numbers.get(subset)}


def _differences(found: Results) -> list[dict[str, Any]]:
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


def _cause(found: Results, named: Cause | Masked) -> dict[str, Any]:
    evidence = found.evidence.get(named.members, ())
    row: dict[str, Any] = {
        "members": named.members,
        "alone": _run(found, frozenset(named.members)),
        "confirmed": settled(evidence),
        "claims": [_claim(one) for one in evidence],
    }
    if isinstance(named, Masked):
        together = frozenset((*named.members, *named.maskers))
        row |= {"maskers": named.maskers, "with_maskers": _run(found, together)}
        row["lacking"] = exposing(named, found.findings, found.outcomes)[1]
    return row


def _claim(one: Evidence) -> dict[str, Any]:
    runs = [
        {"seed": seed, "outcome": outcome, "number": number} for seed, outcome, number in one.runs
    ]
    return {
        "way": one.claim.way,
        "text": one.claim.text,
        "taken_over": sorted(one.claim.subset),
        "expected": one.claim.expected,
        "holds": one.holds,
        "runs": runs,
    }


def _chain(found: Results) -> dict[str, Any]:
    if found.chain is None:
        return {"reason": found.chain_reason}
    splices = [
        {
            "good_stages": STAGES[: one.count],
            "bad_stages": STAGES[one.count :],
            "outcome": one.outcome,
            "number": one.number,
            "how": one.how,
        }
        for one in found.chain.splices.values()
    ]
    return {"stages": found.chain.stages, "reason": found.chain_reason, "splices": splices}


def _shares(found: Factorial | None) -> dict[str, Any] | None:
    if found is None:
        return None
    row: dict[str, Any] = {
        "factors": [
            {"name": one.name, "members": sorted(one.members), "role": one.role}
            for one in found.factors
        ],
        "ground": sorted(found.ground),
        "reason": found.reason,
        "runs": [{"factors": sorted(part), "number": one} for part, one in found.values.items()],
    }
    if found.shares is not None:
        beyond = found.shares.interactions.items()
        row |= {
            "scale": found.shares.scale,
            "total": found.shares.total,
            "share": dict(found.shares.share),
            "interactions": [{"factors": part, "effect": effect} for part, effect in beyond],
        }
    return row

"""What `explain` found: frozen, complete, and as JSON; story and figures are made from it alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ptyspec.explain.causes import Cause, Findings, Masked
from ptyspec.explain.claims import Evidence, Settled, settled
from ptyspec.explain.deltas import Delta
from ptyspec.explain.drive import Step
from ptyspec.explain.factors import Factorial
from ptyspec.explain.plan import Outcome, Subset
from ptyspec.explain.stages import Chain

SCHEMA_VERSION = 1
Status = Literal["explained", "one way", "incomplete"]


@dataclass(frozen=True)
class Question:
    """What is asked: names of both sides, the symptom as written, its number's path and limit where it has one."""

    good: str
    bad: str
    symptom: str
    path: str = ""
    limit: float | None = None


@dataclass(frozen=True)
class Spent:
    """What it took; CPU seconds are those of the runs when they were made, cached ones among them."""

    runs: int
    repeats: int
    splices: int
    made: int
    """Runs, repeats among them, that were not in the store."""
    seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class Explanation:
    """Everything that was found between GOOD and BAD.

    - numbers: what the symptom's number was, by subset; outcomes the same.
    - best: the smallest failing subset so far, where the budget ended the search before a cause was proven.
    """

    question: Question
    deltas: tuple[Delta, ...]
    chain: Chain | None
    chain_reason: str
    findings: Findings
    evidence: Mapping[tuple[str, ...], tuple[Evidence, ...]]
    factorial: Factorial | None
    steps: Sequence[Step]
    outcomes: Mapping[Subset, Outcome]
    numbers: Mapping[Subset, float | None]
    complete: bool
    best: Subset | None
    spent: Spent
    notes: tuple[str, ...] = field(default=())

    @property
    def whole(self) -> Subset:
        """All differences: BAD."""
        return frozenset(delta.name for delta in self.deltas)

    @property
    def status(self) -> Status:
        """`explained`: every cause, hidden ones among them, is confirmed both ways."""
        if not self.complete:
            return "incomplete"
        named: list[Cause | Masked] = [*self.findings.causes, *self.findings.masked]
        return "explained" if all(self.settled(one) == "both ways" for one in named) else "one way"

    def settled(self, named: Cause | Masked) -> Settled:
        """Return how far a cause is confirmed."""
        return settled(self.evidence.get(named.members, ()))

    def number(self, *names: str) -> float | None:
        """Return the symptom's number with these differences taken over."""
        return self.numbers.get(frozenset(names))

    def as_json(self) -> dict[str, Any]:
        """Return the trace as JSON values, its headline on top."""
        return {
            "schema_version": SCHEMA_VERSION,
            "status": self.status,
            "cause": [list(cause.members) for cause in self.findings.causes],
            "stage": None if self.chain is None else self.chain.stage,
            "good": self.question.good,
            "bad": self.question.bad,
            "symptom": self.question.symptom,
            "differences": [self._delta(delta) for delta in self.deltas],
            "causes": [self._cause(cause) for cause in self.findings.causes],
            "masked": [self._masked(masked) for masked in self.findings.masked],
            "best_so_far": None if self.best is None else sorted(self.best),
            "stages": self._chain(),
            "shares": self._shares(),
            "runs": {
                "search": self.spent.runs,
                "repeats": self.spent.repeats,
                "splices": self.spent.splices,
                "not_cached": self.spent.made,
                "one_at_a_time": 2 * len(self.deltas),
            },
            "seconds": round(self.spent.seconds, 2),
            "cpu_seconds": round(self.spent.cpu_seconds, 2),
            "trace": [self._step(step) for step in self.steps],
            "notes": list(self.notes),
        }

    def _delta(self, delta: Delta) -> dict[str, Any]:
        alone, out = frozenset({delta.name}), self._reference() - {delta.name}
        return {
            "name": delta.name,
            "good": delta.good,
            "bad": delta.bad,
            "stages": list(delta.stages),
            "alone": self._run(alone),
            "left_out": self._run(out) if delta.name in self._reference() else None,
        }

    def _reference(self) -> Subset:
        """What differences are left out of: BAD mended of its visible causes."""
        return self.findings.repaired or frozenset()

    def _run(self, subset: Subset) -> dict[str, Any] | None:
        if subset not in self.outcomes:
            return None
        return {"outcome": self.outcomes[subset].value, "number": self.numbers.get(subset)}

    def _cause(self, cause: Cause) -> dict[str, Any]:
        return {
            "members": list(cause.members),
            "alone": self._run(frozenset(cause.members)),
            **self._proof(cause),
        }

    def _masked(self, masked: Masked) -> dict[str, Any]:
        together = frozenset((*masked.members, *masked.maskers))
        return {
            "members": list(masked.members),
            "maskers": list(masked.maskers),
            "alone": self._run(frozenset(masked.members)),
            "with_maskers": self._run(together),
            **self._proof(masked),
        }

    def _proof(self, named: Cause | Masked) -> dict[str, Any]:
        return {
            "confirmed": self.settled(named),
            "claims": [one.as_json() for one in self.evidence.get(named.members, ())],
        }

    def _chain(self) -> dict[str, Any]:
        if self.chain is None:
            return {"stages": [], "reason": self.chain_reason, "splices": []}
        splices = [splice.as_json() for splice in self.chain.splices.values()]
        return {"stages": list(self.chain.stages), "reason": self.chain_reason, "splices": splices}

    def _shares(self) -> dict[str, Any] | None:
        made = self.factorial
        if made is None:
            return None
        found = made.shares
        return {
            "factors": [
                {"name": one.name, "members": sorted(one.members), "role": one.role}
                for one in made.factors
            ],
            "ground": sorted(made.ground),
            "reason": made.reason,
            "runs": [
                {"factors": sorted(part), "number": value} for part, value in made.values.items()
            ],
            "scale": None if found is None else found.scale,
            "total": None if found is None else found.total,
            "share": {} if found is None else dict(found.share),
            "interactions": []
            if found is None
            else [
                {"factors": list(part), "effect": effect}
                for part, effect in found.interactions.items()
            ],
        }

    def _step(self, step: Step) -> dict[str, Any]:
        return {
            "run": step.number,
            "taken_over": sorted(step.subset),
            "outcome": step.outcome.value,
            "number": self.numbers.get(step.subset),
            "why": step.why,
        }

"""Judge one hypothesis: by running, or from what is committed; record it; check that the record still stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptyspec.experiments import registry
from ptyspec.experiments.documents import ContrastRow, Effect, JudgementFile, ScopeTexts
from ptyspec.experiments.errors import EvidenceError
from ptyspec.experiments.gather import Watch, gather
from ptyspec.experiments.history import Entry, append, history
from ptyspec.experiments.hypothesis import Hypothesis
from ptyspec.experiments.instrument import digest_of, instrument
from ptyspec.experiments.records import Evidence, digest, read_evidence, write_evidence
from ptyspec.experiments.scope import lists
from ptyspec.experiments.verdict import Verdict, verdict

AGAIN = 1e-9
"""Relative difference that arithmetic of another machine may leave in a number of the history."""


@dataclass(frozen=True)
class Judgement:
    """A hypothesis, the evidence, and what follows."""

    hypothesis: Hypothesis
    evidence: Evidence
    verdict: Verdict

    def facts(self) -> dict[str, Any]:
        """Return what an entry of the history says of it."""
        main = self.verdict.main
        found = main.interval
        return {
            "date": self.evidence.made,
            "verdict": self.verdict.verdict,
            "reason": self.verdict.reason,
            "effect": found and found.value,
            "low": found and found.low,
            "high": found and found.high,
            "unit": main.unit,
            "margin": main.margin,
            "n": main.n,
            "p": self.verdict.p,
            "evidence": digest(self.evidence.model_dump(mode="json")),
            "hypothesis": digest(self.hypothesis.model_dump(mode="json")),
            "instrument": instrument(self.hypothesis),
        }

    def document(self, recorded: str = "", broken: Sequence[str] = ()) -> JudgementFile:
        """Return the judgement as a document, its headline on top."""
        said = self.verdict
        return JudgementFile(
            verdict=said.verdict,
            id=self.hypothesis.id,
            claim=self.hypothesis.claim,
            reason=said.reason,
            blocked_by=said.blocked_by,
            effect=Effect.of(said.main),
            margin=said.main.margin,
            margin_source=self.hypothesis.margin_source,
            n=said.main.n,
            needed_n=said.needed_n,
            p=said.p,
            contrasts=tuple(map(ContrastRow.of, said.contrasts)),
            controls=tuple(map(ContrastRow.of, said.controls)),
            scope=ScopeTexts(**lists(self.evidence.scope)),
            clauses=self.hypothesis.clauses,
            instrument=digest_of(instrument(self.hypothesis)),
            recorded=recorded,
            broken=tuple(broken),
        )


def judge(
    name: str,
    place: Path | None = None,
    *,
    processes: int = 2,
    progress: Watch | None = None,
    fresh: bool = False,
) -> Judgement:
    """Judge by running what is not in the store yet; `fresh`: everything."""
    found = registry.hypothesis(name, place)
    evidence = gather(found, processes=processes, progress=progress, fresh=fresh)
    return Judgement(found, evidence, verdict(found, evidence))


def from_evidence(name: str, place: Path | None = None) -> Judgement:
    """Judge what is committed, and run nothing; raises EvidenceError where there is nothing that fits."""
    found = registry.hypothesis(name, place)
    evidence = read_evidence(place or registry.folder(), found)
    return Judgement(found, evidence, verdict(found, evidence))


def record(judgement: Judgement, place: Path | None = None, why: str = "") -> Entry | None:
    """Write the evidence and add the verdict to the history; None where the last entry says the same of the same.

    Evidence that gives the same numbers as the committed one leaves it as it is, whatever its date.
    """
    place = place or registry.folder()
    history(place, judgement.hypothesis.id)  # refused before anything is written
    kept = _unchanged(judgement, place)
    if kept is not None:
        judgement = Judgement(judgement.hypothesis, kept, judgement.verdict)
    else:
        write_evidence(place, judgement.evidence)
    return append(place, judgement.hypothesis.id, judgement.facts(), why)


def standing(name: str, place: Path | None = None, *, rerun: bool | None = None) -> list[str]:
    """Return what keeps the last entry of the history from being what the evidence gives now; empty where it stands.

    A cheap hypothesis is run again as well, unless `rerun` says otherwise.
    """
    place = place or registry.folder()
    said = registry.hypothesis(name, place)
    entries = history(place, name)
    if not entries:
        return [f"{name} has no verdict yet: ptyspec judge {name} --record"]
    last, now = entries[-1], from_evidence(name, place)
    found = _differences(last, now.facts(), f"{name}, from its evidence")
    for what in ("evidence", "hypothesis"):
        if getattr(last, what) != now.facts()[what]:
            found.append(
                f"{name}: the {what} is not the one that was judged: ptyspec judge {name} --record"
            )
    if rerun if rerun is not None else said.cost == "cheap":
        again = judge(name, place).verdict
        if again.verdict != last.verdict:
            found.append(f"{name}, run again: {again.verdict}, not {last.verdict}: {again.reason}")
    return found


def _unchanged(judgement: Judgement, place: Path) -> Evidence | None:
    try:
        former = read_evidence(place, judgement.hypothesis)
    except EvidenceError:
        return None
    return former if _numbers(former) == _numbers(judgement.evidence) else None


def _numbers(evidence: Evidence) -> object:
    rows = [row.model_dump(mode="json", exclude={"seconds"}) for row in evidence.rows]
    return rows, evidence.scope.model_dump(mode="json")


def _differences(last: Entry, facts: dict[str, Any], where: str) -> list[str]:
    found = [
        f"{where}: {key} {facts[key]}, and the history says {getattr(last, key)}"
        for key in ("verdict", "n")
        if getattr(last, key) != facts[key]
    ]
    for key in ("effect", "low", "high"):
        recorded, now = getattr(last, key), facts[key]
        if (recorded is None) != (now is None) or (
            recorded is not None and not math.isclose(recorded, now, rel_tol=AGAIN, abs_tol=AGAIN)
        ):
            found.append(f"{where}: {key} {now}, and the history says {recorded}")
    return found

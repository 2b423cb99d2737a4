"""Judge one hypothesis: by running, or from what is committed; record it; check that the record still stands."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ptyspec.experiments import registry
from ptyspec.experiments.documents import ContrastRow, Effect, Judged, JudgementFile, ScopeTexts
from ptyspec.experiments.errors import EvidenceError
from ptyspec.experiments.gather import Watch, gather
from ptyspec.experiments.history import Entry, append, history
from ptyspec.experiments.hypothesis import Hypothesis
from ptyspec.experiments.instrument import instrument
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
        said, main = self.verdict, self.verdict.main
        effect = Effect.of(main)
        return {
            "date": self.evidence.made,
            "verdict": said.verdict,
            "reason": said.reason,
            "effect": effect.value,
            **{name: getattr(effect, name) for name in ("low", "high", "unit")},
            "margin": main.margin,
            "n": main.n,
            "p": said.p,
            "evidence": digest(self.evidence.model_dump(mode="json")),
            "hypothesis": digest(self.hypothesis.model_dump(mode="json")),
            "instrument": instrument(self.hypothesis),
        }

    def document(self, recorded: str = "", broken: Sequence[str] = ()) -> JudgementFile:
        """Return the judgement as a document, its headline on top."""
        said, main = self.verdict, self.verdict.main
        return JudgementFile(
            **told(self.hypothesis),
            verdict=said.verdict,
            reason=said.reason,
            blocked_by=said.blocked_by,
            effect=Effect.of(main),
            margin=main.margin,
            n=main.n,
            needed_n=said.needed_n,
            p=said.p,
            contrasts=tuple(map(ContrastRow.of, said.contrasts)),
            controls=tuple(map(ContrastRow.of, said.controls)),
            scope=ScopeTexts(**lists(self.evidence.scope)),
            instrument=instrument(self.hypothesis),
            recorded=recorded,
            broken=tuple(broken),
        )


def told(hypothesis: Hypothesis) -> dict[str, Any]:
    """Return what a document says of a hypothesis whatever its verdict is."""
    shared = {*Judged.model_fields} & {*Hypothesis.model_fields} - {"scope"}
    return {name: getattr(hypothesis, name) for name in shared} | {"alpha": hypothesis.design.alpha}


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
    try:
        kept = read_evidence(place, judgement.hypothesis)
    except EvidenceError:
        kept = None
    if kept is not None and _numbers(kept) == _numbers(judgement.evidence):
        judgement = replace(judgement, evidence=kept)
    else:
        write_evidence(place, judgement.evidence)
    return append(place, judgement.hypothesis.id, judgement.facts(), why)


def _numbers(evidence: Evidence) -> object:
    return [row.model_copy(update={"seconds": None}) for row in evidence.rows], evidence.scope


def standing(name: str, place: Path | None = None, *, rerun: bool | None = None) -> list[str]:
    """Return what keeps the last entry of the history from being what the evidence gives now; empty where it stands.

    A cheap hypothesis is run again as well, unless `rerun` says otherwise.
    """
    place = place or registry.folder()
    entries = history(place, name)
    if not entries:
        return [f"{name} has no verdict yet: ptyspec judge {name} --record"]
    last, judgement = entries[-1], from_evidence(name, place)
    now = judgement.facts()
    found = [
        f"{name}, from its evidence: {key} {now[key]}, and the history says {getattr(last, key)}"
        for key in ("verdict", "n", "effect", "low", "high")
        if not _equal(getattr(last, key), now[key])
    ]
    found += [
        f"{name}: the {what} is not the one that was judged: ptyspec judge {name} --record"
        for what in ("evidence", "hypothesis")
        if getattr(last, what) != now[what]
    ]
    if rerun if rerun is not None else judgement.hypothesis.cost == "cheap":
        again = judge(name, place).verdict
        if again.verdict != last.verdict:
            found.append(f"{name}, run again: {again.verdict}, not {last.verdict}: {again.reason}")
    return found


def _equal(recorded: Any, now: Any) -> bool:
    if isinstance(recorded, float) and isinstance(now, float):
        return math.isclose(recorded, now, rel_tol=AGAIN, abs_tol=AGAIN)
    return bool(recorded == now)

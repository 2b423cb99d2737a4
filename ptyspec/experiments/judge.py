"""Judge one hypothesis, by running or from what is committed; record it; check that the record stands; all at a glance.

The board runs nothing. Verdicts that stand side by side are corrected by Holm for the number of hypotheses, open ones
among them: the more are looked at, the more of them come out by chance. One that does not survive is shown as OPEN; its
own history keeps what its own evidence gave.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ptyspec
from ptyspec.errors import PtyspecError
from ptyspec.experiments import registry
from ptyspec.experiments.gather import gather, lists
from ptyspec.experiments.hypothesis import Hypothesis
from ptyspec.experiments.observe import Watch
from ptyspec.experiments.records import (
    Board,
    BoardRow,
    ContrastRow,
    Effect,
    Entry,
    Evidence,
    Judged,
    JudgementFile,
    RunValue,
    ScopeTexts,
    append,
    digest,
    history,
    read_evidence,
)
from ptyspec.experiments.registry import EvidenceError, HistoryError
from ptyspec.experiments.verdict import (
    CONFIRMED,
    OPEN,
    RULED_OUT,
    Missing,
    Verdict,
    value_of,
    verdict,
)
from ptyspec.files.jsonfile import write_json
from ptyspec.runs.store import source_digest

ROOT = Path(ptyspec.__file__).parent


def instrument(hypothesis: Hypothesis) -> dict[str, str]:
    """Return the digest of each part of what measures and judges, so that a later verdict can say what changed.

    `statistics`, and the `probe` or what observes a run (`observation`).
    """
    judges = ("hypothesis.py", "intervals.py", "verdict.py")
    parts = {"statistics": source_digest(ROOT / "experiments", judges)}
    if hypothesis.probe is None:
        parts["observation"] = source_digest(ROOT, ("experiments/observe.py", "scores"))
    else:
        module = hypothesis.probe.partition(":")[0]
        parts["probe"] = source_digest(ROOT / "experiments" / "observations", (f"{module}.py",))
    return parts


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
        said, own = self.document(), ("verdict", "reason", "margin", "n", "p", "instrument")
        return {
            "date": self.evidence.made,
            "effect": said.effect.value,
            **{name: getattr(said.effect, name) for name in ("low", "high", "unit")},
            **{name: getattr(said, name) for name in own},
            "evidence": digest(self.evidence.model_dump(mode="json")),
            "hypothesis": digest(self.hypothesis.model_dump(mode="json")),
        }

    def document(self, recorded: str = "", broken: Sequence[str] = ()) -> JudgementFile:
        """Return the judgement as a document, its headline on top."""
        said, main = self.verdict, self.verdict.main
        return JudgementFile(
            **told(self.hypothesis),
            **{name: getattr(said, name) for name in ("verdict", "reason", "blocked_by")},
            **{name: getattr(said, name) for name in ("needed_n", "p")},
            **{name: getattr(main, name) for name in ("margin", "n")},
            effect=Effect.of(main),
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
        path = place / "evidence" / f"{judgement.evidence.id}.json"
        path.parent.mkdir(exist_ok=True)
        write_json(path, judgement.evidence)
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
    now, found = judgement.facts(), []
    for key in ("verdict", "n", "effect", "low", "high"):
        one, other = now[key], getattr(last, key)
        floats = isinstance(one, float) and isinstance(other, float)
        if not (math.isclose(other, one, rel_tol=AGAIN, abs_tol=AGAIN) if floats else one == other):
            found.append(f"{name}, from its evidence: {key} {one}, and the history says {other}")
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


VERDICTS = (CONFIRMED, RULED_OUT, OPEN)


def board(*places: Path) -> Board:
    """Return every hypothesis, sorted by id, and how many have each verdict.

    One without evidence that fits is OPEN and says so. Raises HypothesisError for a file that is none and HistoryError
    for a history that was altered.
    """
    folders = places or (registry.folder(),)
    rows = [_row(name, place) for place in folders for name in registry.names(place)]
    rows.sort(key=lambda row: row.id)
    adjusted = holm({row.id: 1.0 if row.verdict == OPEN else row.p or 0.0 for row in rows})
    for at, row in enumerate(rows):
        if row.verdict == OPEN:
            continue
        update: dict[str, Any] = {"adjusted_p": (p := adjusted[row.id])}
        if not p <= row.alpha:
            reason = (
                f"{row.verdict} by itself, not beside {len(rows) - 1} other hypotheses (Holm: "
                f"p {p:.2g} of {row.alpha:g}): more pairs"
            )
            update |= {"reason": reason, "verdict": OPEN, "blocked_by": "holm"}
        rows[at] = row.model_copy(update=update)
    counts = {name: sum(row.verdict == name for row in rows) for name in VERDICTS}
    return Board.model_validate({"verdicts": counts, "hypotheses": rows})


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values that may be compared with alpha side by side (Holm 1979), by the same names."""
    ordered = sorted(p_values, key=lambda name: p_values[name])
    found, largest = {}, 0.0
    for place, name in enumerate(ordered):
        largest = max(largest, min(1.0, (len(ordered) - place) * p_values[name]))
        found[name] = largest
    return found


def _row(name: str, place: Path) -> BoardRow:
    past = history(place, name)
    judged: dict[str, Any] = {"verdict": OPEN, "blocked_by": "evidence"}
    try:
        judgement = from_evidence(name, place)
        document = judgement.document()
        judged = {key: getattr(document, key) for key in Judged.model_fields}
        judged["records"] = [
            RunValue(
                **{name: getattr(row, name) for name in ("seed", "arm", "key", "outcome")},
                value=None if isinstance(value, Missing) else value,
            )
            for row in judgement.evidence.rows
            for value in [value_of(row, judgement.hypothesis.observable)]
        ]
    except HistoryError:
        raise
    except PtyspecError as error:
        judged |= told(registry.hypothesis(name, place)) | {"reason": error.message}
    return BoardRow(**judged, history=past, file=f"specs/hypotheses/{name}.toml")

"""All hypotheses at a glance: verdict, effect, interval, scope, history; from what is committed, running nothing.

Verdicts that stand side by side are corrected by Holm for the number of hypotheses, open ones among them: the more are
looked at, the more of them come out by chance. One that does not survive is shown as OPEN; its own history keeps what its own evidence gave.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ptyspec.errors import PtyspecError
from ptyspec.experiments import registry
from ptyspec.experiments.documents import Board, BoardRow, Judged, RunValue
from ptyspec.experiments.errors import HistoryError
from ptyspec.experiments.history import history
from ptyspec.experiments.judge import Judgement, from_evidence, told
from ptyspec.experiments.measured import Missing, value_of
from ptyspec.experiments.verdict import CONFIRMED, OPEN, RULED_OUT

VERDICTS = (CONFIRMED, RULED_OUT, OPEN)


def board(place: Path | None = None) -> Board:
    """Return every hypothesis, sorted by id, and how many have each verdict.

    One without evidence that fits is OPEN and says so. Raises HypothesisError for a file that is none and HistoryError
    for a history that was altered.
    """
    place = place or registry.folder()
    rows = [_row(name, place) for name in registry.names(place)]
    adjusted = holm({row.id: 1.0 if row.verdict == OPEN else row.p or 0.0 for row in rows})
    rows = [row if row.verdict == OPEN else _beside_others(row, adjusted) for row in rows]
    counts = {name: sum(row.verdict == name for row in rows) for name in VERDICTS}
    return Board.model_validate({"verdicts": counts, "hypotheses": rows})


def _beside_others(row: BoardRow, adjusted: Mapping[str, float]) -> BoardRow:
    p = adjusted[row.id]
    if p <= row.alpha:
        return row.model_copy(update={"adjusted_p": p})
    reason = (
        f"{row.verdict} by itself, not beside {len(adjusted) - 1} other hypotheses (Holm: "
        f"p {p:.2g} of {row.alpha:g}): more pairs"
    )
    update = {"adjusted_p": p, "reason": reason, "verdict": OPEN, "blocked_by": "holm"}
    return row.model_copy(update=update)


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
        judged["records"] = _records(judgement)
    except HistoryError:
        raise
    except PtyspecError as error:
        judged |= told(registry.hypothesis(name, place)) | {"reason": error.message}
    return BoardRow(**judged, history=past, file=f"specs/hypotheses/{name}.toml")


def _records(judgement: Judgement) -> tuple[RunValue, ...]:
    """Return the observable of every run, None where it gave none."""
    rows = []
    for row in judgement.evidence.rows:
        value = value_of(row, judgement.hypothesis.observable)
        number = None if isinstance(value, Missing) else value
        kept = {name: getattr(row, name) for name in ("seed", "arm", "key", "outcome")}
        rows.append(RunValue(**kept, value=number))
    return tuple(rows)

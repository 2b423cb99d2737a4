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
from ptyspec.experiments.errors import HistoryError
from ptyspec.experiments.history import Entry, history
from ptyspec.experiments.instrument import digest_of
from ptyspec.experiments.judge import Judgement, from_evidence
from ptyspec.experiments.measured import Missing, value_of
from ptyspec.experiments.verdict import CONFIRMED, OPEN, RULED_OUT

SCHEMA_VERSION = 1
DECIDED = (CONFIRMED, RULED_OUT)


def board(place: Path | None = None) -> list[dict[str, Any]]:
    """Return a row of JSON values for each hypothesis, sorted by id.

    One without evidence that fits is OPEN and says so. Raises HypothesisError for a file that is none and HistoryError
    for a history that was altered.
    """
    place = place or registry.folder()
    rows = [_row(name, place) for name in registry.names(place)]
    adjusted = holm({row["id"]: row["p"] if row["verdict"] in DECIDED else 1.0 for row in rows})
    for row in rows:
        row["adjusted_p"] = adjusted[row["id"]] if row["verdict"] in DECIDED else None
        if row["adjusted_p"] is not None and row["adjusted_p"] > row["alpha"]:
            row["reason"] = (
                f"{row['verdict']} by itself, not beside {len(adjusted) - 1} other hypotheses (Holm: "
                f"p {row['adjusted_p']:.2g} of {row['alpha']:g}): more pairs"
            )
            row["verdict"], row["blocked_by"] = OPEN, "holm"
    return rows


def as_json(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the board as one document, how many of each verdict on top."""
    counts = {name: sum(row["verdict"] == name for row in rows) for name in (*DECIDED, OPEN)}
    return {"schema_version": SCHEMA_VERSION, "verdicts": counts, "hypotheses": rows}


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Return p-values that may be compared with alpha side by side (Holm 1979), by the same names."""
    ordered = sorted(p_values, key=lambda name: p_values[name])
    found, largest = {}, 0.0
    for place, name in enumerate(ordered):
        largest = max(largest, min(1.0, (len(ordered) - place) * p_values[name]))
        found[name] = largest
    return found


def _row(name: str, place: Path) -> dict[str, Any]:
    said = registry.hypothesis(name, place)
    entries = [_entry(one) for one in history(place, name)]
    shared = {
        "id": said.id,
        "title": said.title,
        "claim": said.claim,
        "story": said.story,
        "cost": said.cost,
        "alpha": said.design.alpha,
        "history": entries,
        "clauses": list(said.clauses),
        "supersedes": list(said.supersedes),
        "related": list(said.related),
        "file": f"specs/hypotheses/{name}.toml",
    }
    try:
        return shared | _judged(from_evidence(name, place))
    except HistoryError:
        raise
    except PtyspecError as error:
        return shared | _not_judged(error.message)


def _judged(found: Judgement) -> dict[str, Any]:
    told = found.as_json()
    kept = (
        "verdict",
        "reason",
        "blocked_by",
        "effect",
        "margin",
        "margin_source",
        "n",
        "needed_n",
        "p",
        "scope",
        "contrasts",
        "controls",
    )
    return {key: told[key] for key in kept} | {"records": _records(found)}


def _not_judged(reason: str) -> dict[str, Any]:
    empty = {"value": None, "low": None, "high": None, "unit": "", "factor": None}
    return {
        "verdict": OPEN,
        "reason": reason,
        "blocked_by": "evidence",
        "effect": empty,
        "margin": None,
        "margin_source": "",
        "n": 0,
        "needed_n": None,
        "p": None,
        "scope": {"varied": [], "held": [], "not_exercised": []},
        "contrasts": [],
        "controls": [],
        "records": [],
    }


def _records(found: Judgement) -> list[dict[str, Any]]:
    """Return the observable of every run, None where it gave none."""
    rows = []
    for row in found.evidence.rows:
        value = value_of(row, found.hypothesis.observable)
        number = None if isinstance(value, Missing) else value
        rows.append(
            {
                "seed": row.seed,
                "arm": row.arm,
                "value": number,
                "key": row.key,
                "outcome": row.outcome,
            }
        )
    return rows


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "date": entry.date,
        "verdict": entry.verdict,
        "reason": entry.reason,
        "effect": entry.effect,
        "low": entry.low,
        "high": entry.high,
        "n": entry.n,
        "supersedes": entry.supersedes,
        "changed": list(entry.changed),
        "why": entry.why,
        "instrument": digest_of(entry.instrument),
        "digest": entry.digest,
    }

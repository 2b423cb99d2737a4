"""campaign.json: a row a fault, and what follows from them for clauses, stages and suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from ptyspec.contracts.base import Record
from ptyspec.contracts.stages import STAGES
from ptyspec.errors import ConfigError
from ptyspec.faults.catalogue import fault, names
from ptyspec.faults.fault import Fault
from ptyspec.spec.clause import Clause

Status = Literal["killed", "survived", "invalid", "timeout", "infrastructure"]
Mode = Literal["full", "quick"]
Tier = Literal["contract", "parity"]
WAY = ("settings", "files", *STAGES, "run", "evidence")
"""The way of the data: declared, read, the eight stages, kept, concluded from."""


class Row(Record):
    """One fault in the matrix.

    - reason: why it is neither killed nor survived; empty otherwise.
    - mode: quick where only the cases of its declared clauses ran.
    - reached: cases that came through one of its seams.
    - red: the clauses that went red, with the cases that did it.
    - missed, blind_red: clauses that should have gone red and did not, and the other way round.
    """

    id: str
    stage: str
    story: str
    status: Status
    reason: str = ""
    mode: Mode = "full"
    reached: int = 0
    red: Mapping[str, tuple[str, ...]] = {}
    declared_red: tuple[str, ...]
    declared_green: tuple[str, ...]
    first_red_stage: str | None = None
    missed: tuple[str, ...]
    blind_red: tuple[str, ...]
    seconds: float = 0.0

    @property
    def valid(self) -> bool:
        """Whether it was applied and reached."""
        return self.status in ("killed", "survived")


class Seen(Record):
    """How a clause was seen red: the fault, the case that noticed, and what the case said."""

    fault: str
    case: str
    said: str


class ClauseLine(Record):
    """The faults that a clause catches; `kill_rate`: among the valid ones that declare it red."""

    id: str
    level: Literal["MUST", "SHOULD", "MAY"]
    place: str
    cases: int
    killed_by: tuple[str, ...]
    kill_rate: float | None
    seen: Seen | None = None


class StageLine(Record):
    """Kill rate and localisation of the faults of one place."""

    stage: str
    valid: int
    killed: int
    kill_rate: float | None
    localised: float | None


class Campaign(Record):
    """A finished campaign; shares are between 0 and 1, null where there is nothing to divide by.

    - status: a violation where a fault survived, a clause's colour is not the declared one, or
      cases fail without a fault; incomplete where a fault could not be judged.
    - localised: among killed faults that ran whole, those whose first red clause names their stage.
    - specificity: among the clauses that valid faults must leave green, those that stayed green.
    - vacuous: clauses with a case here that no fault turned red.
    """

    schema_version: Literal[2] = 2
    status: Literal["ok", "violation", "incomplete"]
    kill_rate: float | None
    tier: Tier
    mode: Mode
    localised: float | None
    specificity: float | None
    survivors: tuple[str, ...]
    blind_red: Mapping[str, tuple[str, ...]]
    missed: Mapping[str, tuple[str, ...]]
    must_clauses_without_a_kill: tuple[str, ...]
    vacuous: tuple[str, ...]
    failing_without_a_fault: tuple[str, ...]
    stages: tuple[StageLine, ...]
    clauses: tuple[ClauseLine, ...]
    faults: tuple[Row, ...]


def row(
    one: Fault,
    red: Mapping[str, Sequence[str]],
    bound: Mapping[str, int],
    clauses: Mapping[str, Clause],
    **told: Any,
) -> Row:
    """Return the row of a fault; `bound` says how many cases each clause has here, `told` the rest of the row."""
    return Row(
        id=one.id,
        stage=one.stage,
        story=one.story,
        red={name: tuple(cases) for name, cases in red.items()},
        declared_red=one.red,
        declared_green=one.green,
        first_red_stage=_first_stage(red, bound, clauses),
        missed=tuple(name for name in one.red if name not in red),
        blind_red=tuple(name for name in one.green if name in red),
        **told,
    )


def _first_stage(
    red: Mapping[str, Sequence[str]], bound: Mapping[str, int], clauses: Mapping[str, Clause]
) -> str | None:
    """Where a reader of the red clauses is sent, from them alone: None where nothing went red.

    Along the way of the data, the place of the first clause of which more than half of the cases
    went red; where no clause is that red, of the first that went red at all. (A case of an early
    stage may walk through later ones to look at it: one red case among many says little about its
    own stage.)
    """
    mostly = [name for name, cases in red.items() if 2 * len(cases) > bound.get(name, 0)]
    places = {clauses[name].place for name in mostly or red if name in clauses}
    return next((place for place in WAY if place in places), None)


def judged(
    tier: Tier,
    rows: Sequence[Row],
    clauses: Mapping[str, Clause],
    bound: Mapping[str, int],
    unclean: Sequence[str] = (),
    seen: Mapping[str, Seen] | None = None,
) -> Campaign:
    """Return the campaign that these rows make, held against the specification."""
    here = [clauses[name] for name in clauses if name in bound]
    lines = tuple(_clause(one, rows, bound[one.id], (seen or {}).get(one.id)) for one in here)
    vacuous = tuple(line.id for line in lines if not line.killed_by)
    killed, valid = [one for one in rows if one.red], [one for one in rows if one.valid]
    stays = [name not in one.red for one in valid for name in one.declared_green if name in bound]
    missed = {one.id: tuple(name for name in one.missed if name in bound) for one in killed}
    missed = {name: found for name, found in missed.items() if found}
    blind = {one.id: one.blind_red for one in rows if one.blind_red}
    wrong = len(killed) < len(valid) or blind or missed or unclean
    return Campaign(
        status="violation" if wrong else "incomplete" if len(valid) < len(rows) else "ok",
        kill_rate=_share([bool(one.red) for one in valid]),
        tier=tier,
        mode="full" if all(one.mode == "full" for one in rows) else "quick",
        localised=_localised(killed),
        specificity=_share(stays),
        survivors=tuple(one.id for one in valid if not one.red),
        blind_red=blind,
        missed=missed,
        must_clauses_without_a_kill=tuple(n for n in vacuous if clauses[n].level == "MUST"),
        vacuous=vacuous,
        failing_without_a_fault=tuple(unclean),
        stages=tuple(_stage(place, [one for one in valid if one.stage == place]) for place in WAY),
        clauses=lines,
        faults=tuple(rows),
    )


def _clause(clause: Clause, rows: Sequence[Row], cases: int, seen: Seen | None) -> ClauseLine:
    declared = [one for one in rows if one.valid and clause.id in one.declared_red]
    return ClauseLine(
        id=clause.id,
        level=clause.level,
        place=clause.place,
        cases=cases,
        killed_by=tuple(one.id for one in rows if clause.id in one.red),
        kill_rate=_share([clause.id in one.red for one in declared]),
        seen=seen,
    )


def _stage(place: str, valid: Sequence[Row]) -> StageLine:
    killed = [one for one in valid if one.red]
    return StageLine(
        stage=place,
        valid=len(valid),
        killed=len(killed),
        kill_rate=_share([bool(one.red) for one in valid]),
        localised=_localised(killed),
    )


def _localised(killed: Sequence[Row]) -> float | None:
    """A quick row is left out: only its declared clauses were looked at."""
    return _share([one.first_red_stage == one.stage for one in killed if one.mode == "full"])


def _share(holds: Sequence[bool]) -> float | None:
    return sum(holds) / len(holds) if holds else None


def merged(now: Campaign, former: Campaign, clauses: Mapping[str, Clause]) -> Campaign:
    """Return the campaign with the rows of a former one, for faults that it does not hold itself.

    Rows come in order of their ids; faults that have left the catalogue are left out. The campaign
    is full where every row is; what failed without a fault in either stays named. Raises
    ConfigError for a campaign of another tier.
    """
    check_tier(former, now.tier)
    stays = set(names()).difference(one.id for one in now.faults)
    bound = {line.id: line.cases for line in (*former.clauses, *now.clauses)}
    told = {"status", "reason", "mode", "reached", "seconds"}
    kept = [
        row(fault(one.id), one.red, bound, clauses, **one.model_dump(include=told))
        for one in former.faults
        if one.id in stays
    ]
    seen = {line.id: line.seen for line in now.clauses if line.seen} | {
        line.id: line.seen for line in former.clauses if line.seen and line.seen.fault in stays
    }
    rows = sorted([*now.faults, *kept], key=lambda one: one.id)
    unclean = dict.fromkeys([*former.failing_without_a_fault, *now.failing_without_a_fault])
    return judged(now.tier, rows, clauses, bound, tuple(unclean), seen)


def seen_in(campaigns: Sequence[Campaign]) -> dict[str, Seen]:
    """Return how each clause was seen red: what the first campaign tells that saw it."""
    lines = [line for campaign in reversed(campaigns) for line in campaign.clauses]
    return {line.id: line.seen for line in lines if line.seen}


def check_tier(former: Campaign, tier: str) -> None:
    """Raise ConfigError unless a former campaign is of this tier: another one ran other cases."""
    if former.tier != tier:
        raise ConfigError(
            "only campaigns of one tier can be merged",
            value=f"--tier {tier}",
            limit=f"the folder holds {former.tier}",
            source="--merge",
            next_step=f"--tier {former.tier}, or another folder",
        )

"""What a campaign found: a row a fault, and what follows from the rows for clauses, stages and the suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ptyspec.contracts.stages import STAGES
from ptyspec.errors import ConfigError
from ptyspec.faults.catalogue import fault, names
from ptyspec.faults.fault import Fault
from ptyspec.spec.clause import Clause

SCHEMA_VERSION = 1
Status = Literal["killed", "survived", "invalid", "timeout", "infrastructure"]
Mode = Literal["full", "quick"]
WAY = ("settings", "files", *STAGES, "run", "evidence")
"""The way of the data: what is declared, what is read, the eight stages, what is kept, what is concluded from it."""


@dataclass(frozen=True)
class Row:
    """One fault in the matrix."""

    fault: Fault
    status: Status
    reason: str
    """Why it is neither killed nor survived; empty otherwise."""
    reached: int
    """Cases that came through one of its seams."""
    red: Mapping[str, Sequence[str]]
    """Clauses that went red, and the cases that did it."""
    seconds: float
    to_first: float | None
    """Seconds of cases until the first red one."""
    mode: Mode = "full"
    """quick: it ran only the cases of the clauses that it declares red or green."""

    @property
    def blind(self) -> list[str]:
        """Clauses that should have stayed green and did not."""
        return [name for name in self.fault.green if name in self.red]

    @property
    def missed(self) -> list[str]:
        """Clauses that should have gone red and did not."""
        return [name for name in self.fault.red if name not in self.red]


@dataclass(frozen=True)
class Result:
    """A finished campaign."""

    tier: str
    rows: tuple[Row, ...]
    clauses: Mapping[str, Clause]
    bound: Mapping[str, int]
    """Clauses that have cases here, and how many."""
    unclean: tuple[str, ...]
    """Cases that fail without any fault."""
    mode: Mode = "full"

    def of(self, status: Status) -> list[Row]:
        """Return the faults of one status."""
        return [row for row in self.rows if row.status == status]

    @property
    def valid(self) -> list[Row]:
        """Faults that were applied and reached."""
        return [*self.of("killed"), *self.of("survived")]

    @property
    def kill_rate(self) -> float | None:
        """Killed among valid faults."""
        return _share(len(self.of("killed")), len(self.valid))

    def first_stage(self, row: Row) -> str | None:
        """Return where a reader of the red clauses is sent, from them alone: None where nothing went red.

        Along the way of the data, the place of the first clause of which more than half of the cases went red; where
        no clause is that red, of the first that went red at all. (A case of an early stage may walk through later ones
        to look at it: one red case among many says little about its own stage.)
        """
        mostly = [
            name for name, cases in row.red.items() if 2 * len(cases) > self.bound.get(name, 0)
        ]
        places = {self.clauses[name].place for name in mostly or row.red if name in self.clauses}
        return next((place for place in WAY if place in places), None)

    @property
    def localised(self) -> float | None:
        """Among killed faults, those whose first red clause names their stage.

        Faults that ran quickly are left out: only their declared clauses were looked at.
        """
        return self.localised_at(None)

    def localised_at(self, stage: str | None) -> float | None:
        """Return the same of the faults of one stage; None: of all."""
        told = [
            row
            for row in self.of("killed")
            if row.mode == "full" and stage in (None, row.fault.stage)
        ]
        return _share(sum(self.first_stage(row) == row.fault.stage for row in told), len(told))

    @property
    def specificity(self) -> float | None:
        """Among pairs of a valid fault and a clause that it must leave green and that has cases here: those green."""
        pairs = [
            (row, name) for row in self.valid for name in row.fault.green if name in self.bound
        ]
        return _share(sum(name not in row.red for row, name in pairs), len(pairs))

    @property
    def missed(self) -> dict[str, list[str]]:
        """Declared red clauses that have cases here and stayed green, by fault."""
        found = {
            row.fault.id: [name for name in row.missed if name in self.bound]
            for row in self.of("killed")
        }
        return {name: clauses for name, clauses in found.items() if clauses}

    def kills(self) -> dict[str, list[str]]:
        """Return, for every clause that has cases here, the faults that turned it red."""
        here = [name for name in self.clauses if name in self.bound]
        return {name: [row.fault.id for row in self.rows if name in row.red] for name in here}

    @property
    def vacuous(self) -> list[str]:
        """Clauses with a case here that no fault turned red."""
        return [name for name, faults in self.kills().items() if not faults]

    @property
    def unkilled(self) -> list[str]:
        """MUST clauses among the vacuous ones."""
        return [name for name in self.vacuous if self.clauses[name].level == "MUST"]

    @property
    def redundant(self) -> list[list[str]]:
        """Groups of clauses that went red under exactly the same faults: evidence that stands more than once."""
        same: dict[tuple[str, ...], list[str]] = {}
        for name, faults in self.kills().items():
            if faults:
                same.setdefault(tuple(faults), []).append(name)
        return [names for names in same.values() if len(names) > 1]

    @property
    def status(self) -> Literal["ok", "violation", "incomplete"]:
        """A violation: a fault survived, a clause's colour is not the declared one, or cases fail without a fault."""
        if (
            self.of("survived")
            or any(row.blind for row in self.rows)
            or self.missed
            or self.unclean
        ):
            return "violation"
        return "incomplete" if len(self.valid) < len(self.rows) else "ok"

    def as_json(self) -> dict[str, Any]:
        """Return the campaign as JSON values, its headline on top."""
        return {
            "schema_version": SCHEMA_VERSION,
            "status": self.status,
            "kill_rate": self.kill_rate,
            "tier": self.tier,
            "mode": self.mode,
            "localised": self.localised,
            "specificity": self.specificity,
            "survivors": [row.fault.id for row in self.of("survived")],
            "not_judged": {row.fault.id: row.status for row in self.rows if row not in self.valid},
            "blind_red": {row.fault.id: row.blind for row in self.rows if row.blind},
            "missed": self.missed,
            "must_clauses_without_a_kill": self.unkilled,
            "vacuous": self.vacuous,
            "redundant": self.redundant,
            "failing_without_a_fault": list(self.unclean),
            "stages": _stages(self),
            "clauses": _clauses(self),
            "faults": [_row(row, self) for row in self.rows],
        }


def merged(found: Result, content: Mapping[str, Any]) -> Result:
    """Return the campaign with the rows of a former one's campaign.json, for faults that it does not hold itself.

    Rows come in order of their ids; faults that have left the catalogue are left out. The campaign is full where every row
    is; what failed without a fault in either stays named. Raises ConfigError for a campaign of another tier.
    """
    check_tier(content, found.tier)
    own = {row.fault.id for row in found.rows}
    others = [
        Row(
            fault(row["id"]),
            row["status"],
            row["reason"],
            row["reached"],
            row["red"],
            row["seconds"],
            row["seconds_to_first_red"],
            row["mode"],
        )
        for row in content["faults"]
        if row["id"] in set(names()) - own
    ]
    bound = {line["id"]: line["cases"] for line in content["clauses"]} | dict(found.bound)
    rows = tuple(sorted([*found.rows, *others], key=lambda row: row.fault.id))
    unclean = tuple(dict.fromkeys([*content["failing_without_a_fault"], *found.unclean]))
    mode: Mode = "full" if all(row.mode == "full" for row in rows) else "quick"
    return replace(found, rows=rows, bound=bound, unclean=unclean, mode=mode)


def check_tier(content: Mapping[str, Any], tier: str) -> None:
    """Raise ConfigError unless a campaign.json is of this tier: another one ran other cases."""
    if content["tier"] != tier:
        raise ConfigError(
            "only campaigns of one tier can be merged",
            value=f"--tier {tier}",
            limit=f"the folder holds {content['tier']}",
            source="--merge",
            next_step=f"--tier {content['tier']}, or another folder",
        )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _stages(found: Result) -> list[dict[str, Any]]:
    """Kill rate and localisation of the faults of each place."""
    lines = []
    for place in WAY:
        valid = [row for row in found.valid if row.fault.stage == place]
        killed = [row for row in valid if row.status == "killed"]
        lines.append(
            {
                "stage": place,
                "valid": len(valid),
                "killed": len(killed),
                "kill_rate": _share(len(killed), len(valid)),
                "localised": found.localised_at(place),
            }
        )
    return lines


def _clauses(found: Result) -> list[dict[str, Any]]:
    """Which faults each clause catches; `kill_rate` is among the valid faults that declare it red."""
    lines = []
    for name, faults in found.kills().items():
        declared = [row.fault.id for row in found.valid if name in row.fault.red]
        clause = found.clauses[name]
        lines.append(
            {
                "id": name,
                "level": clause.level,
                "place": clause.place,
                "cases": found.bound[name],
                "killed_by": faults,
                "kills": len(faults),
                "declared": len(declared),
                "kill_rate": _share(len(set(declared) & set(faults)), len(declared)),
            }
        )
    return lines


def _row(row: Row, found: Result) -> dict[str, Any]:
    return {
        "id": row.fault.id,
        "stage": row.fault.stage,
        "story": row.fault.story,
        "status": row.status,
        "reason": row.reason,
        "mode": row.mode,
        "reached": row.reached,
        "red": {name: list(cases) for name, cases in row.red.items()},
        "declared_red": list(row.fault.red),
        "declared_green": list(row.fault.green),
        "first_red_stage": found.first_stage(row),
        "missed": row.missed,
        "blind_red": row.blind,
        "seconds": round(row.seconds, 3),
        "seconds_to_first_red": row.to_first,
    }

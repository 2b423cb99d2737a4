"""campaign.json: a row a fault, and what follows for clauses, stages and suite; the same as Markdown; seen-red.md."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from ptyspec.contracts.base import Record
from ptyspec.contracts.stages import STAGES
from ptyspec.errors import ConfigError
from ptyspec.faults.catalogue import fault, names
from ptyspec.faults.fault import Fault
from ptyspec.files.disk import atomic_file, make_folder
from ptyspec.files.jsonfile import write_json
from ptyspec.render.table import Markdown, Table, escape, show
from ptyspec.spec.clause import Clause, specification

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
    """Return the row of a fault; `bound` says how many cases each clause has here, `told` the rest of the row.

    `first_red_stage`: where a reader of the red clauses is sent, from them alone; None where nothing went red. Along
    the way of the data, the place of the first clause of which more than half of the cases went red; where no clause
    is that red, of the first that went red at all. (A case of an early stage may walk through later ones to look at
    it: one red case among many says little about its own stage.)
    """
    mostly = [name for name, cases in red.items() if 2 * len(cases) > bound.get(name, 0)]
    places = {clauses[name].place for name in mostly or red if name in clauses}
    return Row(
        id=one.id,
        stage=one.stage,
        story=one.story,
        red={name: tuple(cases) for name, cases in red.items()},
        declared_red=one.red,
        declared_green=one.green,
        first_red_stage=next((place for place in WAY if place in places), None),
        missed=tuple(name for name in one.red if name not in red),
        blind_red=tuple(name for name in one.green if name in red),
        **told,
    )


def judged(
    tier: Tier,
    rows: Sequence[Row],
    clauses: Mapping[str, Clause],
    bound: Mapping[str, int],
    unclean: Sequence[str] = (),
    seen: Mapping[str, Seen] | None = None,
) -> Campaign:
    """Return the campaign that these rows make, held against the specification."""
    lines = tuple(
        ClauseLine(
            id=name,
            level=one.level,
            place=one.place,
            cases=bound[name],
            killed_by=tuple(row.id for row in rows if name in row.red),
            kill_rate=_share(
                [name in row.red for row in rows if row.valid and name in row.declared_red]
            ),
            seen=(seen or {}).get(name),
        )
        for name, one in clauses.items()
        if name in bound
    )
    vacuous = tuple(line.id for line in lines if not line.killed_by)
    killed, valid = [one for one in rows if one.red], [one for one in rows if one.valid]
    # A quick row is left out: only its declared clauses were looked at.
    named = {one.id: one.first_red_stage == one.stage for one in killed if one.mode == "full"}
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
        localised=_share(list(named.values())),
        specificity=_share(stays),
        survivors=tuple(one.id for one in valid if not one.red),
        blind_red=blind,
        missed=missed,
        must_clauses_without_a_kill=tuple(n for n in vacuous if clauses[n].level == "MUST"),
        vacuous=vacuous,
        failing_without_a_fault=tuple(unclean),
        stages=tuple(
            StageLine(
                stage=place,
                valid=len(here),
                killed=sum(bool(one.red) for one in here),
                kill_rate=_share([bool(one.red) for one in here]),
                localised=_share([named[one.id] for one in here if one.id in named]),
            )
            for place in WAY
            for here in [[one for one in valid if one.stage == place]]
        ),
        clauses=lines,
        faults=tuple(rows),
    )


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
        what = "only campaigns of one tier can be merged"
        step = f"--tier {former.tier}, or another folder"
        limit = f"the folder holds {former.tier}"
        value = f"--tier {tier}"
        raise ConfigError(what, value=value, limit=limit, source="--merge", next_step=step)


def write_campaign(folder: Path, found: Campaign) -> Path:
    """Write campaign.json and campaign.md into `folder` and return the Markdown file."""
    make_folder(folder)
    write_json(folder / "campaign.json", found.model_dump(mode="json"))
    path = folder / "campaign.md"
    with atomic_file(path) as file:
        file.write(markdown(found).encode())
    return path


def markdown(found: Campaign, brief: bool = False) -> str:
    """Return headline, what is wrong and stages; unless `brief`, also clauses and faults."""
    quick = ", quick" if found.mode == "quick" else ""
    valid, total = sum(one.valid for one in found.faults), len(found.faults)
    where = f"The first red clause names the fault's stage for {_percent(found.localised)}. "
    summary = (
        f"{valid - len(found.survivors)} of {valid} valid faults are caught "
        f"({_percent(found.kill_rate)}). {'' if found.localised is None else where}"
        f"Of the clauses that a fault must leave alone, {_percent(found.specificity)} stayed green. "
        f"{total - valid} faults could not be judged. {len(found.vacuous)} of {len(found.clauses)} "
        "clauses with a case here went red under no fault, "
        f"{len(found.must_clauses_without_a_kill)} of them MUST."
    )
    lines = [f"# Fault campaign, {found.tier} tier{quick}: {found.status}", "", summary, ""]
    faults, clauses = found.faults, specification()
    stories = {one.id: one.story for one in faults}
    wrong: dict[str, list[tuple[str, object]]] = {
        "Survivors": [(name, stories[name]) for name in found.survivors],
        "Clauses that should have stayed green": list(found.blind_red.items()),
        "Clauses that should have gone red": list(found.missed.items()),
        "MUST clauses that no fault turned red here": [
            (name, clauses[name].title) for name in found.must_clauses_without_a_kill
        ],
        "Not judged": [(one.id, f"{one.status}: {one.reason}") for one in faults if one.reason],
        "Failing without a fault": [(case, "") for case in found.failing_without_a_fault],
    }
    tables = [
        Table(("", "what"), rows, title, numbers=False) for title, rows in wrong.items() if rows
    ]
    stages = [
        (one.stage, one.valid, one.killed, _percent(one.kill_rate), _percent(one.localised))
        for one in found.stages
        if one.valid
    ]
    head: tuple[str, ...] = ("stage", "valid faults", "caught", "rate", "stage named")
    tables.append(Table(head, stages, "Stages", numbers=False))
    if not brief:
        lines_of_clauses = [
            (one.id, one.level, one.place, one.cases, len(one.killed_by), _percent(one.kill_rate))
            for one in found.clauses
        ]
        note = "rate: caught among the faults that declare the clause red."
        head = ("clause", "level", "place", "cases", "caught faults", "rate")
        tables.append(Table(head, lines_of_clauses, "Clauses", note, numbers=False))
        head = ("fault", "stage", "state", "cases through", "red clauses", "first red")
        tables.append(Table(head, [_cells(one) for one in faults], "Faults", numbers=False))
    return "\n".join([*lines, *(line for table in tables for line in table.section())])


def _percent(share: float | None) -> str:
    return show(share, ".0%" if share in (0, 1) else ".1%").replace("%", " %")


def _cells(one: Row) -> list[object]:
    primary = sorted(one.red, key=lambda name: (name not in one.declared_red, name))
    red = ", ".join(primary[:5]) + (f" and {len(primary) - 5} more" if len(primary) > 5 else "")
    return [one.id, one.stage, one.status, one.reached, red, one.first_red_stage or "–"]


SEEN = """# Seen red

A case that cannot fail proves nothing. For each clause this page names a [fault](faults.md) that \
breaks it, the case that noticed, and what the case said. `ptyspec faults campaign` applies every \
fault; this page is made from what it left:

`ptyspec faults seen docs/campaign docs/campaign/parity > docs/seen-red.md`.
"""


def seen_page(campaigns: Sequence[Campaign]) -> str:
    """Return the page of all clauses: fault, case and message of the first that saw each red."""
    seen = seen_in(campaigns)
    documents: dict[str, list[tuple[object, ...]]] = {}
    for name, clause in specification().items():
        rows = documents.setdefault(clause.document, [])
        if one := seen.get(name):
            case = one.case.rpartition("::")[2].partition("[")[0]
            rows.append((name, one.fault, case, Markdown(escape(one.said, 260) or "–")))
    lines = [SEEN]
    head = ("clause", "fault", "case that noticed", "what it said")
    for document, rows in documents.items():
        lines += [f"## {escape(document)}", "", *Table(head, rows, numbers=False).markdown(), ""]
    never = [name for name in specification() if name not in seen]
    return "\n".join([*lines, *(["## Never seen red", "", ", ".join(never), ""] if never else [])])

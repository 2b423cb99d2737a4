"""A campaign as Markdown, and the page of how each clause was seen red."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ptyspec.faults.result import Campaign, Row, seen_in
from ptyspec.files.disk import atomic_file, make_folder
from ptyspec.files.jsonfile import write_json
from ptyspec.render.table import Markdown, Table, escape, show
from ptyspec.spec.clause import specification


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
    lines = [f"# Fault campaign, {found.tier} tier{quick}: {found.status}", "", _summary(found), ""]
    stories, clauses = {one.id: one.story for one in found.faults}, specification()
    uncaught = found.must_clauses_without_a_kill
    wrong: dict[str, list[tuple[str, object]]] = {
        "Survivors": [(name, stories[name]) for name in found.survivors],
        "Clauses that should have stayed green": list(found.blind_red.items()),
        "Clauses that should have gone red": list(found.missed.items()),
        "MUST clauses that no fault turned red here": [
            (name, clauses[name].title) for name in uncaught
        ],
        "Not judged": [
            (one.id, f"{one.status}: {one.reason}") for one in found.faults if one.reason
        ],
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
        tables.append(Table(head, [_cells(one) for one in found.faults], "Faults", numbers=False))
    return "\n".join([*lines, *(line for table in tables for line in table.section())])


def _summary(found: Campaign) -> str:
    valid, total = sum(one.valid for one in found.faults), len(found.faults)
    where = f"The first red clause names the fault's stage for {_percent(found.localised)}. "
    return (
        f"{valid - len(found.survivors)} of {valid} valid faults are caught "
        f"({_percent(found.kill_rate)}). {'' if found.localised is None else where}"
        f"Of the clauses that a fault must leave alone, {_percent(found.specificity)} stayed green. "
        f"{total - valid} faults could not be judged. {len(found.vacuous)} of {len(found.clauses)} "
        "clauses with a case here went red under no fault, "
        f"{len(found.must_clauses_without_a_kill)} of them MUST."
    )


def _percent(share: float | None) -> str:
    return show(share, ".0%" if share in (0, 1) else ".1%").replace("%", " %")


def _cells(one: Row) -> list[object]:
    primary = sorted(one.red, key=lambda name: (name not in one.declared_red, name))
    more = f" and {len(primary) - 5} more" if len(primary) > 5 else ""
    red = ", ".join(primary[:5]) + more
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

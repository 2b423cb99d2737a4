"""A campaign as Markdown and as a picture, and the page of how each clause was seen red."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ptyspec.faults.result import WAY, Campaign, Row, seen_in
from ptyspec.files.disk import make_folder
from ptyspec.files.files import atomic_file
from ptyspec.files.jsonfile import write_json
from ptyspec.render.table import markdown_table
from ptyspec.render.text import escape
from ptyspec.spec.registry import specification

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_campaign(folder: Path, found: Campaign) -> Path:
    """Write campaign.json, .md and .png into `folder` and return the Markdown file."""
    from ptyspec.render import canvas

    make_folder(folder)
    write_json(folder / "campaign.json", found.model_dump(mode="json"))
    canvas.save(picture(found), folder / "campaign.png")
    path = folder / "campaign.md"
    with atomic_file(path) as file:
        file.write((markdown(found) + "\n![clauses by faults](campaign.png)\n").encode())
    return path


def markdown(found: Campaign, brief: bool = False) -> str:
    """Return headline, what is wrong and stages; unless `brief`, also clauses and faults."""
    quick = ", quick" if found.mode == "quick" else ""
    lines = [f"# Fault campaign, {found.tier} tier{quick}: {found.status}", "", _summary(found), ""]
    stories, clauses = {one.id: one.story for one in found.faults}, specification()
    for title, rows in (
        ("Survivors", [[name, escape(stories[name])] for name in found.survivors]),
        (
            "Clauses that should have stayed green",
            [[name, ", ".join(red)] for name, red in found.blind_red.items()],
        ),
        (
            "Clauses that should have gone red",
            [[name, ", ".join(missed)] for name, missed in found.missed.items()],
        ),
        (
            "MUST clauses that no fault turned red here",
            [[name, escape(clauses[name].title)] for name in found.must_clauses_without_a_kill],
        ),
        (
            "Not judged",
            [[one.id, escape(f"{one.status}: {one.reason}")] for one in found.faults if one.reason],
        ),
        (
            "Failing without a fault",
            [[escape(case, 400), ""] for case in found.failing_without_a_fault],
        ),
    ):
        if rows:
            lines += [f"## {title}", "", *markdown_table(["", "what"], rows, numbers=False), ""]
    lines += _stages(found)
    return "\n".join(lines if brief else [*lines, *_clauses(found), *_faults(found)])


def _summary(found: Campaign) -> str:
    valid, total = sum(one.valid for one in found.faults), len(found.faults)
    where = (
        ""
        if found.localised is None
        else f"The first red clause names the fault's stage for {_percent(found.localised)}. "
    )
    return (
        f"{valid - len(found.survivors)} of {valid} valid faults are caught "
        f"({_percent(found.kill_rate)}). {where}Of the clauses that a fault must leave alone, "
        f"{_percent(found.specificity)} stayed green. {total - valid} faults could not be judged. "
        f"{len(found.vacuous)} of {len(found.clauses)} clauses with a case here went red under no "
        f"fault, {len(found.must_clauses_without_a_kill)} of them MUST."
    )


def _percent(share: float | None) -> str:
    if share is None:
        return "–"
    return f"{100 * share:.0f} %" if share in (0, 1) else f"{100 * share:.1f} %"


def _stages(found: Campaign) -> list[str]:
    head = ["stage", "valid faults", "caught", "rate", "stage named"]
    rows = [
        [
            *(one.stage, str(one.valid), str(one.killed)),
            *(_percent(one.kill_rate), _percent(one.localised)),
        ]
        for one in found.stages
        if one.valid
    ]
    return ["## Stages", "", *markdown_table(head, rows, numbers=False), ""]


def _clauses(found: Campaign) -> list[str]:
    head = ["clause", "level", "place", "cases", "caught faults", "rate"]
    rows = [
        [one.id, one.level, one.place, str(one.cases), str(one.kills), _percent(one.kill_rate)]
        for one in found.clauses
    ]
    note = "`rate`: caught among the faults that declare the clause red."
    return ["## Clauses", "", note, "", *markdown_table(head, rows, numbers=False), ""]


def _faults(found: Campaign) -> list[str]:
    head = ["fault", "stage", "state", "cases through", "red clauses", "first red", "s to first"]
    rows = [_cells(one) for one in found.faults]
    return ["## Faults", "", *markdown_table(head, rows, numbers=False), ""]


def _cells(one: Row) -> list[str]:
    primary = sorted(one.red, key=lambda name: (name not in one.declared_red, name))
    more = f" and {len(primary) - 5} more" if len(primary) > 5 else ""
    first = "–" if one.seconds_to_first_red is None else f"{one.seconds_to_first_red:.2f}"
    red = ", ".join(primary[:5]) + more
    return [
        *(one.id, one.stage, one.status, str(one.reached)),
        *(red, one.first_red_stage or "–", first),
    ]


SEEN = """# Seen red

A case that cannot fail proves nothing. For each clause this page names a [fault](faults.md) that \
breaks it, the case that noticed, and what the case said. `ptyspec faults campaign` applies every \
fault; this page is made from what it left:

`ptyspec faults seen docs/campaign docs/campaign/parity > docs/seen-red.md`.
"""


def seen_page(campaigns: Sequence[Campaign]) -> str:
    """Return the page of all clauses: fault, case and message of the first that saw each red."""
    seen = seen_in(campaigns)
    head = ["clause", "fault", "case that noticed", "what it said"]
    documents: dict[str, list[list[str]]] = {}
    for name, clause in specification().items():
        rows = documents.setdefault(clause.document, [])
        if one := seen.get(name):
            case = one.case.rpartition("::")[2].partition("[")[0]
            rows.append([escape(name), one.fault, escape(case), escape(one.said, 260) or "–"])
    lines = [SEEN]
    for document, rows in documents.items():
        lines += [f"## {escape(document)}", "", *markdown_table(head, rows, numbers=False), ""]
    never = [name for name in specification() if name not in seen]
    if never:
        lines += ["## Never seen red", "", ", ".join(never), ""]
    return "\n".join(lines)


def picture(found: Campaign) -> Figure:
    """Return the matrix: a row a fault, a column a clause, dark where it went red."""
    import numpy as np

    from ptyspec.render import canvas

    order = {place: index for index, place in enumerate(WAY)}
    rows = sorted(found.faults, key=lambda one: (order.get(one.stage, 99), one.id))
    columns = sorted(found.clauses, key=lambda line: (order[line.place], line.id))
    values = np.array([[line.id in one.red for line in columns] for one in rows], float)
    height = max(3.0, 0.16 * len(rows) + 1.5)
    figure = canvas.new_figure(12, height, "Which clauses go red under which fault")
    axes = figure.add_subplot()
    shown = values.reshape(len(rows), len(columns))
    axes.imshow(shown, aspect="auto", cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
    axes.set_yticks(range(len(rows)), [one.id for one in rows], fontsize=5)
    places = [line.place for line in columns]
    starts = [i for i, place in enumerate(places) if i == 0 or place != places[i - 1]]
    axes.set_xticks(starts, [places[i] for i in starts], fontsize=7, rotation=60, ha="left")
    axes.xaxis.tick_top()
    for start in starts:
        axes.axvline(start - 0.5, color="#b5b5b5", linewidth=0.5)
    return figure

"""A campaign as Markdown and as a picture: faults by stage, clauses by place."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ptyspec.faults.result import WAY, Result, Row
from ptyspec.files.disk import make_folder
from ptyspec.files.files import atomic_file
from ptyspec.files.jsonfile import write_json
from ptyspec.render.text import escape, table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_campaign(folder: Path, found: Result) -> Path:
    """Write campaign.json, campaign.md and campaign.png into `folder` and return the Markdown file."""
    from ptyspec.render import canvas

    make_folder(folder)
    write_json(folder / "campaign.json", found.as_json())
    canvas.save(picture(found), folder / "campaign.png")
    path = folder / "campaign.md"
    with atomic_file(path) as file:
        file.write((markdown(found) + "\n![clauses by faults](campaign.png)\n").encode())
    return path


def markdown(found: Result, brief: bool = False) -> str:
    """Return the campaign as Markdown: headline, what is wrong, stages; unless `brief`, also every clause and fault."""
    quick = ", quick" if found.mode == "quick" else ""
    lines = [f"# Fault campaign, {found.tier} tier{quick}: {found.status}", "", _summary(found), ""]
    for title, rows in (
        ("Survivors", [[row.fault.id, escape(row.fault.story)] for row in found.of("survived")]),
        (
            "Clauses that should have stayed green",
            [[row.fault.id, ", ".join(row.blind)] for row in found.rows if row.blind],
        ),
        (
            "Clauses that should have gone red",
            [[name, ", ".join(clauses)] for name, clauses in found.missed.items()],
        ),
        (
            "MUST clauses that no fault turned red here",
            [[name, escape(found.clauses[name].title)] for name in found.unkilled],
        ),
        (
            "Not judged",
            [
                [row.fault.id, escape(f"{row.status}: {row.reason}")]
                for row in found.rows
                if row.reason
            ],
        ),
        ("Failing without a fault", [[escape(case, 400), ""] for case in found.unclean]),
    ):
        if rows:
            lines += [f"## {title}", "", *table(["", "what"], rows, numbers=False), ""]
    lines += _stages(found)
    if brief:
        return "\n".join(lines)
    lines += _clauses(found)
    head = [
        "fault",
        "stage",
        "state",
        "cases through",
        "red clauses",
        "first red",
        "s to first red",
    ]
    lines += [
        "## Faults",
        "",
        *table(head, [_cells(row, found) for row in found.rows], numbers=False),
        "",
    ]
    return "\n".join(lines)


def _summary(found: Result) -> str:
    where = (
        ""
        if found.localised is None
        else f"The first red clause names the fault's stage for {_percent(found.localised)}. "
    )
    return (
        f"{len(found.of('killed'))} of {len(found.valid)} valid faults are caught ({_percent(found.kill_rate)}). {where}"
        f"Of the clauses that a fault must leave alone, {_percent(found.specificity)} stayed green. "
        f"{len(found.rows) - len(found.valid)} faults could not be judged. {len(found.vacuous)} of {len(found.bound)} clauses "
        f"with a case here went red under no fault, {len(found.unkilled)} of them MUST."
    )


def _percent(share: float | None) -> str:
    return (
        "–"
        if share is None
        else f"{100 * share:.0f} %"
        if share in (0, 1)
        else f"{100 * share:.1f} %"
    )


def _stages(found: Result) -> list[str]:
    rows = [
        [
            line["stage"],
            str(line["valid"]),
            str(line["killed"]),
            _percent(line["kill_rate"]),
            _percent(line["localised"]),
        ]
        for line in found.as_json()["stages"]
        if line["valid"]
    ]
    return [
        "## Stages",
        "",
        *table(["stage", "valid faults", "caught", "rate", "stage named"], rows, numbers=False),
        "",
    ]


def _clauses(found: Result) -> list[str]:
    rows = [
        [
            line["id"],
            line["level"],
            line["place"],
            str(line["cases"]),
            str(line["kills"]),
            _percent(line["kill_rate"]),
        ]
        for line in found.as_json()["clauses"]
    ]
    head = ["clause", "level", "place", "cases", "caught faults", "rate"]
    note = "`rate`: caught among the faults that declare the clause red."
    return ["## Clauses", "", note, "", *table(head, rows, numbers=False), ""]


def _cells(row: Row, found: Result) -> list[str]:
    primary = sorted(row.red, key=lambda name: (name not in row.fault.red, name))
    more = f" and {len(primary) - 5} more" if len(primary) > 5 else ""
    first = "–" if row.to_first is None else f"{row.to_first:.2f}"
    return [
        row.fault.id,
        row.fault.stage,
        row.status,
        str(row.reached),
        ", ".join(primary[:5]) + more,
        found.first_stage(row) or "–",
        first,
    ]


def picture(found: Result) -> Figure:
    """Return the matrix: a row a fault by stage, a column a clause by place; dark where it went red."""
    import numpy as np

    from ptyspec.render import canvas

    order = {place: at for at, place in enumerate(WAY)}
    rows = sorted(found.rows, key=lambda row: (order.get(row.fault.stage, 99), row.fault.id))
    names = sorted(
        set(found.bound) & set(found.clauses),
        key=lambda name: (order[found.clauses[name].place], name),
    )
    values = np.array([[name in row.red for name in names] for row in rows], float).reshape(
        len(rows), len(names)
    )
    figure = canvas.new_figure(
        12, max(3.0, 0.16 * len(rows) + 1.5), "Which clauses go red under which fault"
    )
    axes = figure.add_subplot()
    axes.imshow(values, aspect="auto", cmap="Greys", vmin=0, vmax=1, interpolation="nearest")
    axes.set_yticks(range(len(rows)), [row.fault.id for row in rows], fontsize=5)
    starts = [
        at
        for at, name in enumerate(names)
        if at == 0 or found.clauses[name].place != found.clauses[names[at - 1]].place
    ]
    axes.set_xticks(
        starts,
        [found.clauses[names[at]].place for at in starts],
        fontsize=7,
        rotation=60,
        ha="left",
    )
    axes.xaxis.tick_top()
    for at in starts:
        axes.axvline(at - 0.5, color="#b5b5b5", linewidth=0.5)
    return figure

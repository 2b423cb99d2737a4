"""A finished run as a person sees it: text in a terminal, HTML with pictures in a notebook, a figure."""

import base64
from collections.abc import Iterable
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from ptyspec.contracts.run import RunResult
from ptyspec.render import canvas
from ptyspec.render.canvas import views
from ptyspec.render.table import Table
from ptyspec.report import maps
from ptyspec.scores import headline as scores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ptyspec.front.run import Run

SHOWN = 4
"""Scores beside the baselines: level, structure, fine detail, phase or resolution; `Run.scores` holds all."""
COLOURS = {"right": "#2e8b57", "doubtful": "#c98a00", "wrong": "#d1495b", "incomplete": "#808080"}
BASELINES = ("network", "refined", "trivial", "untrained", "iterative")
WIDTH = 3.2
"""Inches of a panel."""
STYLE = """
.ptyspec-run { max-width: 64rem; color: inherit; }
.ptyspec-run .verdict { border-left: 0.35rem solid var(--ptyspec); padding: 0.2rem 0.8rem; margin: 0 0 0.8rem; }
.ptyspec-run table { border-collapse: collapse; color: inherit; background: transparent; }
.ptyspec-run th, .ptyspec-run td { padding: 0.15rem 0.9rem 0.15rem 0; text-align: left;
  border-bottom: 1px solid rgba(128, 128, 128, 0.4); background: transparent; }
.ptyspec-run .n { text-align: right; font-variant-numeric: tabular-nums; }
.ptyspec-run img { max-width: 100%; background: #fff; margin-top: 0.8rem; }
.ptyspec-run code { overflow-wrap: anywhere; }
"""
HTML = Markup(
    '<div class="ptyspec-run" style="--ptyspec: {colour}"><style>{style}</style>'
    '<p class="verdict"><strong>{name}</strong><br>{verdict}</p>'
    "{table}{picture}"
    "<p><code>{folder}</code></p></div>"
)


def score_table(metrics: Any) -> Table:
    """Return the network's first scores beside those of its baselines."""
    blocks = scores.blocks(metrics)
    known = [one for one in scores.columns(metrics) if one.key != "ssim"]
    network = blocks.get("network", {})
    wanted = [one for one in known if scores.lookup(network, one.path) is not None][:SHOWN]
    rows = []
    for name in (one for one in BASELINES if one in blocks):
        cells = [scores.shown(scores.lookup(blocks[name], at.path), at.digits) for at in wanted]
        rows.append((scores.NAMES[name], *cells))
    return Table(("", *(one.label for one in wanted)), rows)


def text(run: "Run") -> str:
    """Return the verdict, the scores and the folder as text."""
    head = f"{run.scenario.name}: {run.verdict.line}"
    return f"{head}\n\n{plain(score_table(run.metrics))}\n{short(run.folder)}"


def html(run: "Run") -> str:
    """Return the verdict, the scores and the pictures as HTML that needs no network, for dark and light pages."""
    verdict = run.verdict
    return HTML.format(
        colour=COLOURS[verdict.status],
        style=Markup(STYLE),
        name=run.scenario.name,
        verdict=verdict.line,
        table=score_table(run.metrics).html(),
        picture=_shown(run),
        folder=short(run.folder),
    )


def _shown(run: "Run") -> Markup:
    """The picture, or why it cannot be drawn."""
    content, why = canvas.attempt(lambda: canvas.png(run.plot()))
    if content is None:
        return Markup("<p>{}</p>").format(why)
    image = base64.b64encode(content).decode("ascii")
    return Markup('<img alt="amplitude and phase" src="data:image/png;base64,{}">').format(image)


def short(path: Path) -> str:
    """Return a path with `~` for the user's home."""
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)


def plain(*tables: Table) -> str:
    """Return tables as a terminal of 110 columns shows them, without colours."""
    from rich.console import Console

    text = StringIO()
    how: Any = {"force_terminal": False, "force_jupyter": False, "color_system": None}
    console = Console(file=text, width=110, **how)
    for table in tables:
        console.print(table.terminal())
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def headed(tables: Iterable[Table]) -> str:
    """Return tables as HTML, each under its title."""
    head = Markup("<h4>{}</h4>")
    return "".join((head.format(one.title) if one.title else "") + one.html() for one in tables)


def picture(result: RunResult) -> "Figure":
    """Draw amplitude, and phase where the object has one: the reference, the network, the trivial baseline."""
    seen = views(result)
    rows = [maps.amplitude(seen), *(() if seen.zero_phase else (maps.phase(seen),))]
    names = [name for name in ("network", "trivial") if name in seen.estimates]
    height = canvas.panel_size(seen.frame, WIDTH)
    grid = canvas.Grid(len(rows), len(names) + 1, WIDTH, height, across=0.5)
    figure, axes = grid.figure(result.resolved.scenario.name)
    for axis_row, quantity in zip(axes, rows, strict=True):
        panels = [(quantity.reference, quantity.reference_name)]
        panels += [(quantity.images[name], scores.NAMES[name]) for name in names]
        for axis, (image, title) in zip(axis_row, panels, strict=True):
            drawn = canvas.image_panel(
                axis, image, seen.frame, cmap=quantity.cmap, limits=quantity.limits, title=title
            )
            canvas.scale_bar(axis, seen.frame, seen.pixel_m)
        canvas.colour_bar(axis, drawn, quantity.unit, extend="both")  # one range for the row
    figure.__dict__["_repr_png_"] = lambda: canvas.png(figure)  # notebooks show it without pyplot
    return figure

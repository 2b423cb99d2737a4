"""The closing table of a run: scores beside their controls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ptyspec.scores import headline as scores

if TYPE_CHECKING:
    from rich.table import Table


def score_table(metrics: Mapping[str, Any]) -> Table:
    """Return the table of headline scores, the network first, one estimator a row."""
    from rich.table import Table
    from rich.text import Text

    wanted = scores.columns(metrics)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    for score in wanted:
        table.add_column(score.label, justify="right", overflow="fold")
    for name, block in scores.blocks(metrics).items():
        cells = [scores.shown(scores.lookup(block, score.path), score.digits) for score in wanted]
        table.add_row(
            Text(scores.NAMES.get(name, name)), *cells, style="bold" if name == "network" else ""
        )
    return table


def headlines(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the scores of the table as data: the network, its refinement if there is one, and the controls."""
    wanted = scores.columns(metrics)
    found = {name: scores.headline(block, wanted) for name, block in scores.blocks(metrics).items()}
    refined = found.pop("refined", None)
    return {"metrics": found.pop("network"), "refined": refined, "controls": found}

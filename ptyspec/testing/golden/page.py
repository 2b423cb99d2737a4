"""The page to look at before an approval: values old and new, their tolerances, and pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.files.files import atomic_file
from ptyspec.render import canvas
from ptyspec.render.page import Status, page
from ptyspec.render.table import Mark, Table
from ptyspec.render.text import escape
from ptyspec.testing.golden.content import Numbers, compare_numbers, read_arrays, read_numbers
from ptyspec.testing.golden.manifest import read_manifest
from ptyspec.testing.golden.proposal import Proposal, status_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEAD = ("value", "golden", "proposed", "|difference|", "of its tolerance")
SHOWN: dict[str, tuple[Status, str]] = {
    "same": ("ok", "all golden files hold"),
    "open": ("incomplete", "to be looked at"),
    "refused": ("violation", "a case fails"),
}
"""The headline of proposals as the page shows it."""


def write_page(proposals: Sequence[Proposal], golden: Path, out: Path) -> Path:
    """Write index.html below `out`, a page that needs no other file, and return its path."""
    entries = read_manifest(golden)
    lines = ["# Proposed golden files", ""]
    lines += ["Approve what is right: `ptyspec golden approve NAME --reason TEXT`", ""]
    for one in proposals:
        entry = entries.get(one.name)
        facts = {"case": one.producer, "note": one.note, "proposed in": one.environment}
        if entry:
            facts |= {"approved in": entry.environment, "approved because": entry.reason}
        lines += [f"## {escape(one.name)}: {one.status}", ""]
        lines += [f"- {what}: {escape(text, 400)}" for what, text in facts.items() if text]
        lines += ["", *(_content(one, golden / one.name, out) if one.status != "same" else ())]
    headline = status_of(proposals)
    state, word = SHOWN[headline]
    with atomic_file(out / "index.html") as file:
        file.write(page("\n".join(lines), out, state, word).encode())
    return out / "index.html"


def _content(one: Proposal, old: Path, out: Path) -> Iterator[str]:
    """What differs, as tables and pictures."""
    new = out / "new" / one.name
    if one.sha256 is None:
        return
    if new.suffix == ".json":
        numbers = read_numbers(new)
        rows = compare_numbers(read_numbers(old) if old.is_file() else Numbers({}, {}), numbers)
        cells = [
            (
                Mark(row.key, bold=not row.agrees),
                *(Mark(value, form=".9g") for value in (row.golden, row.observed, row.off)),
                Mark(
                    row.off / row.limit if row.off is not None and row.limit else None, form=".0%"
                ),
                str(numbers.tolerances.get(row.key, "exact")),
            )
            for row in rows
        ]
        yield from (*Table((*HEAD, "tolerance"), cells, numbers=HEAD[1:]).markdown(), "")
        return
    arrays = read_arrays(new)
    before = read_arrays(old) if old.is_file() else {}
    if one.differences:
        yield from ("```text", *one.differences, "```", "")
    for key, array in arrays.items():
        yield from (f"{escape(key)}: tolerance {escape(one.tolerances[key], 400)}", "")
        if array.ndim == 2 and min(array.shape) > 1:
            path = new.with_name(f"{new.stem}-{key}.png")
            canvas.save(_picture(before.get(key), array), path)
            yield from (f"![golden, proposed, difference]({path.relative_to(out).as_posix()})", "")


def _picture(old: Array | None, new: Array) -> Figure:
    """Draw old | new | difference of a 2-D array; a complex one by modulus and phase."""
    views = {"modulus": np.abs} | ({"phase": np.angle} if new.dtype.kind == "c" else {})
    figure = canvas.new_figure(9, 2.7 * len(views))
    panels = figure.subplots(len(views), 3, squeeze=False)
    for axes, (what, view) in zip(panels, views.items(), strict=True):
        images = {f"proposed, {what}": view(new)}
        both = [view(array) for array in (old, new) if array is not None and array.ndim == 2]
        low, high = canvas.value_limits(np.concatenate([image.ravel() for image in both]))
        if old is not None and old.ndim == 2:
            images = {f"golden, {what}": view(old), **images}
        if old is not None and old.shape == new.shape:
            moved = np.angle(new * old.conj()) if what == "phase" else np.abs(new - old)
            images[f"|difference|, {what}"] = np.abs(moved)
        for unused in axes[len(images) :]:
            unused.set_axis_off()
        for axis, (title, image) in zip(axes, images.items(), strict=False):
            limits = {} if title.startswith("|") else {"vmin": low, "vmax": high}
            figure.colorbar(axis.imshow(image, **limits), ax=axis)
            axis.set(title=title, xticks=[], yticks=[])
    return figure

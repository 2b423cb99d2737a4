"""The page to look at before an approval: values old and new, their tolerances, and pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.files.disk import atomic_file
from ptyspec.render import canvas
from ptyspec.render.page import Status, page
from ptyspec.render.table import escape
from ptyspec.testing.golden.content import Content, compare, read
from ptyspec.testing.golden.manifest import Entry, read_manifest
from ptyspec.testing.golden.proposal import Proposal, Proposals

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def write_page(told: Proposals, golden: Path, out: Path) -> Path:
    """Write index.html below `out`, a page that needs no other file, and return its path."""
    entries = read_manifest(golden)
    lines = ["# Proposed golden files", ""]
    lines += ["Approve what is right: `ptyspec golden approve NAME --reason TEXT`", ""]
    lines += [f"Proposed in: {escape(told.environment, 400)}", ""]
    lines += [f"- {escape(line, 400)}" for line in told.failed]
    for one in told.proposals:
        entry = entries.get(one.name)
        lines += ["", f"## {escape(one.name)}: {one.status}", "", f"- case: {escape(one.producer)}"]
        if entry:
            lines += [f"- approved in: {escape(entry.environment, 400)}"]
            lines += [f"- approved because: {escape(entry.reason, 400)}"]
        if one.status in ("new", "changed"):
            lines += ["", *_content(one, golden / one.name, entry, out)]
    with atomic_file(out / "index.html") as file:
        status: Status = "violation" if told.failed else "incomplete" if told.open else "ok"
        file.write(page("\n".join(lines), out, status, told.status).encode())
    return out / "index.html"


def _content(one: Proposal, old: Path, entry: Entry | None, out: Path) -> Iterator[str]:
    """What was observed beside what is golden, line by line, and pictures."""
    path = out / "new" / one.name
    new, before = read(path, one.tolerances), Content({}, {})
    if old.is_file():
        before = read(old, entry.tolerances if entry else {})
    yield from ("```text", *map(str, compare(before, new)), "```", "")
    for key, array in new.values.items():
        if np.ndim(array) == 2 and min(array.shape) > 1:
            picture = path.with_name(f"{path.stem}-{key}.png")
            canvas.save(_picture(before.values.get(key), array), picture)
            place = picture.relative_to(out).as_posix()
            yield from (f"![golden, proposed, difference]({place})", "")


def _picture(old: Array | None, new: Array) -> Figure:
    """Draw old | new | difference of a 2-D array; a complex one by modulus and phase."""
    views = {"modulus": np.abs} | ({"phase": np.angle} if new.dtype.kind == "c" else {})
    figure = canvas.new_figure(9, 2.7 * len(views))
    for axes, (what, view) in zip(
        figure.subplots(len(views), 3, squeeze=False), views.items(), strict=True
    ):
        images = {f"proposed, {what}": view(new)}
        if old is not None and old.shape == new.shape:
            images |= {f"golden, {what}": view(old), f"{what} of the difference": view(new - old)}
        for axis, (title, image) in zip(axes, images.items(), strict=False):
            figure.colorbar(axis.imshow(image), ax=axis)
            axis.set(title=title, xticks=[], yticks=[])
    return figure

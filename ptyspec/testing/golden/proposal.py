"""Proposals: what cases observed, kept beside the golden folder, with the page to look at before an approval.

Approved, they become golden.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from filelock import FileLock
from pydantic import Field

from ptyspec.contracts.base import Record
from ptyspec.contracts.bundles import Array
from ptyspec.errors import PtyspecError
from ptyspec.files.disk import atomic_file, check_place, sha256_of
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.render import canvas
from ptyspec.render.page import Status, page
from ptyspec.render.table import escape
from ptyspec.runs.environment import fingerprint
from ptyspec.runs.store import default_root
from ptyspec.spec.ledger import Stamps
from ptyspec.testing.golden.files import (
    Content,
    Entry,
    GoldenError,
    Tolerance,
    compare,
    read,
    read_approved,
    read_manifest,
    write_manifest,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


INDEX = "proposals.json"
CASES = "tests/regression"
SHORTEST_REASON = 10


class ChildRunError(PtyspecError):
    """The pytest that was started for golden files broke."""

    exit_code = 3


class Proposal(Record):
    """One golden file as a case would have it.

    status: `same` where the golden file holds; `unread` where no case declares it: its removal is proposed.
    """

    name: str
    status: Literal["new", "changed", "same", "unread"]
    producer: str
    code: str = ""
    """Stamp of the code that made it."""
    base: str | None
    """sha256 of the golden file it was compared with; None where there was none."""
    sha256: str | None
    """None: the file is to be removed."""
    tolerances: dict[str, Tolerance] = Field(default_factory=dict)
    differences: list[str] = Field(default_factory=list)


class Proposals(Record):
    """proposals.json: what was proposed; a folder that holds it is a folder of proposals."""

    schema_version: Literal[1] = 1
    environment: str
    declared: list[str] = Field(default_factory=list)
    """The golden files of all cases that were chosen."""
    failed: list[str] = Field(default_factory=list)
    """Pytest's lines of the cases that failed: what they observed is not proposed."""
    proposals: list[Proposal] = Field(default_factory=list)

    @property
    def open(self) -> list[Proposal]:
        """What there is to approve."""
        return [one for one in self.proposals if one.status != "same"]

    @property
    def status(self) -> Literal["same", "open", "failed"]:
        """The headline: `same` where every golden file holds."""
        return "failed" if self.failed else "open" if self.open else "same"


def default_folder() -> Path:
    """Return where proposals lie unless --out says otherwise: in the run store."""
    return default_root() / "proposals"


def read_index(out: Path) -> Proposals:
    """Return what `ptyspec golden propose` left; GoldenError where there is nothing."""
    if not (out / INDEX).is_file():
        next_step = "ptyspec golden propose"
        raise GoldenError("there are no proposals here", value=out, next_step=next_step)
    return Proposals.model_validate(read_json(out / INDEX))


def propose(root: Path, out: Path, selectors: Sequence[str] = ()) -> Proposals:
    """Let the golden cases fill `out` with what they observe; the golden folder stays as it is.

    `selectors` are what pytest takes: files, case ids; without them all cases of tests/regression are
    run, and files that no case declares are proposed for removal. Raises GoldenError where no case
    declares a golden file, OutputExistsError, ChildRunError.
    """
    golden = root / "golden"
    if golden.resolve() in (out.resolve(), *out.resolve().parents):
        message = "proposals are not written into the golden folder"
        raise GoldenError(message, value=out, next_step="choose another --out")
    check_place(out, "proposals", lambda folder: (folder / INDEX).is_file())
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    # It marks the folder: an interrupted proposal can be made again.
    write_json(out / INDEX, Proposals(environment=fingerprint()))
    failed = _run(root, out, selectors or [CASES])
    told, stamps = read_index(out), Stamps(root)
    made = list(told.proposals)
    for name, row in read_manifest(golden).items() if not selectors else ():
        if name not in told.declared:
            gone = {"status": "unread", "producer": row.producer, "base": row.sha256}
            made.append(Proposal.model_validate({"name": name, "sha256": None, **gone}))
    stamped = [one.model_copy(update={"code": stamps.of(one.producer)}) for one in made]
    stamped.sort(key=lambda one: one.name)
    told = told.model_copy(update={"proposals": stamped, "failed": failed})
    write_json(out / INDEX, told)
    return told


def _run(root: Path, out: Path, words: Sequence[str]) -> list[str]:
    """Run pytest in a process of its own; return its lines of failed cases."""
    plugins = ("-p", "no:cacheprovider", "-p", "no:randomly")
    command = [sys.executable, "-m", "pytest", "-q", "-rfE", *plugins, f"--ptyspec-proposals={out}"]
    done = subprocess.run([*command, *words], cwd=root, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).strip().splitlines()
    if done.returncode == 5:
        what = "no case here declares a golden file"
        step = 'mark one: @pytest.mark.golden("folder/name.json")'
        raise GoldenError(what, value=" ".join(words), next_step=step)
    if done.returncode not in (0, 1):
        what = "pytest could not run the cases"
        step = f"run it: pytest {' '.join(words)}"
        limit = "\n  ".join(lines[-8:])
        raise ChildRunError(what, value=f"exit code {done.returncode}", limit=limit, next_step=step)
    return [line for line in lines if line.startswith(("FAILED ", "ERROR "))]


def approve(root: Path, out: Path, names: Sequence[str], reason: str) -> list[Proposal]:
    """Copy proposals into the golden folder, note each in its manifest with the reason, and return them.

    The one way by which a file becomes golden. `names` are proposal names, their folders, or none
    for all that are open. All are checked before the first is copied: refused are an unknown name, a
    proposal made by other code than the present, and one whose golden file has changed since.
    Raises GoldenError.
    """
    told = " ".join(reason.split())
    if len(told) < SHORTEST_REASON:
        message, limit = "an approval says why the golden value is right", SHORTEST_REASON
        raise GoldenError(
            message, value=reason, source="--reason", limit=f"{limit} letters or more"
        )
    golden, index = root / "golden", read_index(out)
    wanted = {one.name: one for name in names for one in _named(index, name)}
    chosen = [*wanted.values()] if names else index.open
    with FileLock(out / "approve.lock"):
        _check(chosen, root, out)
        entries = read_manifest(golden)
        for one in chosen:
            path = golden / one.name
            if one.sha256 is None:
                del entries[one.name]
                path.unlink()
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_file(path) as file:
                file.write((out / "new" / one.name).read_bytes())
            fields = one.model_dump(include={"sha256", "producer", "tolerances"})
            entries[one.name] = Entry(**fields, environment=index.environment, reason=told)
        write_manifest(golden, entries)
        left = [one for one in index.proposals if one not in chosen]
        write_json(out / INDEX, index.model_copy(update={"proposals": left}))
    return chosen


def _named(index: Proposals, name: str) -> list[Proposal]:
    """The open proposals of this name, or below this folder."""
    below = f"{name.rstrip('/')}/"
    fitting = [one for one in index.open if one.name == name or one.name.startswith(below)]
    if not fitting:
        what = "there is no open proposal of this name"
        limit = ", ".join(one.name for one in index.open) or "none"
        raise GoldenError(what, value=name, limit=limit, next_step="ptyspec golden propose")
    return fitting


def _check(chosen: Sequence[Proposal], root: Path, out: Path) -> None:
    """Raise GoldenError where something has changed since a proposal was made."""
    stamps = Stamps(root)

    def digest(path: Path) -> str | None:
        return sha256_of(path) if path.is_file() else None

    for one in chosen:
        wrong = ""
        if one.code != stamps.of(one.producer):
            wrong = "the proposal was made by other code than the present"
        elif digest(root / "golden" / one.name) != one.base:
            wrong = "the golden file has changed since this proposal was made"
        elif digest(out / "new" / one.name) != one.sha256:
            wrong = "the proposed file was changed after it was made"
        if wrong:
            next_step = f'ptyspec golden propose "{one.producer}"'
            raise GoldenError(wrong, value=one.name, next_step=next_step)


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
    new = read(path, one.tolerances)
    before = read_approved(old, entry) if old.is_file() else Content({}, {})
    yield from ("```text", *map(str, compare(before, new)), "```", "")
    for key, array in new.values.items():
        if np.ndim(array) == 2 and min(array.shape) > 1:
            picture = path.with_name(f"{path.stem}-{key}.png")
            canvas.save(_picture(before.values.get(key), array), picture)
            place = picture.relative_to(out).as_posix()
            yield from (f"![golden, proposed, difference]({place})", "")


def _picture(old: Array | None, new: Array) -> "Figure":
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

"""Proposals: what cases observed, kept beside the golden folder; approved, they become golden."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from filelock import FileLock
from pydantic import Field

import ptyspec
from ptyspec.contracts.base import Record
from ptyspec.files.disk import check_place
from ptyspec.files.files import atomic_file, sha256_of
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.runs.environment import fingerprint
from ptyspec.runs.runkey import code_version, source_digest
from ptyspec.runs.store import default_root
from ptyspec.testing.golden.manifest import Entry, read_manifest, write_manifest
from ptyspec.testing.golden.tolerance import GoldenError, Tolerance

INDEX = "proposals.json"
SHORTEST_REASON = 10
Status = Literal["new", "changed", "same", "unread", "refused"]
"""`same`: the golden file holds. `unread`: no case declares it, removal is proposed. `refused`: its case fails."""


class Proposal(Record):
    """One golden file as a case would have it."""

    name: str
    status: Status
    producer: str
    environment: str
    code: str
    base: str | None
    """sha256 of the golden file it was compared with; None where there was none."""
    sha256: str | None
    """None: the file is to be removed."""
    tolerances: dict[str, Tolerance] = Field(default_factory=dict)
    differences: list[str] = Field(default_factory=list)
    note: str = ""

    @property
    def open(self) -> bool:
        """Whether there is something to approve."""
        return self.status in ("new", "changed", "unread")


class Proposals(Record):
    """proposals.json: what was proposed; a folder that holds it is a folder of proposals.

    status: `same` when every golden file holds, else `open`, or `refused` where a case fails.
    """

    schema_version: Literal[1] = 1
    status: Literal["same", "open", "refused"] = "same"
    proposals: list[Proposal]


def default_folder() -> Path:
    """Return where proposals lie unless --out says otherwise: in the run store."""
    return default_root() / "proposals"


def code_of(producer: str, root: Path) -> str:
    """Return the version of the code that a case's golden values come from: the stages, and the case's own folder."""
    case = (root / producer.partition("::")[0]).parent
    shared = [*(root / "tests").glob("*.py"), case]
    parts = sorted(path.relative_to(root).as_posix() for path in shared if path.exists())
    own = source_digest(Path(ptyspec.__file__).parent, ["testing/golden", "files", "seeds.py"])
    text = json.dumps([code_version(), own, source_digest(root, parts)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def digest_of(path: Path) -> str | None:
    """Return the SHA-256 of a file, None where it is not there."""
    return sha256_of(path) if path.is_file() else None


def keep(
    out: Path,
    golden: Path,
    name: str,
    case: str,
    write: Callable[[Path], None],
    status: Status,
    differences: list[str],
    tolerances: dict[str, Tolerance],
) -> None:
    """Keep what a case observed below `out`; raises GoldenError where another case has this file."""
    entry, path = out / "entries" / f"{name}.json", out / "new" / name
    if entry.exists():
        raise GoldenError(
            "two cases declare one golden file",
            value=name,
            source=read_json(entry)["producer"],
            next_step="put the case's parameter into the name, in braces",
        )
    for place in (entry, path):
        place.parent.mkdir(parents=True, exist_ok=True)
    write(path)
    made = Proposal(
        name=name,
        status=status,
        producer=case,
        environment=fingerprint(),
        code=code_of(case, golden.parent),
        base=digest_of(golden / name),
        sha256=sha256_of(path),
        tolerances=tolerances,
        differences=differences,
    )
    write_json(entry, made)


def kept(out: Path) -> list[Proposal]:
    """Return what the cases have kept below `out`."""
    return [Proposal.model_validate(read_json(path)) for path in (out / "entries").rglob("*.json")]


def status_of(proposals: Sequence[Proposal]) -> Literal["same", "open", "refused"]:
    """Return the headline of proposals."""
    if any(one.status == "refused" for one in proposals):
        return "refused"
    return "open" if any(one.open for one in proposals) else "same"


def read_index(out: Path) -> list[Proposal]:
    """Return the proposals that `ptyspec golden propose` left; GoldenError where there are none."""
    if not (out / INDEX).is_file():
        next_step = "ptyspec golden propose"
        raise GoldenError("there are no proposals here", value=out, next_step=next_step)
    return Proposals.model_validate(read_json(out / INDEX)).proposals


def write_index(out: Path, proposals: Sequence[Proposal]) -> None:
    """Write the proposals as one list."""
    rows = sorted(proposals, key=lambda one: one.name)
    write_json(out / INDEX, Proposals(status=status_of(rows), proposals=rows))


def check_folder(out: Path, golden: Path) -> None:
    """Raise where proposals may not be written: inside the golden folder, or over something else."""
    if golden.resolve() in (out.resolve(), *out.resolve().parents):
        message, next_step = (
            "proposals are not written into the golden folder",
            "choose another --out",
        )
        raise GoldenError(message, value=out, next_step=next_step)
    check_place(out, "proposals", lambda folder: (folder / INDEX).is_file())


def approve(root: Path, out: Path, names: Sequence[str], reason: str) -> list[Proposal]:
    """Copy proposals into the golden folder, note each in its manifest with the reason, and return them.

    The one way by which a file becomes golden. `names` are proposal names, their folders, or none
    for all that are open. All are checked before the first is copied: refused are an unknown name, a
    proposal whose case failed, one made by other code than the present, and one whose golden file
    has changed since. Raises GoldenError.
    """
    told = " ".join(reason.split())
    if len(told) < SHORTEST_REASON:
        message, limit = (
            "an approval says why the golden value is right",
            f"{SHORTEST_REASON} letters or more",
        )
        raise GoldenError(message, value=reason, source="--reason", limit=limit)
    golden, index = root / "golden", read_index(out)
    chosen = [one for one in index if one.open] if not names else []
    for name in names:
        chosen += [one for one in _named(index, name) if one not in chosen]
    golden.mkdir(exist_ok=True)
    with FileLock(out / "approve.lock"):
        for one in chosen:
            _check(one, root, golden, out)
        entries = read_manifest(golden)
        for one in chosen:
            if one.sha256 is None:
                entries.pop(one.name)
                (golden / one.name).unlink()
            else:
                _copy(out / "new" / one.name, golden / one.name)
                fields = one.model_dump(include={"sha256", "environment", "producer", "tolerances"})
                entries[one.name] = Entry(**fields, reason=told)
            write_manifest(golden, entries)
        write_index(out, [one for one in index if one not in chosen])
    return chosen


def _named(index: Sequence[Proposal], name: str) -> list[Proposal]:
    """The open proposals of this name, or below this folder."""
    below = f"{name.rstrip('/')}/"
    fitting = [one for one in index if one.name == name or one.name.startswith(below)]
    refused = [one for one in fitting if one.status == "refused" and one.name == name]
    if refused:
        raise GoldenError(
            "the case of this proposal fails",
            value=name,
            source=refused[0].producer,
            limit=refused[0].note,
            next_step=f'see it fail: pytest "{refused[0].producer}"',
        )
    fitting = [one for one in fitting if one.open]
    if not fitting:
        raise GoldenError(
            "there is no open proposal of this name",
            value=name,
            limit=", ".join(one.name for one in index if one.open) or "none",
            next_step="ptyspec golden propose",
        )
    return fitting


def _check(one: Proposal, root: Path, golden: Path, out: Path) -> None:
    """Raise GoldenError where something has changed since the proposal was made."""
    wrong = ""
    if one.code != code_of(one.producer, root):
        wrong = "the proposal was made by other code than the present"
    elif digest_of(golden / one.name) != one.base:
        wrong = "the golden file has changed since this proposal was made"
    elif digest_of(out / "new" / one.name) != one.sha256:
        wrong = "the proposed file was changed after it was made"
    if wrong:
        raise GoldenError(
            wrong, value=one.name, next_step=f'ptyspec golden propose "{one.producer}"'
        )


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as old, atomic_file(target) as new:
        shutil.copyfileobj(old, new)

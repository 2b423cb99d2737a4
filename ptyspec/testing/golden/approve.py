"""Make proposals golden: the one way by which a file arrives in the golden folder."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from filelock import FileLock

from ptyspec.files.files import atomic_file, sha256_of
from ptyspec.testing.golden.manifest import Entry, read_manifest, write_manifest
from ptyspec.testing.golden.proposal import Proposal, code_of, read_index, write_index
from ptyspec.testing.golden.tolerance import GoldenError

SHORTEST_REASON = 10


def approve(root: Path, out: Path, names: Sequence[str], reason: str) -> list[Proposal]:
    """Copy proposals into the golden folder, note each in the manifest with the reason, and return them.

    `names` are proposal names, their folders, or none for all that are open. All are checked before the first is copied:
    refused are an unknown name, a proposal whose case failed, one made by other code than the present, and one whose
    golden file has changed since. Raises GoldenError.
    """
    told = " ".join(reason.split())
    if len(told) < SHORTEST_REASON:
        raise GoldenError(
            "an approval says why the golden value is right",
            value=reason,
            source="--reason",
            limit=f"{SHORTEST_REASON} letters or more",
        )
    golden = root / "golden"
    index = read_index(out)
    chosen = _chosen(index, names)
    golden.mkdir(exist_ok=True)
    with FileLock(out / "approve.lock"):
        for made in chosen:
            _check(made, root, golden, out)
        entries = read_manifest(golden)
        for made in chosen:
            if made.sha256 is None:
                entries.pop(made.name)
                (golden / made.name).unlink()
            else:
                _copy(out / "new" / made.name, golden / made.name)
                entries[made.name] = Entry(
                    sha256=made.sha256,
                    environment=made.environment,
                    producer=made.producer,
                    reason=told,
                    tolerances=made.tolerances,
                )
            write_manifest(golden, entries)
        write_index(out, [made for made in index if made not in chosen])
    return chosen


def _chosen(index: list[Proposal], names: Sequence[str]) -> list[Proposal]:
    if not names:
        return [made for made in index if made.open]
    chosen = []
    for name in names:
        fitting = [
            m
            for m in index
            if m.open and (m.name == name or m.name.startswith(f"{name.rstrip('/')}/"))
        ]
        refused = next(
            (made for made in index if made.name == name and made.status == "refused"), None
        )
        if refused is not None:
            raise GoldenError(
                "the case of this proposal fails",
                value=name,
                source=refused.producer,
                limit=refused.note,
                next_step=f'see it fail: pytest "{refused.producer}"',
            )
        if not fitting:
            known = [made.name for made in index if made.open]
            raise GoldenError(
                "there is no open proposal of this name",
                value=name,
                limit=", ".join(known) or "none",
                next_step="ptyspec golden propose",
            )
        chosen += [made for made in fitting if made not in chosen]
    return chosen


def _check(made: Proposal, root: Path, golden: Path, out: Path) -> None:
    again = f'ptyspec golden propose "{made.producer}"'
    if made.code != code_of(made.producer, root):
        raise GoldenError(
            "the proposal was made by other code than the present", value=made.name, next_step=again
        )
    here = sha256_of(golden / made.name) if (golden / made.name).is_file() else None
    if here != made.base:
        raise GoldenError(
            "the golden file has changed since this proposal was made",
            value=made.name,
            next_step=again,
        )
    if made.sha256 is not None and sha256_of(out / "new" / made.name) != made.sha256:
        raise GoldenError(
            "the proposed file was changed after it was made", value=made.name, next_step=again
        )


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with source.open("rb") as old, atomic_file(target) as new:
        shutil.copyfileobj(old, new)

"""Proposals: what cases observed, written beside the golden folder, with what an approval has to know."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

import ptyspec
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.base import Record
from ptyspec.files.disk import check_place
from ptyspec.files.files import sha256_of
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.runs.environment import fingerprint
from ptyspec.runs.runkey import code_version, source_digest
from ptyspec.runs.store import default_root
from ptyspec.testing.golden.compare import compare_arrays, compare_numbers, shape_and_dtype
from ptyspec.testing.golden.content import (
    Numbers,
    read_arrays,
    read_numbers,
    write_arrays,
    write_numbers,
)
from ptyspec.testing.golden.manifest import read_manifest
from ptyspec.testing.golden.tolerance import GoldenError, Tolerance

INDEX = "proposals.json"
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
    tolerances: dict[str, Tolerance] = Field(default_factory=dict)
    note: str = ""

    @property
    def open(self) -> bool:
        """Whether there is something to approve."""
        return self.status in ("new", "changed", "unread")


class Proposals(Record):
    """proposals.json: what was proposed; a folder that holds it is a folder of proposals."""

    schema_version: Literal[1] = 1
    proposals: list[Proposal]


def default_folder() -> Path:
    """Return where proposals lie unless --out says otherwise: in the run store."""
    return default_root() / "proposals"


def code_of(producer: str, root: Path) -> str:
    """Return the version of the code that a case's golden values come from: the stages, and the case's own folder."""
    case = (root / producer.partition("::")[0]).parent
    shared = [*(root / "tests").glob("*.py"), case]
    parts = sorted(path.relative_to(root).as_posix() for path in shared if path.exists())
    text = json.dumps([code_version(), _golden_code(), source_digest(root, parts)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _golden_code() -> str:
    return source_digest(Path(ptyspec.__file__).parent, ["testing/golden", "files", "seeds.py"])


def propose_numbers(out: Path, golden: Path, name: str, case: str, observed: Numbers) -> None:
    """Write what a case observed as a proposal below `out`; a golden number that holds keeps its golden value."""
    base, same = _base(golden, name), False
    if base is not None:
        old = read_numbers(golden / name)
        same = all(row.agrees for row in compare_numbers(old, observed))
        observed = replace(
            observed, values={key: _kept(key, old, observed) for key in observed.values}
        )
    _target(out, name)
    write_numbers(out / "new" / name, observed)
    _finish(out, golden, name, case, "same" if same else "changed" if base else "new", {})


def _kept(key: str, old: Numbers, observed: Numbers) -> float:
    value = observed.values[key]
    golden = old.values.get(key)
    holds = golden is not None and abs(value - golden) <= observed.tolerances[key].allowed(golden)
    return golden if holds and golden is not None else value


def propose_arrays(
    out: Path,
    golden: Path,
    name: str,
    case: str,
    observed: Mapping[str, Array],
    tolerances: Mapping[str, Tolerance],
) -> None:
    """Write the arrays that a case observed as a proposal below `out`; a golden file that holds is kept as it is."""
    status: Status = "new"
    if _base(golden, name) is not None:
        old = read_arrays(golden / name)
        entry = read_manifest(golden).get(name)
        approved = entry.tolerances if entry else {}
        same = not shape_and_dtype(old, observed) and approved == dict(tolerances)
        same = same and all(
            compare_arrays(old[k], np.asarray(a), tolerances[k]).agrees for k, a in observed.items()
        )
        status = "same" if same else "changed"
    _target(out, name)
    write_arrays(out / "new" / name, observed)
    _finish(out, golden, name, case, status, dict(tolerances))


def _base(golden: Path, name: str) -> str | None:
    return sha256_of(golden / name) if (golden / name).is_file() else None


def _target(out: Path, name: str) -> None:
    if _entry_path(out, name).exists():
        raise GoldenError(
            "two cases declare one golden file",
            value=name,
            source=read_json(_entry_path(out, name))["producer"],
            next_step="put the case's parameter into the name, in braces",
        )
    (out / "new" / name).parent.mkdir(parents=True, exist_ok=True)


def _finish(
    out: Path, golden: Path, name: str, case: str, status: Status, tolerances: dict[str, Tolerance]
) -> None:
    made = Proposal(
        name=name,
        status=status,
        producer=case,
        environment=fingerprint(),
        code=code_of(case, golden.parent),
        base=_base(golden, name),
        sha256=sha256_of(out / "new" / name),
        tolerances=tolerances,
    )
    path = _entry_path(out, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, made)


def _entry_path(out: Path, name: str) -> Path:
    return out / "entries" / f"{name}.json"


def written(out: Path) -> list[Proposal]:
    """Return what the cases have written below `out`, by name."""
    paths = sorted((out / "entries").rglob("*.json"))
    found = [Proposal.model_validate(read_json(path)) for path in paths]
    return sorted(found, key=lambda made: made.name)


def read_index(out: Path) -> list[Proposal]:
    """Return the proposals that `ptyspec golden propose` left; GoldenError where there are none."""
    if not (out / INDEX).is_file():
        raise GoldenError(
            "there are no proposals here", value=out, next_step="ptyspec golden propose"
        )
    return Proposals.model_validate(read_json(out / INDEX)).proposals


def write_index(out: Path, proposals: list[Proposal]) -> None:
    """Write the proposals as one list; a folder that has one is a folder of proposals."""
    write_json(out / INDEX, Proposals(proposals=proposals))


def check_folder(out: Path, golden: Path) -> None:
    """Raise where proposals may not be written: inside the golden folder, or over something else."""
    if golden.resolve() in (out.resolve(), *out.resolve().parents):
        raise GoldenError(
            "proposals are not written into the golden folder",
            value=out,
            next_step="choose another --out",
        )
    check_place(out, "proposals", lambda folder: (folder / INDEX).is_file())

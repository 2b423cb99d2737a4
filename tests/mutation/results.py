"""What was tried and what came of it: plan.toml, results.json and equivalent.toml beside this file."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.mutation.mutants import Mutant

HERE = Path("tests/mutation")
PAGE = Path("docs/mutation.md")
SHARED = ("tests/contract/conftest.py",)


@dataclass
class Module:
    """One module's mutants: outcomes by key, and the survivors as a reader needs them."""

    name: str
    source: str
    """Digest of the module."""
    cases: str
    """Digest of the files with its cases."""
    files: list[str]
    mutants: int
    seconds: float = 0.0
    outcomes: dict[str, str] = field(default_factory=dict)
    survivors: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def new(cls, root: Path, name: str, files: Sequence[str], mutants: int) -> Module:
        """Return an empty record of the module as it is now."""
        return cls(name, *digests(root, name, files), list(files), mutants)

    def fresh(self, root: Path, files: Sequence[str]) -> bool:
        """True while module and cases are what they were."""
        return (self.source, self.cases) == digests(root, self.name, files)

    def add(self, one: Mutant, outcome: str, seconds: float, lines: tuple[str, str]) -> None:
        """Keep one outcome; `lines` are those that differ, before and after."""
        self.outcomes[one.key] = outcome
        self.seconds = round(self.seconds + seconds, 1)
        if outcome == "survived":
            self.survivors.append(
                {"operator": one.operator, "line": one.line, "before": lines[0], "after": lines[1]}
            )

    def count(self, outcome: str) -> int:
        """Mutants with this outcome."""
        return sum(found == outcome for found in self.outcomes.values())

    @property
    def whole(self) -> bool:
        """True where every mutant was tried."""
        return len(self.outcomes) == self.mutants

    def words(self) -> str:
        """Counts for the log."""
        return ", ".join(f"{self.count(kind)} {kind}" for kind in ("killed", "timeout", "survived"))


@dataclass(frozen=True)
class Equivalent:
    """A survivor that no case can tell from the original, or need not; `reason` says why."""

    module: str
    before: str
    after: str
    reason: str

    def explains(self, module: str, survivor: dict[str, Any]) -> bool:
        """True for the same change in the same module."""
        return (self.module, self.before, self.after) == (
            module,
            survivor["before"],
            survivor["after"],
        )


def plan(root: Path) -> dict[str, list[str]]:
    """Files with the cases of each module."""
    with (root / HERE / "plan.toml").open("rb") as file:
        found = tomllib.load(file)["modules"]
    return {
        name: [f"tests/{'' if '/' in case else 'contract/'}{case}.py" for case in cases]
        for name, cases in found.items()
    }


def equivalents(root: Path) -> list[Equivalent]:
    """Survivors that are explained."""
    with (root / HERE / "equivalent.toml").open("rb") as file:
        return [Equivalent(**row) for row in tomllib.load(file).get("equivalent", [])]


def read(root: Path) -> dict[str, Module]:
    """What was tried, by module."""
    path = root / HERE / "results.json"
    if not path.exists():
        return {}
    return {
        name: Module(**row)
        for name, row in json.loads(path.read_text(encoding="utf-8"))["modules"].items()
    }


def write(root: Path, record: Module) -> None:
    """Keep one module's record beside the others; a reader never sees half a file."""
    known = read(root) | {record.name: record}
    path = root / HERE / "results.json"
    rows = {name: asdict(known[name]) for name in sorted(known)}
    scratch = path.with_suffix(".tmp")
    scratch.write_text(
        json.dumps({"schema_version": 1, "modules": rows}, indent=1, ensure_ascii=False) + "\n",
        "utf-8",
    )
    scratch.replace(path)


def digests(root: Path, name: str, files: Sequence[str]) -> tuple[str, str]:
    """Digest of the module, and of its cases with what they share."""
    return _digest(root, [f"ptyspec/{name}.py"]), _digest(root, [*files, *SHARED])


def _digest(root: Path, files: Sequence[str]) -> str:
    found = hashlib.sha256()
    for name in files:
        found.update(name.encode() + b"\0" + (root / name).read_bytes())
    return found.hexdigest()[:16]

"""The name of a run: a digest of its settings, of the code that makes it, and of its threads."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import ptyspec
from ptyspec.contracts.resolve import flatten
from ptyspec.runs.environment import active_faults, library_versions

STAGE_SOURCES = (
    "contracts",
    "physics",
    "networks",
    "pipeline",
    "scores",
    "files",
    "runs",
    "seeds.py",
)
"""Whatever can change data: the stages and all they import, the readers of files among it."""
NOT_CONTENT = {"name", "description"}


def run_key(
    resolved_values: Mapping[str, Any], code_version: str, threads: Mapping[str, int | str]
) -> str:
    """Return the run's key, 32 hexadecimal digits: equal for equal content, whatever its order, nesting or name.

    `resolved_values` holds every effective value of the scenario, nested or with dotted keys, without provenance:
    where a value came from does not change the result.
    """
    values = {key: value for key, value in flatten(resolved_values) if key not in NOT_CONTENT}
    content = {"values": values, "code": code_version, "threads": dict(threads)}
    text = json.dumps(content, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def code_version(faults: tuple[str, ...] | None = None) -> str:
    """Return what names the stages' source files, the versions of the numerical libraries, and the faults.

    `faults` in their order; None: those that are active.
    """
    if faults is None:
        faults = active_faults()
    return f"{_sources()} with {','.join(faults)} {fault_sources(faults)}" if faults else _sources()


@cache
def fault_sources(faults: tuple[str, ...]) -> str:
    """Digest what makes these faults what they are: another fault of the catalogue changes nothing."""
    root = Path(ptyspec.__file__).parent / "faults"
    wanted = {name.replace("-", "_") for name in faults}
    own = "".join(
        _without_others(path.read_text(encoding="utf-8"), wanted)
        for path in sorted((root / "catalogue").glob("*.py"))
    )
    return source_digest(root, ("apply.py", "fault.py", "seams.py"), extra=own)


def _without_others(source: str, wanted: set[str]) -> str:
    """Return a file of the catalogue without the faults that are not wanted; empty where it holds none that is.

    What is no fault stays: an import or a helper that a wanted fault may use.
    """
    kept = []
    for node in ast.parse(source).body:
        # A fault is `@fault(...) def NAME`, and `@NAME.also(...)` for each further seam.
        marks = [ast.unparse(mark) for mark in getattr(node, "decorator_list", ())]
        also = [mark.partition(".also(")[0] for mark in marks if ".also(" in mark]
        of = also[0] if also else getattr(node, "name", "") if marks else ""
        if not of or of in wanted:
            kept.append((of, ast.unparse(node)))
    return "\n".join(text for _, text in kept) if any(of for of, _ in kept) else ""


@cache
def _sources() -> str:
    """16 hexadecimal digits."""
    root = Path(ptyspec.__file__).parent
    return source_digest(root, STAGE_SOURCES, extra=json.dumps(library_versions(), sort_keys=True))


def source_digest(root: Path, parts: Iterable[str], extra: str = "") -> str:
    """Digest the Python files below root/part for every part: relative names and bytes, nothing else."""
    digest = hashlib.sha256(extra.encode())
    for part in parts:
        start = root / part
        for path in [start] if start.is_file() else sorted(start.rglob("*.py")):
            content = path.read_bytes()
            digest.update(f"\0{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()[:16]

"""What names a pipeline's code, so that no run of its former code answers for it.

Counted are the file of its class, the project's own files that this one imports, and what an instance holds. A pipeline
that was typed into a notebook, or holds an object of which neither value nor source is known, cannot be named: its
runs are not kept.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

import ptyspec
from ptyspec.contracts.bundles import array_digest
from ptyspec.contracts.stages import STAGES
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.runkey import STAGE_SOURCES, source_digest
from ptyspec.runs.source_files import closure, digest_as_loaded, file_of, is_standard

PLAIN = (type(None), bool, int, float, complex, str, bytes, Path, np.generic)
DEPTH = 20
"""Objects held by objects, so deep: more is a loop."""


class _UnknownError(Exception):
    """Something of which neither value nor source is known."""


def pipeline_code(pipeline: object) -> str | None:
    """Return what names code and state of a pipeline: empty for the reference, None where it cannot be named.

    Raises ConfigError where a file was edited after it was loaded: what would run is not what the file says.
    """
    cls = type(pipeline)
    if cls is ReferencePipeline:
        return ""
    modules: set[str] = set()
    try:
        _class(cls, modules)
        for stage in STAGES:
            work = getattr(pipeline, stage, None)
            code = getattr(inspect.unwrap(work), "__code__", None) if callable(work) else None
            if code is not None and not Path(code.co_filename).is_file():
                raise _UnknownError(stage)  # made by exec: its module's file does not hold it
        # A pipeline of this package says by its name which state of it matters.
        state = "" if _is_ours(cls.__module__) else _state(_held(pipeline), modules)
    except _UnknownError:
        return None
    digest = hashlib.sha256(f"{cls.__module__}.{cls.__qualname__} {state}".encode())
    rooms = {name.split(".")[1] for name in modules if _is_ours(name)}
    parts = sorted(room for room in rooms if room not in STAGE_SOURCES)
    digest.update(source_digest(Path(ptyspec.__file__).parent, parts).encode())
    others = {name for name in modules if not _is_ours(name)}
    for name, path in closure(others, cls.__module__.partition(".")[0]):
        digest.update(f"\0{name}\0{digest_as_loaded(name, path)}".encode())
    return digest.hexdigest()[:16]


def _is_ours(module: str) -> bool:
    return module.startswith("ptyspec.")


def _class(cls: type, modules: set[str]) -> str:
    """Add the modules of a class and of its bases, and return its name."""
    for base in cls.__mro__:
        name = base.__module__
        if not (_is_ours(name) or is_standard(name) or file_of(name)):
            raise _UnknownError(name)
        modules.add(name)
    return f"{cls.__module__}.{cls.__qualname__}"


def _state(one: Any, modules: set[str], depth: int = 0) -> str:
    """Put a value into words; the modules whose code it brings along are added."""

    def inner(part: object) -> str:
        return _state(part, modules, depth + 1)

    if depth > DEPTH:
        raise _UnknownError("a loop")
    if isinstance(one, PLAIN):
        return f"{type(one).__name__} {one!r}"
    if isinstance(one, np.ndarray) and not one.dtype.hasobject:
        return array_digest(one)
    if isinstance(one, Mapping):
        return f"{{{','.join(sorted(f'{inner(key)}:{inner(one[key])}' for key in one))}}}"
    if isinstance(one, list | tuple):
        return f"[{','.join(inner(part) for part in one)}]"
    if isinstance(one, set | frozenset):
        return f"set[{','.join(sorted(inner(part) for part in one))}]"
    if isinstance(one, type):
        return _class(one, modules)
    if isinstance(one, FunctionType) and not one.__closure__ and file_of(one.__module__):
        modules.add(one.__module__)
        return f"{one.__module__}.{one.__qualname__}:{one.__code__.co_firstlineno}"
    if _is_ours(type(one).__module__) or file_of(type(one).__module__):
        return f"{_class(type(one), modules)}({inner(_held(one))})"
    raise _UnknownError(type(one).__qualname__)


def _held(one: object) -> dict[str, Any]:
    if not hasattr(one, "__dict__"):
        raise _UnknownError("slots")
    return vars(one)

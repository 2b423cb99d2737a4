"""The source files of a project: which ones a module imports, and whether they are still what was loaded."""

from __future__ import annotations

import ast
import hashlib
import inspect
import site
import sys
import sysconfig
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from ptyspec.errors import ConfigError

_loaded: dict[str, tuple[Any, str]] = {}
"""By module: the spec that it was loaded by, new at each reload, and the digest of its file when it was first read."""


def is_standard(module: str) -> bool:
    """True for a module of Python's own library."""
    return module.partition(".")[0] in sys.stdlib_module_names and module != "__main__"


def file_of(module: str) -> Path | None:
    """Return the file of a loaded module; None where it has none, as in a notebook."""
    name = getattr(sys.modules.get(module), "__file__", None)
    path = Path(name).resolve() if name else None
    return path if path is not None and path.is_file() else None


def closure(modules: set[str], package: str) -> list[tuple[str, Path]]:
    """Return these modules and all that they import of the same project, by name: found in the sources.

    Imports inside functions count. An installed library does not, unless it is the top `package` that is asked about.
    """

    def counts(name: str, path: Path) -> bool:
        installed = any(path.is_relative_to(folder) for folder in _installed())
        return not installed or name.partition(".")[0] == package

    waiting = [(name, path) for name in sorted(modules) if (path := file_of(name))]
    found: dict[str, Path] = {}
    while waiting:
        name, path = waiting.pop()
        if name in found or is_standard(name) or not counts(name, path):
            continue
        found[name] = path
        if path.suffix == ".py":
            waiting += _imports(name, path)
    return sorted(found.items())


def digest_as_loaded(module: str, path: Path) -> str:
    """Return the digest of a module's file; ConfigError where the module that is loaded is not what the file says."""
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    loaded = sys.modules.get(module)
    if loaded is None:
        return digest
    spec = getattr(loaded, "__spec__", None)
    former = _loaded.get(module)
    if former is None or former[0] is not spec:
        _loaded[module] = former = (spec, digest)
    if former[1] != digest or not _same_functions(loaded, path, content):
        raise ConfigError(
            "the source of this pipeline was edited after it was loaded",
            value=path,
            source=module,
            next_step="restart Python, or importlib.reload the module and make the pipeline anew",
        )
    return digest


def _same_functions(module: ModuleType, path: Path, content: bytes) -> bool:
    """Compare a module's functions with those of its file, where Python's own loader has loaded it."""
    if type(getattr(module, "__loader__", None)) is not SourceFileLoader:
        return True  # pytest, for one, changes the code of what it loads
    there = set(_codes(compile(content, str(path), "exec", dont_inherit=True)))
    return all(
        code in there
        for code in _functions(module, module.__name__)
        if not code.co_filename.startswith("<") and Path(code.co_filename).resolve() == path
    )


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)


def _functions(holder: ModuleType | type, module: str) -> Iterator[CodeType]:
    """Codes of the functions at the top of a module, and of its classes."""
    for one in vars(holder).values():
        work = inspect.unwrap(getattr(one, "__func__", getattr(one, "fget", one)))
        if isinstance(work, FunctionType) and work.__module__ == module:
            yield work.__code__
        elif isinstance(one, type) and one.__module__ == module and holder is sys.modules[module]:
            yield from _functions(one, module)


def _imports(module: str, path: Path) -> Iterator[tuple[str, Path]]:
    package = module if path.stem == "__init__" else module.rpartition(".")[0]
    depth = module.count(".") + (path.stem == "__init__")
    roots = [path.parents[depth], *_project_folders()]
    for name in _imported(path, path.stat().st_mtime_ns, package):
        if name.partition(".")[0] == "ptyspec" or is_standard(name):
            continue
        parts = name.split(".")
        for count in range(1, len(parts) + 1):  # a package's __init__ runs before its modules
            dotted = ".".join(parts[:count])
            file = file_of(dotted) or _beside(roots, parts[:count])
            if file is not None:
                yield dotted, file


def _beside(roots: list[Path], parts: list[str]) -> Path | None:
    for root in roots:
        stem = root.joinpath(*parts)
        for path in (stem / "__init__.py", stem.with_name(f"{stem.name}.py")):
            if path.is_file():
                return path.resolve()
    return None


@lru_cache(maxsize=4096)
def _imported(path: Path, _changed: int, package: str) -> tuple[str, ...]:
    """Dotted names of everything that a file imports, anywhere in it; `from a import b` gives a.b."""
    names = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            start = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            names += [f"{start}.{alias.name}" for alias in node.names]
    return tuple(dict.fromkeys(names))


@cache
def _installed() -> tuple[Path, ...]:
    """Folders of Python's library and of what is installed."""
    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = {*map(sysconfig.get_path, kinds), *site.getsitepackages(), site.getusersitepackages()}
    return tuple(Path(folder).resolve() for folder in sorted(filter(None, folders)))


def _project_folders() -> list[Path]:
    folders = [Path(entry or ".").resolve() for entry in sys.path]
    return [folder for folder in folders if folder.is_dir() and folder not in _installed()]

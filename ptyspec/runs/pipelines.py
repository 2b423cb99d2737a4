"""The pipeline that a user names: found by MODULE:ATTR, and what names its code.

No run of a pipeline's former code may answer for it. Counted are the file of its class, the project's own files that
this one imports, and what an instance holds. A pipeline that was typed into a notebook, or holds an object of which
neither value nor source is known, cannot be named: its runs are not kept.
"""

import ast
import difflib
import hashlib
import importlib
import inspect
import site
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

import ptyspec
from ptyspec.contracts.bundles import array_digest
from ptyspec.contracts.stages import REFERENCE, STAGES
from ptyspec.errors import ConfigError
from ptyspec.pipeline.declared import declared, filled, own_part
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.store import STAGE_SOURCES, source_digest

if TYPE_CHECKING:
    from ptyspec.runs.limits import Limits

PLAIN = (type(None), bool, int, float, complex, str, bytes, Path, np.generic)


class _UnknownError(Exception):
    """Something of which neither value nor source is known."""


def pipeline_code(pipeline: object) -> str | None:
    """Return what names code and state of a pipeline: empty for the reference, None where it cannot be named.

    Raises ConfigError where a file was edited after it was loaded: what would run is not what the file says.
    """
    from ptyspec.runs.remote import Remote

    pipeline = own_part(pipeline)
    cls = type(pipeline)
    if cls is ReferencePipeline:
        return ""
    if isinstance(pipeline, Remote):  # its source is not here: what its handshake said
        return pipeline.code or None
    modules: set[str] = set()
    try:
        if isinstance(pipeline, FunctionType):
            state = _state(pipeline, modules)
        else:
            _class(cls, modules)
            # A pipeline of this package says by its name which state of it matters.
            state = "" if _is_ours(cls.__module__) else _state(_held(pipeline), modules)
        for stage in (*STAGES, "reconstruct", "fit"):
            work = getattr(pipeline, stage, None)
            code = getattr(inspect.unwrap(work), "__code__", None) if callable(work) else None
            if code is not None and not Path(code.co_filename).is_file():
                raise _UnknownError(stage)  # made by exec: its module's file does not hold it
    except _UnknownError:
        return None
    digest = hashlib.sha256(f"{cls.__module__}.{cls.__qualname__} {state}".encode())
    rooms = {name.split(".")[1] for name in modules if _is_ours(name)}
    parts = sorted(room for room in rooms if room not in STAGE_SOURCES)
    digest.update(source_digest(Path(ptyspec.__file__).parent, parts).encode())
    others = {name for name in modules if not _is_ours(name)}
    home = getattr(pipeline, "__module__", cls.__module__)
    for name, path in closure(others, home.partition(".")[0]):
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

    if depth > 20:  # objects held by objects, so deep
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


COMMAND = "cmd:"
"""What a pipeline in a process of its own begins with."""


def maker(
    words: str, limits: "Limits | None" = None, environment: Mapping[str, str | None] | None = None
) -> Callable[[], Any]:
    """Return what makes the pipeline: a class anew each time, an instance as it is, a command once it is asked.

    `words`: MODULE:ATTR of eight stages or of a black box, or `cmd:COMMAND` for a process of its own, to which the
    limits of time and memory apply, and which starts with these environment variables (None: not set).

    Stages that a pipeline lacks are the reference's (`pipeline.declared`). Raises ConfigError for a module that cannot be
    imported, a name it lacks, a class that needs arguments, no stage at all, or a name that belongs to the reference (stored runs go by a pipeline's name).
    """
    if words == REFERENCE:
        return ReferencePipeline
    if words.startswith(COMMAND):
        from ptyspec.runs.remote import connect

        command = words.removeprefix(COMMAND)
        return cache(lambda: _whole(connect(command, limits, environment), words))
    module, colon, path = words.partition(":")
    if not (module and colon and path):
        raise _refusal("a pipeline is written MODULE:ATTR", words, "", f"such as {REFERENCE}")
    # As `python -m` does: a command of its own begins elsewhere.
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Any = importlib.import_module(module)
    except Exception as error:
        what = f"the pipeline's module cannot be imported: {type(error).__name__}: {error}"
        step = f"`python -c 'import {module}'` shows where"
        if isinstance(error, ModuleNotFoundError):
            step = f"install {error.name}, or put its folder on PYTHONPATH"
        raise _refusal(what, module, step) from error
    for part in path.split("."):
        if not hasattr(found, part):
            near = " or ".join(difflib.get_close_matches(part, dir(found), n=3))
            step = f"did you mean {near}?" if near else "check the name"
            raise _refusal(f"{module} has no {part}", words, step)
        found = getattr(found, part)
    make: Callable[[], Any] = found if inspect.isclass(found) else lambda: found
    if is_box(found):
        return lambda: _made(make, words)
    whole = _whole(pipeline := _made(make, words), words)
    name = pipeline.name
    if name == ReferencePipeline.name and type(pipeline) is not ReferencePipeline:
        what = "another pipeline carries the reference's name: their stored runs would be mixed up"
        raise _refusal(what, words, "give its class a `name` of its own")
    return make if whole is pipeline else lambda: filled(make())


def _made(make: Callable[[], Any], words: str) -> Any:
    try:
        return make()
    except Exception as error:
        what = f"the pipeline cannot be made without arguments: {type(error).__name__}: {error}"
        raise _refusal(what, words, "give its class defaults, or name an instance") from error


def _whole(pipeline: Any, words: str) -> Any:
    """Return the pipeline with the reference's stages beside its own; raises ConfigError where it has none, or no name."""
    if is_box(pipeline):
        return pipeline
    declares, limit = declared(pipeline), f"some of {', '.join(STAGES)}, or reconstruct"
    unknown = [name for name in declares if name not in STAGES]
    if unknown:
        near = difflib.get_close_matches(unknown[0], STAGES, n=1)
        step = f"did you mean {near[0]}?" if near else "see docs/adding-an-adapter.md"
        raise _refusal(f"{unknown[0]} is no stage", words, step, limit)
    if not declares:
        what, step = "not a pipeline: it has no stage", "see docs/adding-an-adapter.md"
        raise _refusal(what, words, step, limit)
    if not isinstance(name := getattr(pipeline, "name", None), str) or not name:
        what = "the pipeline has no name: stored runs go by it"
        raise _refusal(what, words, "give its class a `name` of its own", "a text")
    return filled(pipeline)


def is_box(pipeline: object) -> bool:
    """Return whether this is a black box: a function, or an object or class with `reconstruct`."""
    return inspect.isfunction(pipeline) or callable(getattr(pipeline, "reconstruct", None))


def _refusal(what: str, value: str, step: str, limit: str | None = None) -> ConfigError:
    source = "PIPELINE, or --ptyspec-pipeline"
    return ConfigError(what, value=value, limit=limit, source=source, next_step=step)


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
        what = "the source of this pipeline was edited after it was loaded"
        step = "restart Python, or importlib.reload the module and make the pipeline anew"
        raise ConfigError(what, value=path, source=module, next_step=step)
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
    folders = [Path(entry or ".").resolve() for entry in sys.path]
    project = [folder for folder in folders if folder.is_dir() and folder not in _installed()]
    roots = [path.parents[depth], *project]
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

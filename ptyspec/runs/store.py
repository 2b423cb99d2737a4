"""Runs on disk by content: equal settings, code and threads give one folder, made once (design: a run on disk).

ROOT/runs/KEY           finished runs; a folder arrives here by one rename and is never changed
ROOT/partial/KEY.xxxx   runs being made; whoever holds KEY's lock may remove what an ended process left
ROOT/checkpoints/KEY    training state, which outlives an interruption
ROOT/locks/KEY.lock     held while KEY is made; the system drops it with the process that held it
"""

import ast
import atexit
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

import ptyspec
from ptyspec.contracts.resolve import flatten
from ptyspec.files.disk import clear_errors, make_folder
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.runs.environment import active_faults, library_versions

HOME_VARIABLE = "PTYSPEC_HOME"
GRACE_SECONDS = 0.5
SCHEMA_VERSION = 1
"""Of the answers that are kept beside the runs."""


def default_root() -> Path:
    """Return the store's folder: PTYSPEC_HOME, else ~/.cache/ptyspec."""
    asked = os.environ.get(HOME_VARIABLE)
    return Path(asked).expanduser().absolute() if asked else Path.home() / ".cache" / "ptyspec"


def place_of(kind: str, key: str) -> Path:
    """Return where an answer of this kind lies."""
    return default_root() / kind / f"{key}.json"


def answer(
    kind: str,
    key: str,
    make: Callable[[], Mapping[str, Any]],
    keep: Callable[[Mapping[str, Any]], bool] = lambda _: True,
) -> dict[str, Any]:
    """Return the JSON values kept as ROOT/KIND/KEY.json; made where there are none, and kept where `keep` says so."""
    path = place_of(kind, key)
    if not path.exists():
        made = {"schema_version": SCHEMA_VERSION, **make()}
        if not keep(made):
            return made
        make_folder(path.parent)
        write_json(path, made)
    return dict(read_json(path))


@cache
def passing_store() -> "RunStore":
    """Return the store of runs that nobody can ask for again; it goes with this process."""
    folder = Path(tempfile.mkdtemp(prefix="ptyspec-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return RunStore(folder)


class RunStore:
    """A folder of finished runs that any number of processes share.

    Guarantees: what `find` returns is whole; a key is made by one process at a time, and the others wait for it and
    share the result; a process that is killed leaves nothing that looks finished.
    """

    def __init__(self, root: Path | None = None) -> None:
        self.root = default_root() if root is None else root

    def find(self, key: str) -> Path | None:
        """Return the folder of the finished run, or None."""
        folder = self.root / "runs" / key
        return folder if folder.is_dir() else None

    def get_or_make(
        self,
        key: str,
        make: Callable[[Path], None],
        on_wait: Callable[[], None] | None = None,
        sound: Callable[[Path], bool] = lambda _: True,
    ) -> Path:
        """Return the finished run; when there is none, `make(folder)` fills an empty folder that becomes it.

        `on_wait` is called once when another process is making this run and this one has to wait. A run that is not
        `sound` is removed and made again. Whatever `make` raises passes through and leaves no run. Raises
        OutputFileError when the disk is full or not writable.
        """
        if kept := self._kept(key, sound):
            return kept
        with self.locked(key, on_wait):
            return self._kept(key, sound) or self._make(key, make)

    def checkpoint_folder(self, key: str) -> Path:
        """Return the existing folder for this run's training state; it outlives an interrupted `make`."""
        return make_folder(self.root / "checkpoints" / key)

    def forget_checkpoints(self, key: str) -> None:
        """Remove this run's training state, if there is any; others who share the run may do so at the same moment."""
        folder = self.root / "checkpoints" / key
        doomed = folder.with_name(f"{key}.{os.getpid()}")
        try:
            folder.rename(doomed)
        except FileNotFoundError:
            return
        shutil.rmtree(doomed)

    def forget_run(self, key: str) -> None:
        """Remove this run, if there is one, so that the next request makes it again."""
        with self.locked(key):
            if folder := self.find(key):
                shutil.rmtree(folder)

    @contextmanager
    def locked(self, key: str, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
        """Hold this key's lock: nobody else makes, removes or illustrates this run meanwhile."""
        with clear_errors(self.root):
            lock = self._lock(key)
            try:
                lock.acquire(timeout=GRACE_SECONDS)
            except Timeout:
                if on_wait is not None:
                    on_wait()
                lock.acquire()
            try:
                yield
            finally:
                lock.release()

    def _kept(self, key: str, sound: Callable[[Path], bool]) -> Path | None:
        folder = self.find(key)
        return folder if folder is not None and sound(folder) else None

    def _make(self, key: str, make: Callable[[Path], None]) -> Path:
        self._sweep(key)
        final = make_folder(self.root / "runs") / key
        partial = Path(tempfile.mkdtemp(prefix=f"{key}.", dir=make_folder(self.root / "partial")))
        try:
            make(partial)
            partial.chmod(0o755)  # mkdtemp's folders are the owner's alone; runs are shared
            if final.exists():
                shutil.rmtree(final)  # damaged
            partial.rename(final)
        except BaseException:
            shutil.rmtree(partial)
            raise
        return final

    def _sweep(self, key: str) -> None:
        """Remove what ended processes left: whoever makes a run holds its lock, so a free lock proves an orphan."""
        for folder in sorted((self.root / "partial").glob("*.*")):
            owner = folder.name.partition(".")[0]
            if owner == key:
                shutil.rmtree(folder)
                continue
            try:
                with self._lock(owner).acquire(blocking=False):
                    shutil.rmtree(folder, ignore_errors=True)
            except Timeout:
                continue

    def _lock(self, key: str) -> FileLock:
        return FileLock(make_folder(self.root / "locks") / f"{key}.lock")


_ROOMS = ("contracts", "physics", "networks", "pipeline", "scores", "files", "runs")
STAGE_SOURCES = (*_ROOMS, "seeds.py")
"""Whatever can change data: the stages and all they import, the readers of files among it."""


def run_key(
    resolved_values: Mapping[str, Any], code_version: str, threads: Mapping[str, int | str]
) -> str:
    """Return the run's key, 32 hexadecimal digits: equal for equal content, whatever its order, nesting or name.

    `resolved_values` holds every effective value of the scenario, nested or with dotted keys, without provenance:
    where a value came from does not change the result.
    """
    own_words = {"name", "description"}  # are no content
    values = {key: value for key, value in flatten(resolved_values) if key not in own_words}
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
    files = sorted((root / "catalogue").glob("*.py"))
    own = "".join(_without_others(one.read_text(encoding="utf-8"), wanted) for one in files)
    return source_digest(root, ("apply.py", "fault.py"), extra=own)


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

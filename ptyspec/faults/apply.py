"""Faults applied by name: here for as long as a `with` lasts, in child processes by environment.

PTYSPEC_FAULT names the active faults, comma-separated: set while faults are applied here, for
children and the names of stored runs, and read by whoever starts a process (`from_environment`).
A fault is never active by accident, and never silently.
"""

import atexit
import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from ptyspec.errors import PtyspecError
from ptyspec.faults.catalogue import fault
from ptyspec.faults.fault import Fault, Patch
from ptyspec.runs.environment import FAULTS, active_faults


@contextmanager
def applied(*names: str) -> Iterator[tuple[Fault, ...]]:
    """Apply faults in the order given, and take them back in the opposite one, whatever happens.

    A module that is not loaded yet is patched when it is, so that nothing heavy is imported for it.
    Raises UnknownNameError before anything is changed, and PtyspecError for a seam that is not
    there.
    """
    found = tuple(fault(name) for name in names)
    before = os.environ.get(FAULTS)
    with ExitStack() as undo:
        for one in found:
            for patch in one.patches:
                undo.enter_context(exchanged(patch))
        os.environ[FAULTS] = ",".join([*active_faults(), *names])
        try:
            yield found
        finally:
            if before is None:
                os.environ.pop(FAULTS, None)
            else:
                os.environ[FAULTS] = before


def applied_once(*names: str) -> AbstractContextManager[tuple[Fault, ...]]:
    """Apply those of the faults that are not active yet, as `applied` does."""
    return applied(*(name for name in names if name not in active_faults()))


def from_environment() -> ExitStack:
    """Apply what PTYSPEC_FAULT names, for the rest of this process or until the stack is closed."""
    names = active_faults()
    os.environ.pop(FAULTS, None)
    stack = ExitStack()
    if names:
        stack.enter_context(applied(*names))
        # This holds it: a stack that nobody keeps is closed when it is collected.
        atexit.register(stack.close)
    return stack


@contextmanager
def exchanged(patch: Patch) -> Iterator[None]:
    """Put a patch of a fault in place: now where its module is loaded, else when it is.

    Raises PtyspecError that names fault and target where there is no such seam, now or from that
    import.
    """
    with ExitStack() as undo:
        if patch.module in sys.modules:
            undo.enter_context(_in_place(patch))
        else:
            hook = _AtImport(patch, undo)
            sys.meta_path.insert(0, hook)
            undo.callback(sys.meta_path.remove, hook)
        yield


@contextmanager
def _in_place(patch: Patch) -> Iterator[None]:
    """Exchange the attribute where it is defined and wherever one of our modules holds it."""
    *path, last = patch.path
    owner: Any = sys.modules[patch.module]
    try:
        for part in path:
            owner = getattr(owner, part)
        original = vars(owner)[last]
    except (AttributeError, KeyError, TypeError):  # TypeError: what has no attributes of its own
        what = f"the fault {patch.of} has no seam {patch.target}"
        limit = "an attribute that is defined there, not inherited"
        step, source = "correct the target of the patch", "fault catalogue"
        raise PtyspecError(
            what, value=patch.target, limit=limit, source=source, next_step=step
        ) from None
    replacement = patch.make(original)
    setattr(owner, last, replacement)
    if not path:
        _exchange(original, replacement)
    try:
        yield
    finally:
        if vars(owner).get(last) is replacement:
            setattr(owner, last, original)
        if not path:
            _exchange(replacement, original)  # in modules that were loaded meanwhile, too


def _exchange(old: Any, new: Any) -> None:
    for module_name, module in list(sys.modules.items()):
        # Only these hold the original under a name of their own.
        ours = module_name.partition(".")[0] in ("ptyspec", "tests", "benchmarks")
        if module is None or not ours:
            continue
        names = vars(module)
        own = (value for name, value in names.items() if type(value) is dict and name[:2] != "__")
        for table in [names, *own]:
            for key in [key for key, value in table.items() if value is old]:
                table[key] = new


class _AtImport(MetaPathFinder, Loader):
    """Patches a module right after it was executed for the first time.

    It stands before the module's own loader, which may be shared: pytest's is.
    """

    loader: Loader

    def __init__(self, patch: Patch, undo: ExitStack) -> None:
        self.patch, self.undo, self._busy = patch, undo, False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the module as usual, and have it patched."""
        if fullname != self.patch.module or self._busy:
            return None
        self._busy = True
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._busy = False
        if spec is not None and spec.loader is not None:
            self.loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self.loader.exec_module(module)
        self.undo.enter_context(_in_place(self.patch))

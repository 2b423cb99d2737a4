"""Try mutants: a process that has the libraries loaded forks a child for each, in which the module is the mutant.

Nothing is written into the checkout: the child imports the changed source instead of the file. The parent never loads
the package itself, nor TensorFlow, so that a child begins clean.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import resource
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

CPU_SECONDS, BYTES = 20, 6 << 30
"""Limits of one mutant: an endless loop is a timeout, an endless array an error."""
WARM = (
    "numpy",
    "numpy.testing",
    "scipy.fft",
    "scipy.ndimage",
    "scipy.optimize",
    "scipy.spatial",
    "scipy.special",
    "scipy.stats",
    "skimage.metrics",
    "skimage.registration",
    "pydantic",
    "yaml",
    "filelock",
    "_pytest.assertion.rewrite",
    "hypothesis",
    "hypothesis.core",
    "hypothesis.strategies",
    "hypothesis.extra.numpy",
    "hypothesis.internal.conjecture.engine",
)
FORCED = "raise AssertionError('this module was broken to see that the cases notice')\n"


@contextmanager
def warm() -> Iterator[None]:
    """Load what every case needs but the package, and keep what cases write out of the user's folders."""
    for name in WARM:
        importlib.import_module(name)
    for plugin in entry_points(group="pytest11"):
        if plugin.name != "ptyspec":
            plugin.load()
    with TemporaryDirectory(prefix="ptyspec-mutation-") as folder:
        os.environ |= {
            "PTYSPEC_HOME": folder,
            "HYPOTHESIS_STORAGE_DIRECTORY": folder,
            "OMP_NUM_THREADS": "1",
        }
        os.environ.pop("PTYSPEC_FAULT", None)
        yield


def attempt(module: str, source: str, cases: Sequence[str]) -> str:
    """Return what the cases make of a source in the place of a module: `killed`, `timeout` or `survived`."""
    assert not any(name.partition(".")[0] in ("ptyspec", "tensorflow") for name in sys.modules)
    child = os.fork()
    if child == 0:
        _limit()
        os._exit(_run(module, source, cases))
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "timeout" if os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGKILL) else "killed"
    return "survived" if os.WEXITSTATUS(status) == 0 else "killed"


def check(module: str, source: str, cases: Sequence[str]) -> None:
    """Raise RuntimeError unless the cases pass as things are and fail where the module cannot even be imported."""
    if (found := attempt(module, source, cases)) != "survived":
        raise RuntimeError(
            f"{module}: the cases do not pass without a mutant ({found}): {' '.join(cases)}"
        )
    if (found := attempt(module, FORCED, cases)) != "killed":
        raise RuntimeError(
            f"{module}: the cases do not notice that the module is broken ({found}): {' '.join(cases)}"
        )


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))


def _run(module: str, source: str, cases: Sequence[str]) -> int:
    import pytest

    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    first = _First(_Instead(module, source))
    try:
        return int(
            pytest.main(
                ["-x", "-q", "-p", "no:cacheprovider", "--tb=no", "--no-header", *cases],
                plugins=[first],
            )
        )
    except BaseException:  # whatever a mutant raises where pytest does not catch it
        return 1


class _First:
    """A pytest plugin: puts the finder before pytest's own, which would load our package from its file."""

    def __init__(self, finder: _Instead) -> None:
        self.finder = finder

    def pytest_configure(self) -> None:
        assert self.finder.module not in sys.modules, "it was loaded before it could be exchanged"
        sys.meta_path.insert(0, self.finder)


class _Instead(MetaPathFinder, Loader):
    """Loads one module from another source."""

    def __init__(self, module: str, source: str) -> None:
        self.module, self.source, self.busy = module, source, False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.module or self.busy:
            return None
        self.busy = True
        spec = importlib.util.find_spec(fullname)
        self.busy = False
        assert spec is not None
        spec.loader = self
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        code = compile(self.source, str(module.__file__), "exec")
        exec(code, vars(module))


def module_name(path: Path) -> str:
    """`ptyspec/physics/scale.py` as `ptyspec.physics.scale`."""
    return ".".join(path.with_suffix("").parts)

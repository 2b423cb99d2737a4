"""The environment of a run: what must be equal for two runs to be equal bit by bit (environment.json).

Versions are read from package metadata, so that asking costs no import of a numerical library.
"""

import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import ptyspec
from ptyspec.runs.threads import current_threads

LIBRARIES = ("numpy", "scipy", "keras", "tensorflow", "scikit-image", "jax", "torch")
ALIASES = {"tensorflow": ("tensorflow", "tensorflow-cpu", "tensorflow-macos")}

FAULTS = "PTYSPEC_FAULT"
"""Environment variable that names the faults of this process and its children, comma-separated (ptyspec.faults)."""

# Instruction sets that select other kernels, hence other bits, in BLAS and oneDNN; highest level first.
LEVELS = (
    ("x86-64-v4", {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}),
    ("x86-64-v3", {"avx2", "bmi1", "bmi2", "fma", "movbe"}),
    ("x86-64-v2", {"sse4_1", "sse4_2", "ssse3", "popcnt"}),
)


def environment(seeds: Mapping[str, int]) -> dict[str, Any]:
    """Return the content of environment.json: JSON values only, the same keys on every platform."""
    from ptyspec.contracts.records import Environment  # pydantic: the plugin asks for no record

    settings = current_threads()
    own = {"python": platform.python_version(), "ptyspec": ptyspec.__version__}
    facts = Environment(
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        versions=own | library_versions(),
        backend=settings["backend"],
        threads={name: settings[name] for name in ("intra", "inter", "omp")},
        onednn=settings["onednn"],
        cpu=cpu(),
        platform=platform.platform(),
        seeds=dict(seeds),
        commit=commit(),
        faults=list(active_faults()),
    )
    return facts.model_dump(mode="json")


def active_faults() -> tuple[str, ...]:
    """Return the ids of the faults that are active in this process: none, unless somebody asked for some."""
    return tuple(name for name in os.environ.get(FAULTS, "").split(",") if name)


def fingerprint() -> str:
    """One line that names what changes bits: versions, backend, threads, oneDNN, CPU level."""
    settings, installed, active = current_threads(), library_versions(), ", ".join(active_faults())
    versions = " ".join(f"{name} {installed[name]}" for name in ("numpy", "keras", "tensorflow"))
    threads = "+".join(str(settings[name]) for name in ("intra", "inter", "omp"))
    text = f"{versions}, threads {threads}, oneDNN {settings['onednn']}, {cpu()['level']}"
    return f"{text}, with faults {active}" if active else text


@cache
def library_versions() -> dict[str, str | None]:
    """Return the installed version of every numerical library, None where it is absent; imports none of them."""
    return {name: version_of(name) for name in LIBRARIES}


def version_of(library: str) -> str | None:
    """Return the installed version of a library under whichever name it was installed, None where it is absent."""
    return _version(ALIASES.get(library, (library,)))


@cache
def cpu() -> dict[str, str | int | None]:
    """Return the processor's model, feature level (x86-64-v1 to v4, else the architecture) and CPU count."""
    facts, machine = _cpuinfo(), platform.machine()
    flags = set(facts.get("flags", "").split())
    level = machine
    if flags and machine.lower() in ("x86_64", "amd64"):
        level = next((name for name, needed in LEVELS if needed <= flags), "x86-64-v1")
    model = facts.get("model name") or platform.processor() or None
    return {"model": model, "level": level, "count": os.cpu_count()}


@cache
def commit() -> str | None:
    """Return the commit of the checkout this package runs from, `-dirty` appended when it is changed, else None."""
    root = Path(ptyspec.__file__).resolve().parent.parent
    if not (root / ".git").exists():  # a directory, or the file of a worktree
        return None
    head = _git(root, "rev-parse", "HEAD")
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", "--", "ptyspec")
    return f"{head}-dirty" if head and changed else head


def _git(root: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return None  # no git, or a file system that does not answer: the commit is unknown, the run is not wrong
    return done.stdout.strip() if done.returncode == 0 else None


def _version(names: tuple[str, ...]) -> str | None:
    for name in names:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None


def _cpuinfo() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return {}
    first = path.read_text(encoding="utf-8", errors="replace").split("\n\n", 1)[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {name.strip(): value.strip() for name, _, value in pairs}

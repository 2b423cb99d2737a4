"""The checks of `ptyspec doctor`, each a function that returns what it saw."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Literal

from packaging.requirements import Requirement

from ptyspec.runs.environment import commit, cpu
from ptyspec.runs.threads import current_threads, default_threads, usable_cpus

PYTHON = (3, 11)
MEMORY_GB, DISK_GB = 1.5, 1.0
"""What `run --profile standard` needs at most, and room for a few runs (a standard run takes about 50 MB)."""
BACKENDS = ("tensorflow", "jax", "torch")
HAZARD_SECONDS = 120
HAZARD = """
import numpy as np, tensorflow as tf
generator = np.random.default_rng(0)
a = generator.standard_normal((16, 1, 64, 32)).astype("float32")
b = generator.standard_normal((32, 64)).astype("float32")
print("DIFF", float(np.abs(tf.matmul(a, b).numpy() - a @ b).max()))
"""
"""oneDNN's batched product of (B, 1, m, k) by (k, n), the shape that gridsize 1 would ask for (BUG-TF-001)."""


@dataclass(frozen=True)
class Check:
    """One line of the checkup; `next_step` says what to do about a failure."""

    name: str
    state: Literal["ok", "info", "fail"]
    value: str
    next_step: str = ""


def _check(name: str, fine: bool, value: str, next_step: str) -> Check:
    return Check(name, "ok" if fine else "fail", value, next_step)


def checks() -> list[Check]:
    """Return every check, in the order in which a failure of one explains those after it."""
    backend, wanted = str(current_threads()["backend"]), ".".join(map(str, PYTHON))
    told = f"{default_threads()} a run, {usable_cpus()} usable processors"
    advice = f"set KERAS_BACKEND to one of {', '.join(BACKENDS)}"
    python, install = platform.python_version(), f"install Python {wanted} or newer"
    return [
        _check("python", sys.version_info >= PYTHON, python, install),
        *packages(),
        _check("backend", backend in BACKENDS, backend, advice),
        Check("threads", "ok", told),
        memory(),
        *storage(),
        hazard(),
        Check("processor", "info", f"{cpu()['model']}, {cpu()['level']}"),
        Check("commit", "info", commit() or "not a checkout"),
    ]


def packages(name: str = "ptyspec") -> list[Check]:
    """Check every required package against the version that is needed."""
    try:
        lines = requires(name) or []
    except PackageNotFoundError:
        advice = "pip install -e . in the checkout"
        return [Check("packages", "fail", f"{name} is not installed", advice)]
    markers = {line: Requirement(line).marker for line in lines}
    return [
        _package(line)
        for line, marker in markers.items()
        if marker is None or marker.evaluate({"extra": ""})
    ]


def _package(line: str) -> Check:
    needed = Requirement(line)
    install = f"pip install '{needed.name}{needed.specifier}'"
    try:
        here = version(needed.name)
    except PackageNotFoundError:
        return Check(needed.name, "fail", "missing", install)
    fine = needed.specifier.contains(here, prereleases=True)
    return _check(needed.name, fine, f"{here} (needs {needed.specifier})", install)


def memory() -> Check:
    """Check the free memory."""
    free = _free_memory_gb()
    if free is None:
        return Check("free memory", "info", "unknown on this system")
    advice = "close other programs, or run with --profile quick"
    return _check("free memory", free >= MEMORY_GB, f"{free:.1f} GB (needs {MEMORY_GB})", advice)


def _free_memory_gb() -> float | None:
    path = Path("/proc/meminfo")
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    line = re.search(r"MemAvailable:\s+(\d+) kB", text)
    return int(line.group(1)) * 1024 / 1e9 if line else None


def storage() -> list[Check]:
    """Check that the store can be written and has room."""
    from ptyspec.runs.store import HOME_VARIABLE, default_root

    root = default_root()
    advice = f"set {HOME_VARIABLE} to a folder that you may write"
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError as error:
        return [Check("store", "fail", f"{root}: {error.strerror}", advice)]
    free = shutil.disk_usage(root).free / 1e9
    told, room = f"{free:.1f} GB (needs {DISK_GB})", f"free space on that disk, or {advice}"
    return [
        Check("store", "ok", str(root), advice),
        _check("free disk", free >= DISK_GB, told, room),
    ]


def hazard() -> Check:
    """Run the product that crashes TensorFlow with oneDNN in a child process, and say what it did.

    A crash is a fact about this TensorFlow, not a failure: the project never asks for that shape.
    """
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-c", HAZARD]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=HAZARD_SECONDS, env=environment
        )
    except subprocess.TimeoutExpired:
        return Check("rank-4 matmul", "info", f"no answer in {HAZARD_SECONDS} s")
    avoided = "this project avoids it (rank 3)"
    if done.returncode < 0:
        told = f"crashes here (signal {-done.returncode}); {avoided}"
        return Check("rank-4 matmul", "info", told)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        advice = "reinstall the pinned versions: pip install -c constraints.txt -e ."
        return Check("tensorflow", "fail", last[:200], advice)
    difference = float(done.stdout.split("DIFF")[1])
    told = "right here" if difference < 1e-3 else f"wrong by {difference:.3g} here; {avoided}"
    return Check("rank-4 matmul", "info", told)

"""The checks of `ptyspec doctor`, each a function that returns what it found."""

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

from ptyspec.runs.environment import commit, cpu
from ptyspec.runs.threads import current_threads, default_threads, usable_cpus

PYTHON = (3, 11)
MEMORY_GB, DISK_GB = 1.5, 1.0
"""What `run --profile standard` needs at most, and room for a few runs (a standard run takes about 50 MB)."""
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


def checks() -> list[Check]:
    """Return every check, in the order in which a failure of one explains those after it."""
    return [
        python(),
        *packages(),
        backend(),
        threads(),
        memory(),
        *storage(),
        hazard(),
        Check("processor", "info", f"{cpu()['model']}, {cpu()['level']}"),
        Check("commit", "info", commit() or "not a checkout"),
    ]


def python() -> Check:
    """Check the interpreter's version."""
    wanted = ".".join(map(str, PYTHON))
    fine = sys.version_info >= PYTHON
    return Check(
        "python",
        "ok" if fine else "fail",
        platform.python_version(),
        f"install Python {wanted} or newer",
    )


def packages(name: str = "ptyspec") -> list[Check]:
    """Check every required package against the version that is needed."""
    try:
        lines = requires(name) or []
    except PackageNotFoundError:
        return [
            Check(
                "packages", "fail", f"{name} is not installed", "pip install -e . in the checkout"
            )
        ]
    return [_package(line) for line in lines if "extra ==" not in line and _applies(line)]


def _package(line: str) -> Check:
    name = re.match(r"[A-Za-z0-9._-]+", line.strip())
    assert name is not None
    least = re.search(r">=\s*([0-9.]+)", line.partition(";")[0])
    install = f"pip install '{line.partition(';')[0].strip()}'"
    try:
        found = version(name.group())
    except PackageNotFoundError:
        return Check(name.group(), "fail", "missing", install)
    needed = least.group(1) if least else "0"
    fine = _numbers(found) >= _numbers(needed)
    return Check(
        name.group(), "ok" if fine else "fail", f"{found} (needs {needed} or newer)", install
    )


def _applies(line: str) -> bool:
    """Evaluate the two markers that this project's requirements use."""
    facts = {"sys_platform": sys.platform, "platform_machine": platform.machine()}
    marker = line.partition(";")[2]
    tests = re.findall(r"(\w+)\s*(==|!=)\s*['\"]([^'\"]*)['\"]", marker)
    results = [(facts.get(key) == value) == (sign == "==") for key, sign, value in tests]
    return all(results) if " or " not in marker else any(results)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def backend() -> Check:
    """Check that the Keras backend is one this project's physics runs on."""
    name = str(current_threads()["backend"])
    known = ("tensorflow", "jax", "torch")
    return Check(
        "backend",
        "ok" if name in known else "fail",
        name,
        f"set KERAS_BACKEND to one of {', '.join(known)}",
    )


def threads() -> Check:
    """Report the threads a run would use."""
    return Check("threads", "ok", f"{default_threads()} a run, {usable_cpus()} usable processors")


def memory() -> Check:
    """Check the free memory."""
    free = _free_memory_gb()
    if free is None:
        return Check("free memory", "info", "unknown on this system")
    advice = "close other programs, or run with --profile quick"
    return Check(
        "free memory",
        "ok" if free >= MEMORY_GB else "fail",
        f"{free:.1f} GB (needs {MEMORY_GB})",
        advice,
    )


def _free_memory_gb() -> float | None:
    path = Path("/proc/meminfo")
    found = (
        re.search(r"MemAvailable:\s+(\d+) kB", path.read_text(encoding="utf-8"))
        if path.exists()
        else None
    )
    return int(found.group(1)) * 1024 / 1e9 if found else None


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
    room = f"free space on that disk, or {advice}"
    return [
        Check("store", "ok", str(root), advice),
        Check(
            "free disk",
            "ok" if free >= DISK_GB else "fail",
            f"{free:.1f} GB (needs {DISK_GB})",
            room,
        ),
    ]


def hazard() -> Check:
    """Run the product that crashes TensorFlow with oneDNN in a child process, and say what it did.

    A crash is a fact about this TensorFlow, not a failure: the project never asks for that shape.
    """
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", HAZARD],
            capture_output=True,
            text=True,
            timeout=HAZARD_SECONDS,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        return Check("rank-4 matmul", "info", f"no answer in {HAZARD_SECONDS} s")
    if done.returncode < 0:
        return Check(
            "rank-4 matmul",
            "info",
            f"crashes here (signal {-done.returncode}); this project avoids it (rank 3)",
        )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return Check(
            "tensorflow",
            "fail",
            last[:200],
            "reinstall the pinned versions: pip install -c constraints.txt -e .",
        )
    difference = float(done.stdout.split("DIFF")[1])
    words = (
        "right here"
        if difference < 1e-3
        else f"wrong by {difference:.3g} here; this project avoids it (rank 3)"
    )
    return Check("rank-4 matmul", "info", words)

"""`ptyspec doctor`: is this machine fit to run the project, and if not, what to do."""

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

import typer
from packaging.requirements import Requirement

from ptyspec.cli import options
from ptyspec.cli.output import BROKEN, line, print_json
from ptyspec.errors import MissingPackageError, PtyspecError
from ptyspec.extras import EXTRAS, installed
from ptyspec.runs.threads import default_threads, usable_cpus

STYLES = {"ok": "green", "info": "cyan", "fail": "bold red"}


def doctor(as_json: options.Json = False) -> None:
    """Check Python, packages, extras, threads, memory, disk, store and backend; exit code 3 where one fails."""
    rows = checks()
    failed = any(row.state == "fail" for row in rows)
    if as_json:
        keys = ("name", "state", "value", "next")
        told = [dict(zip(keys, vars(row).values(), strict=True)) for row in rows]
        print_json({"schema_version": 1, "status": "fail" if failed else "ok", "checks": told})
    for row in rows if not as_json else ():
        line(f"{row.state:<4}", STYLES[row.state], end="  ")
        line(f"{row.name:<18} {row.value}")
        if row.state == "fail":
            line(f"{'':<25}do: {row.next_step}")
    raise typer.Exit(BROKEN if failed else 0)


PYTHON = (3, 11)
MEMORY_GB, DISK_GB = 1.5, 1.0
"""What `run --profile standard` needs at most, and room for a few runs (a standard run takes about 50 MB)."""
SECONDS = 120
PRODUCT = """
from ptyspec.networks.framework import keras, ops
one = ops.ones((2, 2))
assert (keras.ops.convert_to_numpy(ops.matmul(one, one)) == 2).all()
"""


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
    from ptyspec.runs.environment import commit, cpu

    wanted = ".".join(map(str, PYTHON))
    told = f"{default_threads()} a run, {usable_cpus()} usable processors"
    python, install = platform.python_version(), f"install Python {wanted} or newer"
    return [
        _check("python", sys.version_info >= PYTHON, python, install),
        *packages(),
        *optional(),
        Check("threads", "ok", told),
        memory(),
        *storage(),
        *backend(),
        Check("processor", "info", f"{cpu()['model']}, {cpu()['level']}"),
        Check("commit", "info", commit() or "not a checkout"),
    ]


def packages() -> list[Check]:
    """Check every required package against the version that is needed."""
    try:
        needed = [Requirement(line) for line in requires("ptyspec") or []]
    except PackageNotFoundError:
        advice = "pip install -e . in the checkout"
        return [Check("packages", "fail", "ptyspec is not installed", advice)]
    bare = {"extra": ""}
    return [package(one) for one in needed if one.marker is None or one.marker.evaluate(bare)]


def package(needed: Requirement) -> Check:
    """Check one package."""
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
    return [Check("store", "ok", str(root)), _check("free disk", free >= DISK_GB, told, room)]


def optional() -> list[Check]:
    """Tell which extras are there; one that is missing is no fault of the machine."""
    from ptyspec.runs.environment import version_of

    rows = []
    for extra, names in EXTRAS.items():
        there = ", ".join(f"{name} {version_of(name)}" for name in names if installed(name))
        install = f"pip install 'ptyspec[{extra}]'"
        if installed(*names):
            rows.append(Check(f"[{extra}]", "ok", there))
        else:
            rows.append(Check(f"[{extra}]", "info", f"not installed: {install}", install))
    return rows


def backend() -> list[Check]:
    """Check that Keras runs on its backend, in a child process, since it may crash; info where no backend is installed."""
    from ptyspec.networks import framework

    name = framework.backend()
    known = ", ".join(framework.BACKENDS)
    advice = f"set {framework.VARIABLE} to one of {known}"
    rows = [_check("backend", name in framework.BACKENDS, name, advice)]
    try:
        framework.require("training")
    except MissingPackageError as error:
        # Wrong where another backend is there: KERAS_BACKEND names one that is not.
        other = any(installed(*EXTRAS[one]) for one in framework.BACKENDS)
        step = str(error.details["next"])
        return [Check("backend", "fail" if other else "info", error.sentence, step)]
    except PtyspecError:
        return rows
    return [*rows, _computes(name)]


def _computes(name: str) -> Check:
    command = [sys.executable, "-c", PRODUCT]
    label, advice = f"{name} runs", f"pip install --force-reinstall 'ptyspec[{name}]'"
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return Check(label, "fail", f"no answer in {SECONDS} s", advice)
    last = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
    seen = last[:200] if done.returncode else "yes"
    return _check(label, done.returncode == 0, seen, advice)

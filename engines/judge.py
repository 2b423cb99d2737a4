"""Build an engine's environment, hold the engine to the clauses, keep what they said."""

import hashlib
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from inspect import getsourcefile
from pathlib import Path
from typing import Any

import ptyspec
from engines.catalogue import HERE, ROOT, Engine
from engines.documents import ClauseVerdict, EngineVerdict, verdict, verdict_file
from ptyspec.checks.judge import registered
from ptyspec.files.jsonfile import write_json
from ptyspec.runs.pipelines import maker

THREADS = (
    *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
)
VERSIONS = "import importlib.metadata as m, json, sys; print(json.dumps({'python': sys.version.split()[0], **{d.metadata['Name'].lower(): d.version for d in m.distributions()}}))"
SHOWN = ("python", "numpy", "scipy", "torch", "keras", "ptyspec")


def build(engine: Engine, environments: Path) -> None:
    """Make the environment, once: the pinned packages, and this package without its own requirements."""
    wanted = HERE / "requirements" / f"{engine.environment}.txt"
    folder = environments / engine.environment
    stamp = folder / "installed.txt"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted.read_text(encoding="utf-8"):
        return
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
    pip.append("--disable-pip-version-check")
    subprocess.run([*pip, "--only-binary", ":all:", "-r", wanted], check=True)
    subprocess.run([*pip, "--no-deps", "-e", ROOT], check=True)
    stamp.write_text(wanted.read_text(encoding="utf-8"), encoding="utf-8")


def digest(engine: Engine) -> str:
    """Return what names the adapter, its requirements, the clauses and the checks."""
    package = ROOT / "ptyspec"
    looks = {"box", "seeded", "untrained", "watched", "network"}
    ours = {getsourcefile(check.function) for check in registered() if check.door in looks}
    paths = [*engine.sources, package / "checks" / "box.py", *sorted(filter(None, ours))]
    made = hashlib.sha256(engine.adapter.encode())
    for path in map(Path, [*paths, ROOT / "specs" / "spec-reconstruction.md"]):
        made.update(path.read_bytes())
    return made.hexdigest()[:16]


def one_thread() -> None:
    """Give engines one thread each: on a shared machine several wait for each other."""
    os.environ.update(dict.fromkeys(THREADS, "1"))


def judge(engine: Engine, environments: Path, *, again: bool = False) -> EngineVerdict:
    """Return what the clauses say of an engine, and keep it; a kept verdict of the same files stands, unless `again`."""
    kept, name = verdict(engine.name), digest(engine)
    if kept is not None and kept.digest == name and not again:
        return kept
    one_thread()
    begun = time.monotonic()
    made: Any = maker(engine.command(environments))()
    box = made() if isinstance(made, type) else made
    settings = dict(box.settings)
    results = ptyspec.check(box, progress=True)
    document = EngineVerdict(
        engine=engine.name,
        date=datetime.now(UTC).date().isoformat(),
        versions=versions(engine, environments),
        settings=settings,
        seconds=round(time.monotonic() - begun, 1),
        digest=name,
        status=results.status,
        clauses=sorted(
            (
                ClauseVerdict(
                    clause=one.clause,
                    state=one.state.value,
                    what=_portable(one.what),
                    observed=_portable(one.observed),
                    expected=one.expected,
                )
                for one in results
            ),
            key=lambda one: one.clause,
        ),
    )
    write_json(verdict_file(engine.name), document)
    return document


def _portable(text: str) -> str:
    """The words without the paths of this machine."""
    return text.replace(str(ROOT), ".").replace(str(Path.cwd()), ".").splitlines()[0][:300]


def versions(engine: Engine, environments: Path) -> dict[str, str]:
    """Return the versions of what took part."""
    python = environments / engine.environment / "bin" / "python"
    words = [python if engine.environment else sys.executable, "-c", VERSIONS]
    found = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    found["ptyspec"] = ptyspec.__version__
    return {name: found[name] for name in (engine.package, *SHOWN) if name in found}

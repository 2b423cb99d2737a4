"""What other processes and long trainings left behind, kept beside the runs: made once a version of the code.

Evidence is kept, never a verdict: the cases judge it anew in every session. Whatever can change it names it: every file
of the package, the file that asks with the helpers of its children, the libraries, the processor, the threads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

import ptyspec
from ptyspec.contracts.bundles import Array
from ptyspec.contracts.records import History
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.pipeline.protocol import Trained
from ptyspec.runs.environment import cpu
from ptyspec.runs.store import RunStore, code_version, run_key
from ptyspec.runs.threads import current_threads

PACKAGE = Path(ptyspec.__file__).parent
HELPERS = [Path(__file__).with_name(name) for name in ("child.py", "evidence.py", "tiny_runs.py")]


@contextmanager
def evidence(
    request: pytest.FixtureRequest, make: Callable[[Path], object], part: str = ""
) -> Iterator[Path]:
    """The folder that `make` filled, now or in an earlier session; `part` tells several of one file apart.

    Evidence beside which a case failed is not kept: the next session looks for itself.
    """
    failed = request.session.testsfailed
    store, key = RunStore(RunStore().root / "evidence"), key_of(request.path, part)
    yield store.get_or_make(key, make)
    if request.session.testsfailed > failed:
        store.forget_run(key)


@dataclass(frozen=True)
class Training:
    """What a training left: its weights before and after, and its history."""

    untrained: list[Array]
    weights: list[Array]
    history: History


def save_training(folder: Path, name: str, made: Trained) -> None:
    np.savez(folder / f"{name}.untrained.npz", *made.untrained)
    np.savez(folder / f"{name}.weights.npz", *made.weights)
    write_json(folder / f"{name}.history.json", made.history.model_dump(mode="json"))


def load_training(folder: Path, name: str) -> Training:
    def arrays(kind: str) -> list[Array]:
        with np.load(folder / f"{name}.{kind}.npz") as file:
            return [file[name] for name in file.files]

    history = History.model_validate(read_json(folder / f"{name}.history.json"))
    return Training(arrays("untrained"), arrays("weights"), history)


def key_of(asking: Path, part: str) -> str:
    content = {
        "file": asking.name,
        "part": part,
        "sources": digest_of([*HELPERS, asking]),
        "package": package(),
    }
    return run_key(
        content | {f"cpu.{name}": fact for name, fact in cpu().items()},
        code_version(),
        current_threads(),
    )


@cache
def package() -> str:
    """Digest of every file of the package: a child may go through all of it, the command line included."""
    return digest_of(
        path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    )


def digest_of(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        content = path.read_bytes()
        digest.update(f"\0{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()

"""A clause as symptom: its cases are run under the faults and the pipeline of a subset, in a process of their own."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from ptyspec.errors import ConfigError, PtyspecError
from ptyspec.explanations.claims import Run
from ptyspec.explanations.deltas import FAULT, PIPELINE, Delta
from ptyspec.explanations.plan import Outcome, Subset
from ptyspec.files.disk import make_folder
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.runs.environment import FAULTS
from ptyspec.runs.run_spec import REFERENCE
from ptyspec.runs.store import default_root
from ptyspec.spec.collect import collect, state

ENDS = {0: Outcome.PASS, 1: Outcome.FAIL}
"""pytest's exit codes that say something of the cases; every other one says that they could not be judged."""
SECONDS = 1800
Watch = Callable[[Subset, Outcome, float | None, float], None]


def reaching(deltas: Sequence[Delta]) -> tuple[tuple[Delta, ...], tuple[Delta, ...]]:
    """Return what can reach the cases of a clause, and what cannot: they bring their own settings.

    Raises ConfigError where nothing can.
    """
    able = tuple(delta for delta in deltas if delta.is_fault or delta.name == PIPELINE)
    if not able:
        raise ConfigError(
            "the cases of a clause bring their own settings: these differences cannot reach them",
            value=", ".join(delta.name for delta in deltas) or "no difference",
            limit="faults and pipeline",
            source="--symptom",
            next_step="use a symptom of a run, such as 'amplitude.mean_ratio<0.9'",
        )
    return able, tuple(delta for delta in deltas if delta not in able)


@dataclass
class ClauseBench:
    """Runs the cases of one clause; FAIL where one of them fails, kept in the store by code and subset."""

    root: Path
    clause: str
    deltas: Sequence[Delta]
    common: Sequence[str]
    """Faults that both sides have."""
    pipeline: str = REFERENCE
    """Who walks the stages, where both sides have the same."""
    processes: int = 2
    watch: Watch | None = None
    made: int = 0
    cpu_seconds: float = 0.0
    seen: dict[Subset, Outcome] = field(default_factory=dict)
    said: dict[Subset, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        mine = [case for case in collect(self.root) if self.clause in case.clauses]
        self.cheap = [case.id for case in mine if case.tier == "contract"]
        self.cases = [*self.cheap, *(case.id for case in mine if case.tier != "contract")]
        self.code = state(self.root)
        if not self.cases:
            raise ConfigError(
                "this clause has no case",
                value=self.clause,
                source="--symptom",
                next_step="ptyspec trace",
            )

    def narrow(self) -> None:
        """Look at the contract tier alone where its cases see the symptom: the others train."""
        every, self.cases = self.cases, self.cheap or self.cases
        whole = frozenset(delta.name for delta in self.deltas)
        if self._run(whole)[0] is not Outcome.FAIL:
            self.cases = every

    def outcomes(self, subsets: Sequence[Subset]) -> list[Outcome]:
        """Run the cases under each subset."""
        fresh = [subset for subset in subsets if subset not in self.seen]
        with ThreadPoolExecutor(self.processes) as pool:
            for subset, (outcome, seconds) in zip(fresh, pool.map(self._run, fresh), strict=True):
                self.seen[subset] = outcome
                if self.watch is not None:
                    self.watch(subset, outcome, None, seconds)
        return [self.seen[subset] for subset in subsets]

    def number(self, subset: Subset) -> float | None:
        """Return 1 where the clause holds, 0 where not: what shares are of."""
        return {Outcome.PASS: 1.0, Outcome.FAIL: 0.0}.get(self.seen.get(subset, Outcome.UNRESOLVED))

    def repeated(self, subsets: Sequence[Subset], count: int) -> dict[Subset, list[Run]]:
        """Return no run: cases fix their seeds."""
        return {subset: [] for subset in subsets}

    def unreadable(self) -> PtyspecError:
        """Return the error for cases that cannot be judged without any difference."""
        return ConfigError(
            "the cases of the clause cannot be judged in GOOD",
            value=self.said.get(frozenset(), ""),
            source=self.clause,
            next_step=f"ptyspec trace --clause {self.clause}",
        )

    def command(self, subset: Subset) -> tuple[list[str], dict[str, str]]:
        """Return pytest's words and what is added to the environment."""
        on = {
            delta.name: delta.bad if delta.name in subset else delta.good for delta in self.deltas
        }
        faults = sorted(
            {
                name.removeprefix(FAULT)
                for name, is_on in on.items()
                if name.startswith(FAULT) and is_on
            }
        )
        pipeline = on.get(PIPELINE, self.pipeline)
        words = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-x",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
        ]
        more = [] if pipeline == REFERENCE else [f"--ptyspec-pipeline={pipeline}"]
        return [*words, *more, *self.cases], {FAULTS: ",".join([*self.common, *faults])}

    def _run(self, subset: Subset) -> tuple[Outcome, float]:
        words, more = self.command(subset)
        name = hashlib.sha256(repr((self.code, self.clause, words[1:], more)).encode()).hexdigest()[
            :32
        ]
        path = make_folder(default_root() / "clauses") / f"{name}.json"
        begun = monotonic()
        if path.exists():
            found = read_json(path)
        else:
            self.made += 1
            found = self._made(words, more)
            if found["code"] in ENDS:  # what only broke around the cases may hold the next time
                write_json(path, found)
        self.said[subset] = found["tail"]
        return ENDS.get(found["code"], Outcome.UNRESOLVED), monotonic() - begun

    def _made(self, words: Sequence[str], more: Mapping[str, str]) -> dict[str, Any]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
        try:
            done = subprocess.run(
                words,
                cwd=self.root,
                env={**kept, **more},
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"code": None, "tail": f"no end after {SECONDS} s"}
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        return {"schema_version": 1, "code": done.returncode, "tail": tail}

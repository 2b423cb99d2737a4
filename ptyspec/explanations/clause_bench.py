"""A clause as symptom: its cases are run under the faults and the pipeline of a subset, in a process of their own."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

from ptyspec.errors import ConfigError, PtyspecError
from ptyspec.explanations.deltas import differences
from ptyspec.explanations.explanation import ChainRow, Difference, SeedRun
from ptyspec.explanations.laboratory import Watch
from ptyspec.explanations.plan import Outcome, Subset
from ptyspec.explanations.stages import Chain
from ptyspec.runs.environment import FAULTS
from ptyspec.runs.run_spec import FAULT, PIPELINE, REFERENCE, RunSpec
from ptyspec.runs.store import answer
from ptyspec.spec.collect import collect, state

ENDS = {0: Outcome.PASS, 1: Outcome.FAIL}
"""pytest's exit codes that say something of the cases; every other one says that they could not be judged."""
SECONDS = 1800
PYTEST = (sys.executable, *["-m", "pytest", "-q", "-x", "-p", "no:xdist", "-p", "no:cacheprovider"])


def reaching(deltas: Sequence[Difference]) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
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


class ClauseBench:
    """Runs the cases of one clause; FAIL where one of them fails, kept in the store by code and subset.

    - deltas, beyond: the differences that reach the cases, and those that do not.
    - common: faults that both sides have; pipeline: who walks the stages, where both have the same.
    """

    def __init__(
        self,
        root: Path,
        clause: str,
        good: RunSpec,
        bad: RunSpec,
        processes: int = 2,
        watch: Watch | None = None,
    ) -> None:
        self.root, self.clause, self.processes, self.watch = root, clause, processes, watch
        self.deltas, self.beyond = reaching(differences(good.settings(), bad.settings()))
        self.common, self.pipeline = {*good.faults} & {*bad.faults}, good.pipeline
        self.made, self.cpu_seconds = 0, 0.0
        self.seen: dict[Subset, Outcome] = {}
        self.said: dict[Subset, str] = {}
        mine = [case for case in collect(root) if clause in case.clauses]
        self.cheap = [case.id for case in mine if case.tier == "contract"]
        self.cases = [*self.cheap, *(case.id for case in mine if case.tier != "contract")]
        self.code = state(root)
        if not self.cases:
            raise ConfigError(
                "this clause has no case",
                value=clause,
                source="--symptom",
                next_step="ptyspec trace",
            )

    def narrow(self) -> None:
        """Look at the contract tier alone where its cases see the symptom: the others train."""
        every, self.cases = self.cases, self.cheap or self.cases
        if self._run(frozenset(delta.name for delta in self.deltas))[0] is not Outcome.FAIL:
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

    def repeated(self, subsets: Sequence[Subset], count: int) -> dict[Subset, list[SeedRun]]:
        """Return no run: cases fix their seeds."""
        return {subset: [] for subset in subsets}

    def chain(self, tell: Callable[[str], None]) -> Chain:
        """Return no chain: stages are not spliced here."""
        return Chain(ChainRow(reason="a clause is judged by its cases"))

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
        on = {one.name: one.bad if one.name in subset else one.good for one in self.deltas}
        pipeline = on.pop(PIPELINE, self.pipeline)
        faults = sorted({name.removeprefix(FAULT) for name, active in on.items() if active})
        more = [] if pipeline == REFERENCE else [f"--ptyspec-pipeline={pipeline}"]
        return [*PYTEST, *more, *self.cases], {FAULTS: ",".join([*sorted(self.common), *faults])}

    def _run(self, subset: Subset) -> tuple[Outcome, float]:
        words, more = self.command(subset)
        text = repr((self.code, self.clause, words[1:], more))
        begun = monotonic()
        found = answer(
            "clauses",
            hashlib.sha256(text.encode()).hexdigest()[:32],
            lambda: self._made(words, more),
            lambda made: (
                made["code"] in ENDS
            ),  # what only broke around the cases may hold next time
        )
        self.said[subset] = found["tail"]
        return ENDS.get(found["code"], Outcome.UNRESOLVED), monotonic() - begun

    def _made(self, words: Sequence[str], more: Mapping[str, str]) -> dict[str, Any]:
        self.made += 1
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
        return {"code": done.returncode, "tail": tail}

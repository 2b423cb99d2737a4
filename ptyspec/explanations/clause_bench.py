"""A clause as symptom: its cases are run under the faults and the pipeline of a subset, in a process of their own."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

from ptyspec.errors import ConfigError, PtyspecError
from ptyspec.explanations.deltas import differences
from ptyspec.explanations.explanation import Difference
from ptyspec.explanations.laboratory import Bench, Tell
from ptyspec.explanations.search import NOTHING, Outcome, Run, Subset
from ptyspec.faults.campaign import PYTEST
from ptyspec.runs.environment import FAULTS
from ptyspec.runs.run_spec import FAULT, PIPELINE, REFERENCE, RunSpec
from ptyspec.runs.store import answer
from ptyspec.spec.cases import collect, state

ENDS = {0: Run(outcome=Outcome.PASS, number=1.0), 1: Run(outcome=Outcome.FAIL, number=0.0)}
"""pytest's exit codes that say something of the cases, 1 where the clause holds: what shares are of."""
SECONDS = 1800


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


class ClauseBench(Bench):
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
        tell: Tell = lambda _: None,
    ) -> None:
        able, self.beyond = reaching(differences(good.settings(), bad.settings()))
        super().__init__(able, processes, tell)
        self.root, self.clause = root, clause
        self.common, self.pipeline = {*good.faults} & {*bad.faults}, good.pipeline
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
        whole = frozenset(delta.name for delta in self.deltas)
        if self._run(whole).outcome is not Outcome.FAIL:
            self.cases = every

    def runs(self, subsets: Sequence[Subset]) -> list[Run]:
        """Run the cases under each subset."""
        with ThreadPoolExecutor(self.processes) as pool:
            return list(pool.map(self._run, subsets))

    def unreadable(self) -> PtyspecError:
        """Return the error for cases that cannot be judged without any difference."""
        return ConfigError(
            "the cases of the clause cannot be judged in GOOD",
            value=self.said.get(NOTHING, ""),
            source=self.clause,
            next_step=f"ptyspec trace --clause {self.clause}",
        )

    def _run(self, subset: Subset) -> Run:
        on = {one.name: one.bad if one.name in subset else one.good for one in self.deltas}
        pipeline = on.pop(PIPELINE, self.pipeline)
        faults = sorted({name.removeprefix(FAULT) for name, active in on.items() if active})
        more = [] if pipeline == REFERENCE else [f"--ptyspec-pipeline={pipeline}"]
        asked = [*more, *self.cases], ",".join([*sorted(self.common), *faults])
        key = hashlib.sha256(repr((self.code, self.clause, *asked)).encode()).hexdigest()[:32]
        begun = monotonic()
        # What only broke around the cases may hold next time.
        found = answer("clauses", key, lambda: self._made(*asked), lambda it: it["code"] in ENDS)
        self.said[subset] = found["tail"]
        run = ENDS.get(found["code"], Run(outcome=Outcome.UNRESOLVED))
        self.tell_of(subset, run, monotonic() - begun)
        return run

    def _made(self, words: Sequence[str], faults: str) -> dict[str, Any]:
        self.made += 1
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")}
        try:
            done = subprocess.run(
                [*PYTEST, "-x", *words],
                cwd=self.root,
                env=kept | {FAULTS: faults},
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

"""Where subsets become runs, several side by side: of a scenario, or of the cases of a clause."""

import hashlib
import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from typing import Any

from ptyspec.errors import ConfigError, PtyspecError
from ptyspec.experiments.observe import Observation, Observers, known
from ptyspec.explanations.explanation import (
    ChainRow,
    Difference,
    SeedRun,
    differences,
    settings_with,
)
from ptyspec.explanations.search import Outcome, Run, Subset, Symptom, unread
from ptyspec.explanations.splice import Splicer
from ptyspec.faults.campaign import PYTEST
from ptyspec.pipeline.protocol import Progress
from ptyspec.runs.environment import FAULTS
from ptyspec.runs.pipelines import is_box, maker
from ptyspec.runs.run_spec import FAULT, PIPELINE, REFERENCE, RunSpec
from ptyspec.runs.store import answer
from ptyspec.spec.cases import collect, state

Tell = Callable[[str], None]
SILENT: Tell = Progress().message
TRAINING_SEED = "seeds.training"


class Bench(ABC):
    """What makes the runs between two sides.

    - deltas: in what they differ. processes: runs at a time. tell: is told of each run.
    - made: runs that were not in the store.
    """

    def __init__(self, deltas: tuple[Difference, ...], processes: int, tell: Tell) -> None:
        self.deltas, self.processes, self.tell = deltas, processes, tell
        self.made = self.told = 0

    @abstractmethod
    def runs(self, subsets: Sequence[Subset]) -> list[Run]:
        """Make runs and say how each ended."""

    def repeated(self, subsets: Sequence[Subset], count: int) -> dict[Subset, list[SeedRun]]:
        """Return how the same subsets end with `count` other seeds; none where they have no such seed."""
        return {subset: [] for subset in subsets}

    def chain(self, bad: Run, good: Run) -> ChainRow:
        """Return where the symptom enters, or why that is not asked."""
        return ChainRow(reason="a clause is judged by its cases")

    def notes(self, causes: Sequence[Sequence[str]]) -> tuple[str, ...]:
        """Return what a reader of the story should know beside the runs."""
        return ()

    def left(self, best: Subset | None) -> dict[str, str]:
        """Return what an interrupted search leaves, as the words of an error; `best`: the smallest failing set."""
        return {
            "value": "finished runs are kept",
            "next_step": "the same command goes on from there",
        }

    @abstractmethod
    def unreadable(self, side: str, subset: Subset) -> PtyspecError:
        """Return the error for a GOOD or BAD from which the symptom cannot be read."""

    def tell_of(self, subset: Subset, run: Run, seconds: float, seed: int | None = None) -> None:
        """Tell of a run in a line: what GOOD took over, how it ended, its number, another seed."""
        self.told += 1
        names = ", ".join(sorted(name.removeprefix(FAULT) for name in subset))
        taken = f"{len(subset)} taken over: {names if len(subset) < 5 else '…'}"
        taken += "" if seed is None else f"; seed {seed}"
        self.tell(f"run {self.told:>3}  {run.text():<24}{seconds:6.1f} s  {taken}")


class Laboratory(Bench):
    """Makes runs of a scenario; use it as a context manager, so that its processes end.

    Observations come from the store where it has them, so that an interrupted search goes on where it was.
    """

    def __init__(
        self, good: RunSpec, bad: RunSpec, symptom: Symptom, processes: int = 2, tell: Tell = SILENT
    ) -> None:
        super().__init__(differences(good.settings(), bad.settings()), processes, tell)
        self.good, self.bad, self.symptom = good, bad, symptom
        self._observers = Observers(processes)

    def __enter__(self) -> "Laboratory":
        return self

    def __exit__(self, *error: object) -> None:
        self._observers.__exit__(*error)

    def runs(self, subsets: Sequence[Subset]) -> list[Run]:
        """Make runs and say how each ended."""
        return self._runs([(subset, {}) for subset in subsets])

    def repeated(self, subsets: Sequence[Subset], count: int) -> dict[Subset, list[SeedRun]]:
        """Return how the same subsets end with `count` other training seeds; none where GOOD and BAD differ in it."""
        found = super().repeated(subsets, count)
        if any(delta.name == TRAINING_SEED for delta in self.deltas):
            return found
        first = int(self.good.settings()[TRAINING_SEED])
        seeds = range(first + 1, first + count + 1)
        asked = [(subset, {TRAINING_SEED: seed}) for subset in subsets for seed in seeds]
        for (subset, more), run in zip(asked, self._runs(asked), strict=True):
            found[subset].append(SeedRun(seed=more[TRAINING_SEED], **dict(run)))
        return found

    def chain(self, bad: Run, good: Run) -> ChainRow:
        """Return where the symptom enters, by splicing the stages of both sides; a black box has none."""
        words = {self.good.pipeline, self.bad.pipeline}
        if REFERENCE not in words and any(is_box(maker(one)()) for one in words):
            return ChainRow(reason="a black box has no stages")
        return Splicer(self.good, self.bad).chain(self.symptom, bad, good, self.tell)

    def unreadable(self, side: str, subset: Subset) -> PtyspecError:
        """Return the error for a GOOD or BAD from which the symptom cannot be read."""
        return unread(self.symptom, self._seen(subset, {}).result(), side)

    def _runs(self, asked: Sequence[tuple[Subset, Mapping[str, Any]]]) -> list[Run]:
        waiting = [self._seen(subset, more) for subset, more in asked]
        found = []
        for (subset, more), seen in zip(asked, waiting, strict=True):
            made = seen.result()
            found.append(self.symptom.read(made))
            spent = float(made.get("seconds", 0.0))
            self.tell_of(subset, found[-1], spent, more.get(TRAINING_SEED))
        return found

    def _seen(self, subset: Subset, more: Mapping[str, Any]) -> Future[Observation]:
        try:
            one = self._spec(subset, more)
        except PtyspecError as error:  # there is no such run, which is an answer
            ended = {"outcome": "refused", "stage": "settings", "error": str(error)}
            refused: Future[Observation] = Future()
            refused.set_result({**ended, "metrics": {}, "numbers": {}})
            return refused
        self.made += not known(one)
        return self._observers.submit(one)

    def _spec(self, subset: Subset, more: Mapping[str, Any]) -> RunSpec:
        settings = settings_with(self.good.settings(), self.deltas, subset)
        return self.good.with_settings({**settings, **more})


ENDS = {0: Run(outcome=Outcome.PASS, number=1.0), 1: Run(outcome=Outcome.FAIL, number=0.0)}
"""pytest's exit codes that say something of the cases, 1 where the clause holds: what shares are of."""
SECONDS = 1800


def reaching(deltas: Sequence[Difference]) -> tuple[tuple[Difference, ...], tuple[Difference, ...]]:
    """Return what can reach the cases of a clause, and what cannot: they bring their own settings.

    Raises ConfigError where nothing can.
    """
    able = tuple(delta for delta in deltas if delta.is_fault or delta.name == PIPELINE)
    if not able:
        what = "the cases of a clause bring their own settings: these differences cannot reach them"
        step = "use a symptom of a run, such as 'amplitude.mean_ratio<0.9'"
        limit = "faults and pipeline"
        value = ", ".join(delta.name for delta in deltas) or "no difference"
        raise ConfigError(what, value=value, limit=limit, source="--symptom", next_step=step)
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
        tell: Tell = SILENT,
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
            none, more = "this clause has no case", "ptyspec trace"
            raise ConfigError(none, value=clause, source="--symptom", next_step=more)

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

    def notes(self, causes: Sequence[Sequence[str]]) -> tuple[str, ...]:
        """Return which differences do not reach the cases."""
        names = ", ".join(delta.name for delta in self.beyond)
        told = f"Cases bring their own settings; these differences do not reach them: {names}."
        return (told,) if names else ()

    def unreadable(self, side: str, subset: Subset) -> PtyspecError:
        """Return the error for cases that cannot be judged in GOOD or in BAD."""
        what = f"the cases of the clause cannot be judged in {side}"
        step = f"ptyspec trace --clause {self.clause}"
        value = self.said.get(subset, "")
        return ConfigError(what, value=value, source=self.clause, next_step=step)

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
            how: Any = {"cwd": self.root, "env": kept | {FAULTS: faults}, "timeout": SECONDS}
            how |= {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL}
            done = subprocess.run([*PYTEST, "-x", *words], check=False, **how)
        except subprocess.TimeoutExpired:
            return {"code": None, "tail": f"no end after {SECONDS} s"}
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        return {"code": done.returncode, "tail": tail}

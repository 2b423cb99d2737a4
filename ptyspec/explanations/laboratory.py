"""Where subsets become runs: settings, run, observation, outcome; several side by side in lasting processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from ptyspec.errors import PtyspecError
from ptyspec.experiments.observe import Observation, Observers, known
from ptyspec.explanations.deltas import differences, settings_with
from ptyspec.explanations.explanation import SeedRun
from ptyspec.explanations.plan import Outcome, Subset
from ptyspec.explanations.splice import Splicer
from ptyspec.explanations.stages import LAST, Chain
from ptyspec.explanations.symptom import Symptom, unread
from ptyspec.runs.run_spec import RunSpec

Watch = Callable[[Subset, Outcome, float | None, float], None]
"""Called after each run with its subset, outcome, number and seconds."""
TRAINING_SEED = "seeds.training"


class Laboratory:
    """Makes runs between GOOD and BAD; use it as a context manager, so that its processes end.

    Observations come from the store where it has them, so that an interrupted search goes on where it was.

    - made: runs that were not in the store. cpu_seconds: of all runs when they were made, those from the store too.
    """

    def __init__(
        self,
        good: RunSpec,
        bad: RunSpec,
        symptom: Symptom,
        processes: int = 2,
        watch: Watch | None = None,
    ) -> None:
        self.good, self.bad, self.symptom, self.watch = good, bad, symptom, watch
        self.deltas = differences(good.settings(), bad.settings())
        self.seen: dict[Subset, Observation] = {}
        self.made, self.cpu_seconds = 0, 0.0
        self._observers = Observers(processes)

    def __enter__(self) -> Laboratory:
        return self

    def __exit__(self, *error: object) -> None:
        self._observers.__exit__(*error)

    def outcomes(self, subsets: Sequence[Subset]) -> list[Outcome]:
        """Make runs and say how each ended: the oracle of a search."""
        fresh = [subset for subset in subsets if subset not in self.seen]
        for subset, found in zip(fresh, self._run([(subset, {}) for subset in fresh]), strict=True):
            self.seen[subset] = found
        return [self.symptom.outcome(self.seen[subset]) for subset in subsets]

    def number(self, subset: Subset) -> float | None:
        """Return the number behind the symptom, None where there is no such run or number."""
        return self.symptom.number(self.seen[subset]) if subset in self.seen else None

    def repeated(self, subsets: Sequence[Subset], count: int) -> dict[Subset, list[SeedRun]]:
        """Return how the same subsets end with `count` other training seeds; none where GOOD and BAD differ in it."""
        found: dict[Subset, list[SeedRun]] = {subset: [] for subset in subsets}
        if any(delta.name == TRAINING_SEED for delta in self.deltas):
            return found
        first = int(self.good.settings()[TRAINING_SEED])
        asked = [(subset, first + at) for subset in subsets for at in range(1, count + 1)]
        made = self._run([(subset, {TRAINING_SEED: seed}) for subset, seed in asked])
        for (subset, seed), one in zip(asked, made, strict=True):
            outcome, number = self.symptom.outcome(one), self.symptom.number(one)
            found[subset].append(SeedRun(seed=seed, outcome=outcome, number=number))
        return found

    def chain(self, tell: Callable[[str], None]) -> Chain:
        """Return where the symptom enters, by splicing the stages of both sides; both have been run."""
        whole = frozenset(delta.name for delta in self.deltas)
        with Splicer(self.good, self.bad) as splicer:
            ends = {0: self.seen[whole], LAST: self.seen[frozenset()]}
            return splicer.chain(self.symptom, ends, tell)

    def unreadable(self) -> PtyspecError:
        """Return the error for a GOOD from which the symptom cannot be read."""
        return unread(self.symptom, self.seen[frozenset()])

    def _run(self, asked: Sequence[tuple[Subset, Mapping[str, Any]]]) -> list[Observation]:
        waiting = [self._start(subset, more) for subset, more in asked]
        found = []
        for (subset, more), one in zip(asked, waiting, strict=True):
            made = one.result() if isinstance(one, Future) else one
            self.cpu_seconds += made.get("cpu_seconds", 0.0)
            found.append(made)
            if self.watch is not None and not more:
                seconds = float(made.get("seconds", 0.0))
                self.watch(subset, self.symptom.outcome(made), self.symptom.number(made), seconds)
        return found

    def _start(self, subset: Subset, more: Mapping[str, Any]) -> Observation | Future[Observation]:
        settings = settings_with(self.good.settings(), self.deltas, subset)
        try:
            one = self.good.with_settings({**settings, **more})
        except PtyspecError as error:  # there is no such run, which is an answer
            ended = {"outcome": "refused", "stage": "settings", "error": str(error)}
            return {**ended, "metrics": {}, "numbers": {}}
        self.made += not known(one)
        return self._observers.submit(one)

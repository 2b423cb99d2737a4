"""Where subsets become runs: settings, run, observation, outcome; several side by side in lasting processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from ptyspec.errors import PtyspecError
from ptyspec.experiments.observe import Observation, Observers, known, observe
from ptyspec.explanations.deltas import differences, settings_with
from ptyspec.explanations.explanation import ChainRow, Difference, SeedRun
from ptyspec.explanations.search import NOTHING, Run, Subset
from ptyspec.explanations.splice import Splicer
from ptyspec.explanations.symptom import Symptom, unread
from ptyspec.runs.run_spec import FAULT, RunSpec

Tell = Callable[[str], None]
TRAINING_SEED = "seeds.training"


class Bench:
    """What makes the runs between two sides.

    - deltas: in what they differ. processes: runs at a time. tell: is told of each run.
    - made: runs that were not in the store.
    """

    def __init__(self, deltas: tuple[Difference, ...], processes: int, tell: Tell) -> None:
        self.deltas, self.processes, self.tell = deltas, processes, tell
        self.made = self.told = 0

    def runs(self, subsets: Sequence[Subset]) -> list[Run]:
        """Make runs and say how each ended."""
        raise NotImplementedError

    def repeated(self, subsets: Sequence[Subset], count: int) -> dict[Subset, list[SeedRun]]:
        """Return how the same subsets end with `count` other training seeds; none where they have no such seed."""
        return {subset: [] for subset in subsets}

    def chain(self, bad: Run, good: Run) -> ChainRow:
        """Return where the symptom enters, or why that is not asked."""
        return ChainRow(reason="a clause is judged by its cases")

    def unreadable(self) -> PtyspecError:
        """Return the error for a GOOD from which the symptom cannot be read."""
        raise NotImplementedError

    def tell_of(self, subset: Subset, run: Run, seconds: float) -> None:
        """Tell of a run in a line: what GOOD took over, how it ended, its number."""
        self.told += 1
        names = ", ".join(sorted(name.removeprefix(FAULT) for name in subset))
        taken = f"{len(subset)} taken over: {names if len(subset) < 5 else '…'}"
        self.tell(f"run {self.told:>3}  {run.text():<24}{seconds:6.1f} s  {taken}")


class Laboratory(Bench):
    """Makes runs of a scenario; use it as a context manager, so that its processes end.

    Observations come from the store where it has them, so that an interrupted search goes on where it was.
    """

    def __init__(
        self,
        good: RunSpec,
        bad: RunSpec,
        symptom: Symptom,
        processes: int = 2,
        tell: Tell = lambda _: None,
    ) -> None:
        super().__init__(differences(good.settings(), bad.settings()), processes, tell)
        self.good, self.bad, self.symptom = good, bad, symptom
        self._observers = Observers(processes)

    def __enter__(self) -> Laboratory:
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
        """Return where the symptom enters, by splicing the stages of both sides."""
        return Splicer(self.good, self.bad).chain(self.symptom, bad, good, self.tell)

    def unreadable(self) -> PtyspecError:
        """Return the error for a GOOD from which the symptom cannot be read."""
        return unread(self.symptom, observe(self._spec(NOTHING, {})))

    def _runs(self, asked: Sequence[tuple[Subset, Mapping[str, Any]]]) -> list[Run]:
        waiting = [self._start(subset, more) for subset, more in asked]
        found = []
        for (subset, more), one in zip(asked, waiting, strict=True):
            made = one.result() if isinstance(one, Future) else one
            found.append(self.symptom.read(made))
            if not more:
                self.tell_of(subset, found[-1], float(made.get("seconds", 0.0)))
        return found

    def _start(self, subset: Subset, more: Mapping[str, Any]) -> Observation | Future[Observation]:
        try:
            one = self._spec(subset, more)
        except PtyspecError as error:  # there is no such run, which is an answer
            ended = {"outcome": "refused", "stage": "settings", "error": str(error)}
            return {**ended, "metrics": {}, "numbers": {}}
        self.made += not known(one)
        return self._observers.submit(one)

    def _spec(self, subset: Subset, more: Mapping[str, Any]) -> RunSpec:
        settings = settings_with(self.good.settings(), self.deltas, subset)
        return self.good.with_settings({**settings, **more})

"""Where subsets become runs: settings, variant, observation, outcome; several side by side in lasting processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

from ptyspec.errors import PtyspecError
from ptyspec.experiments.observe import Observation, begin_worker, known, observe
from ptyspec.experiments.variant import Variant
from ptyspec.explanations.claims import Run
from ptyspec.explanations.deltas import Delta, settings_with
from ptyspec.explanations.plan import Outcome, Subset
from ptyspec.explanations.symptom import Symptom, unread
from ptyspec.runs.threads import default_threads

Watch = Callable[[Subset, Outcome, float | None, float], None]
"""Called after each run with its subset, outcome, number and seconds."""
TRAINING_SEED = "seeds.training"


@dataclass
class Laboratory:
    """Makes runs between GOOD and BAD; use it as a context manager, so that its processes end.

    Observations come from the store where it has them, so that an interrupted search goes on where it was.
    """

    good: Variant
    deltas: Sequence[Delta]
    symptom: Symptom
    processes: int = 2
    watch: Watch | None = None
    seen: dict[Subset, Observation] = field(default_factory=dict)
    made: int = 0
    """Runs that were not in the store."""
    cpu_seconds: float = 0.0
    """What all runs took when they were made, those from the store among them."""
    _pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Laboratory:
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def outcomes(self, subsets: Sequence[Subset]) -> list[Outcome]:
        """Make runs and say how each ended: the oracle of a search."""
        self._observe([subset for subset in subsets if subset not in self.seen])
        return [self.symptom.outcome(self.seen[subset]) for subset in subsets]

    def number(self, subset: Subset) -> float | None:
        """Return the number behind the symptom, None where there is no such run or number."""
        return self.symptom.number(self.seen[subset]) if subset in self.seen else None

    def repeated(self, subsets: Sequence[Subset], count: int) -> dict[Subset, list[Run]]:
        """Return how the same subsets end with `count` other training seeds; none where GOOD and BAD differ in it."""
        if any(delta.name == TRAINING_SEED for delta in self.deltas):
            return {subset: [] for subset in subsets}
        first = int(self.good.settings()[TRAINING_SEED])
        asked = [(subset, first + at) for subset in subsets for at in range(1, count + 1)]
        made = self._run([self._variant(subset, {TRAINING_SEED: seed}) for subset, seed in asked])
        found: dict[Subset, list[Run]] = {subset: [] for subset in subsets}
        for (subset, seed), one in zip(asked, made, strict=True):
            found[subset].append((seed, self.symptom.outcome(one), self.symptom.number(one)))
        return found

    def unreadable(self) -> PtyspecError:
        """Return the error for a GOOD from which the symptom cannot be read."""
        return unread(self.symptom, self.seen[frozenset()])

    def _observe(self, subsets: Sequence[Subset]) -> None:
        def tell(at: int, found: Observation) -> None:
            subset = subsets[at]
            self.seen[subset] = found
            if self.watch is not None:
                seconds = float(found.get("seconds", 0.0))
                self.watch(subset, self.symptom.outcome(found), self.symptom.number(found), seconds)

        self._run([self._variant(subset, {}) for subset in subsets], tell)

    def _variant(self, subset: Subset, more: Mapping[str, Any]) -> Variant | PtyspecError:
        try:
            return self.good.with_settings(
                {**settings_with(self.good.settings(), self.deltas, subset), **more}
            )
        except PtyspecError as error:
            return error  # settings that contradict each other: there is no such run, which is an answer

    def _run(
        self,
        variants: Sequence[Variant | PtyspecError],
        tell: Callable[[int, Observation], None] | None = None,
    ) -> list[Observation]:
        waiting = [self._start(one) for one in variants]
        found = []
        for at, one in enumerate(waiting):
            made = one.result() if isinstance(one, Future) else one
            self.cpu_seconds += made.get("cpu_seconds", 0.0)
            found.append(made)
            if tell is not None:
                tell(at, made)
        return found

    def _start(self, one: Variant | PtyspecError) -> Observation | Future[Observation]:
        if isinstance(one, PtyspecError):
            return {
                "outcome": "refused",
                "stage": "settings",
                "error": str(one),
                "metrics": {},
                "numbers": {},
            }
        if known(one):
            return observe(one)
        self.made += 1
        if self._pool is None:
            # Spawned: a fork after TensorFlow has run hangs. The processes stay, for each start costs seconds.
            self._pool = ProcessPoolExecutor(
                self.processes,
                get_context("spawn"),
                initializer=begin_worker,
                initargs=(default_threads(), os.getpid()),
            )
        return self._pool.submit(observe, one)

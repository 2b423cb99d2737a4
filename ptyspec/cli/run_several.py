"""One run or several by one command, one after the other, each with its verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptyspec.cli.failures import BROKEN

if TYPE_CHECKING:
    from ptyspec.checks.verdict import Verdict
    from ptyspec.cli.progress import RichProgress
    from ptyspec.experiments.variant import Variant

Make = Callable[["Variant", Path | None], Path]
"""Makes one run, or finds it finished, and returns its folder."""


@dataclass(frozen=True)
class Outcome:
    """What became of one request: a finished run with its verdict, or the error where it broke."""

    name: str
    seconds: float
    folder: Path | None = None
    error: str = ""
    metrics: Mapping[str, Any] | None = None
    verdict: Verdict | None = None

    @property
    def words(self) -> str:
        """The verdict as the summary shows it."""
        return self.verdict.words if self.verdict else "the run broke"


def places(asked: Sequence[Variant], out: Path | None, force: bool) -> list[Path | None]:
    """Return each run's own folder below `out`, named like its scenario.

    Raises ConfigError where two would be one, and OutputExistsError where one holds something and not `force`.
    """
    from ptyspec.errors import ConfigError
    from ptyspec.files.disk import check_output

    names = [one.resolved.scenario.name for one in asked]
    if out is None:
        return [None] * len(names)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(
            "two runs of one name have no folders of their own",
            value=", ".join(twice),
            source="--out",
            next_step="run them by two commands, or leave --out away: the store keeps all",
        )
    for name in names:
        check_output(out / name, force)
    return [out / name for name in names]


def run_each(
    asked: Sequence[Variant], where: Sequence[Path | None], make: Make, progress: RichProgress
) -> list[Outcome]:
    """Make every run, the next one also where one broke; an interruption ends all, and what is finished stays."""
    from ptyspec.errors import PtyspecError, TrainingInterruptedError

    found = []
    for done, (one, place) in enumerate(zip(asked, where, strict=True)):
        name = one.resolved.scenario.name
        progress.whole(done, len(asked), name)
        began = time.monotonic()
        try:
            folder = make(one, place)
        except TrainingInterruptedError:
            raise
        except PtyspecError as error:
            progress.message(f"{name} broke: {error}")
            found.append(Outcome(name, time.monotonic() - began, error=str(error)))
            continue
        found.append(finished(name, time.monotonic() - began, folder))
    return found


def run_one(one: Variant, place: Path | None, make: Make) -> Outcome:
    """Make one run; whatever it raises passes through."""
    began = time.monotonic()
    folder = make(one, place)
    return finished(one.resolved.scenario.name, time.monotonic() - began, folder)


def finished(name: str, seconds: float, folder: Path) -> Outcome:
    """Return the outcome of a finished run, with its verdict."""
    from ptyspec.checks.verdict import verdict_of
    from ptyspec.runs.finished_run import FinishedRun

    run = FinishedRun(folder)
    return Outcome(name, seconds, folder, metrics=run.metrics, verdict=verdict_of(run))


def code_of(outcomes: Sequence[Outcome]) -> int:
    """Return the exit code of the whole: a run that broke outweighs one that is wrong."""
    from ptyspec.checks.verdict import CODES, worst

    if any(outcome.error for outcome in outcomes):
        return BROKEN
    return CODES[worst([outcome.verdict for outcome in outcomes if outcome.verdict])]

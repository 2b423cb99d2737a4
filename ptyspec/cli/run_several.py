"""Several runs by one command, one after the other, each held against the clauses that a finished run can show."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptyspec.cli.failures import BROKEN, VIOLATION

if TYPE_CHECKING:
    from ptyspec.cli.progress import RichProgress
    from ptyspec.experiments.variant import Variant
    from ptyspec.report.run_clauses import RunFinding

Make = Callable[["Variant", Path | None], Path]
"""Makes one run, or finds it finished, and returns its folder."""


@dataclass(frozen=True)
class Outcome:
    """What became of one request; `error` where it broke, with the exit code it would have had alone."""

    name: str
    seconds: float
    folder: Path | None = None
    error: str = ""
    code: int = 0
    metrics: Mapping[str, Any] | None = None
    findings: tuple[RunFinding, ...] = ()

    @property
    def broken(self) -> list[RunFinding]:
        """Clauses that this run breaks."""
        return [finding for finding in self.findings if finding.ok is False]

    @property
    def wrong(self) -> list[str]:
        """What is wrong with a finished run."""
        from ptyspec.scores.headline import violations

        return [] if self.metrics is None else violations(self.metrics)


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
            found.append(
                Outcome(name, time.monotonic() - began, error=str(error), code=error.exit_code)
            )
            continue
        found.append(_finished(name, time.monotonic() - began, folder))
    return found


def _finished(name: str, seconds: float, folder: Path) -> Outcome:
    from ptyspec.report.run_clauses import judge
    from ptyspec.runs.finished_run import FinishedRun

    run = FinishedRun(folder)
    return Outcome(name, seconds, folder, metrics=run.metrics, findings=tuple(judge(run)))


def code_of(found: Sequence[Outcome]) -> int:
    """Return the exit code of the whole: a run that broke outweighs one that is wrong."""
    if any(outcome.error for outcome in found):
        return BROKEN
    return VIOLATION if any(outcome.wrong or outcome.broken for outcome in found) else 0

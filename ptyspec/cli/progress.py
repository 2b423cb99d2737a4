"""Progress on stderr: bars on a terminal, a sparing line elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ptyspec.contracts.records import EpochRecord, StageRecord
from ptyspec.scores.headline import alarming

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

QUIET_SECONDS = 2.0
"""A stage shorter than this shows no bar."""
LINES_EVERY = 15.0
"""Seconds between lines where no terminal redraws."""


class RichProgress:
    """A Progress for people: each finished stage a line, a bar with remaining time for what lasts over two seconds.

    On anything but a terminal no bar is drawn: stages get a line each, epochs and steps one line in 15 seconds.
    Use it as a context manager, so that the bar is gone before anything else is printed.
    """

    def __init__(self, console: Console) -> None:
        self.console = console
        self.terminal = console.is_terminal and not console.is_dumb_terminal
        self._bars: Bars | None = None
        self._tasks: dict[str, TaskID] = {}
        self._counts: dict[
            str, tuple[int, float]
        ] = {}  # last count of each unit, and when its counting began
        self._stage = ""
        self._whole: tuple[int, int, str] | None = None  # done, all, and what is at work
        self._began = self._last_line = time.monotonic()

    def __enter__(self) -> RichProgress:
        return self

    def __exit__(self, *error: object) -> None:
        self._whole = None
        self._stop_bar()

    def whole(self, done: int, total: int, note: str) -> None:
        """Show how much of a job of several runs is done; it stays below everything else."""
        self._whole = (done, total, note)
        self._stop_bar()
        if not self.terminal:
            self._line(f"{done}/{total} {note}")

    def stage_started(self, name: str) -> None:
        """Remember when the stage began."""
        self._stop_bar()
        self._stage, self._began = name, time.monotonic()
        self._last_line = self._began
        self._counts = {}

    def stage_finished(self, record: StageRecord) -> None:
        """Print the stage with its time and its scalars."""
        self._stop_bar()
        numbers = "  ".join(f"{key} {value:.5g}" for key, value in record.numbers.items())
        alarms = "".join(
            f"  {key}: {value}" for key, value in record.flags.items() if alarming(key, value)
        )
        self._line(f"{record.name:<12} {record.seconds:7.2f} s  {numbers}{alarms}".rstrip())

    def message(self, text: str) -> None:
        """Print a line."""
        self._line(text)

    def step(self, done: int, total: int, note: str = "") -> None:
        """Move the bar once the stage has lasted two seconds."""
        self._show(done, total, note)

    def epoch(self, record: EpochRecord, total: int) -> None:
        """Move the bar to this epoch and show its losses."""
        losses = [
            f"{key} {record.metrics[key]:.4g}"
            for key in ("loss", "val_loss")
            if record.metrics.get(key) is not None
        ]
        if not record.finite:
            losses.append("not finite")
        self._show(record.epoch, total, "  ".join(losses), unit="epoch")

    def _show(self, done: int, total: int, note: str, unit: str = "") -> None:
        now = time.monotonic()
        last, since = self._counts.get(unit, (0, self._began))
        anew = done <= last  # the next epoch's batches, the next control's sweeps
        self._counts[unit] = (done, now if anew else since)
        if now - self._began < QUIET_SECONDS:
            return
        if self.terminal:
            self._draw(done, total, note, unit, anew=anew)
        elif now - self._last_line >= LINES_EVERY or (unit and done == total):
            self._last_line = now
            left = (now - since) / done * (total - done) if done > 1 and not anew else 0.0
            rest = f"  about {left:.0f} s left" if left >= 1 else ""
            self._line(
                f"{self._stage:<12} {f'{unit} ' if unit else ''}{done}/{total}  {note}{rest}".rstrip()
            )

    def _draw(self, done: int, total: int, note: str, unit: str, *, anew: bool) -> None:
        bars = self._running()
        if unit not in self._tasks:
            self._tasks[unit] = bars.add_task(f"{self._stage} {unit}".strip(), total=total, note="")
        elif anew:
            bars.reset(self._tasks[unit], total=total)
        bars.update(self._tasks[unit], completed=done, total=total, note=note)

    def _stop_bar(self) -> None:
        if self._bars is not None:
            self._bars.stop()
        self._bars, self._tasks = None, {}
        if self._whole is not None and self.terminal:
            done, total, note = self._whole
            self._running().add_task("all", total=total, completed=done, note=note)

    def _running(self) -> Bars:
        if self._bars is None:
            self._bars = _bars(self.console)
            self._bars.start()
        return self._bars

    def _line(self, text: str) -> None:
        from rich.text import Text

        # As Text: nothing that a file says is read as markup.
        self.console.print(Text(text), soft_wrap=True)


def _bars(console: Console) -> Bars:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}", markup=False),
    )
    return Progress(*columns, console=console, transient=True)

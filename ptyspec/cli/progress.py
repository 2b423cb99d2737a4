"""Progress on stderr: a line that is redrawn on a terminal, a sparing line elsewhere."""

import time
from typing import TYPE_CHECKING

from ptyspec.contracts.records import EpochRecord, StageRecord
from ptyspec.pipeline.protocol import Progress
from ptyspec.scores.headline import alarming

if TYPE_CHECKING:
    from rich.console import Console
    from rich.status import Status

QUIET_SECONDS = 2.0
"""A stage shorter than this says nothing before its end."""
BAR, WIDTH = "━", 20
LINES_EVERY = 15.0
"""Seconds between lines where no terminal redraws."""


class RichProgress(Progress):
    """A Progress for people: each finished stage a line; of one that lasts, how far it is and for how long yet.

    Use it as a context manager, so that the line at the bottom is gone before anything else is printed.
    """

    def __init__(self, console: "Console") -> None:
        self.console = console
        self.terminal = console.is_terminal and not console.is_dumb_terminal
        self._status: Status | None = None
        self._job = self._stage = ""
        self._counts: dict[str, tuple[int, float]] = {}
        """By unit: the last count, and when its counting began."""
        self._parts: dict[str, str] = {}
        self._began = self._last_line = time.monotonic()

    def __enter__(self) -> "RichProgress":
        return self

    def __exit__(self, *error: object) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def whole(self, done: int, total: int, note: str) -> None:
        """Say how much of a job of several runs is done; a terminal shows it until the next stage says more."""
        self._job = f"{done}/{total} {note}"
        self._say(self._job)

    def stage_started(self, name: str) -> None:
        """Remember when the stage began."""
        self._stage, self._began = name, time.monotonic()
        self._last_line = self._began
        self._counts, self._parts = {}, {}
        if self._status is not None:
            self._status.update(self._job)

    def stage_finished(self, record: StageRecord) -> None:
        """Print the stage with its time, its scalars and its alarms."""
        facts = [f"{key} {value:.5g}" for key, value in record.numbers.items()]
        facts += [f"{key}: {value}" for key, value in record.flags.items() if alarming(key, value)]
        self.message(f"{record.name:<12} {record.seconds:7.2f} s  {'  '.join(facts)}".rstrip())

    def message(self, text: str) -> None:
        """Print a line."""
        from rich.text import Text

        # As Text: nothing that a file says is read as markup.
        self.console.print(Text(text), soft_wrap=True)

    def step(self, done: int, total: int, note: str = "") -> None:
        """Say how far the stage is, once it has lasted two seconds."""
        self._show(done, total, note)

    def epoch(self, record: EpochRecord, total: int) -> None:
        """Say which epoch has ended, with its losses."""
        known = {key: record.metrics.get(key) for key in ("loss", "val_loss")}
        words = [f"{key} {value:.4g}" for key, value in known.items() if value is not None]
        note = "  ".join(words + ([] if record.finite else ["not finite"]))
        self._show(record.epoch, total, note, unit="epoch")

    def _show(self, done: int, total: int, note: str, unit: str = "") -> None:
        now = time.monotonic()
        last, since = self._counts.get(unit, (0, self._began))
        anew = done <= last  # the next epoch's batches, the next control's sweeps
        self._counts[unit] = (done, now if anew else since)
        left = (now - since) / done * (total - done) if done > 1 and not anew else 0.0
        rest = f"  about {left:.0f} s left" if left >= 1 else ""
        bar = f"{BAR * (WIDTH * done // total):·<{WIDTH}} " if self.terminal and not unit else ""
        self._parts[unit] = f"{bar}{unit} {done}/{total}  {note}{rest}".strip()
        due = self.terminal or now - self._last_line >= LINES_EVERY or (unit and done == total)
        if due and now - self._began >= QUIET_SECONDS:
            self._last_line = now
            self._say(f"{self._stage:<12} {'  '.join(self._parts.values())}")

    def _say(self, text: str) -> None:
        """Redraw the line at the bottom; where nothing redraws, print one."""
        if not self.terminal:
            return self.message(text)
        from rich.text import Text

        if self._status is None:
            self._status = self.console.status("")
            self._status.start()
        return self._status.update(Text(text))

"""How long a process may take for an answer, and how much memory it may hold."""

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from ptyspec.errors import ConfigError

SECONDS = 600.0
LOOK = 0.5
"""Seconds between two looks at the memory."""
WATCHED = Path("/proc/self/stat").exists()


@dataclass(frozen=True)
class Limits:
    """How long one answer may take, and how many bytes the process and its children may hold.

    `memory` None: three quarters of this machine's. Memory is looked at twice a second, on Linux alone; elsewhere a
    limit that is asked for raises ConfigError.
    """

    seconds: float = SECONDS
    memory: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("--seconds", self.seconds), ("--memory", self.memory)):
            if value is not None and not value > 0:
                step = "give a number above 0, or leave it out"
                raise ConfigError(
                    "a limit must be positive", value=value, source=name, next_step=step
                )
        if self.memory is not None and not WATCHED:
            what, step = "memory can be watched on Linux alone", "leave --memory out"
            raise ConfigError(what, value=self.memory, source="--memory", next_step=step)

    @property
    def bytes(self) -> float:
        """The memory limit; infinite where memory cannot be watched."""
        if not WATCHED:
            return float("inf")
        return self.memory or 0.75 * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def resident(session: int) -> float:
    """Return the bytes of memory that all processes of a session hold."""
    pages = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            words = path.read_text().rpartition(")")[2].split()
            pages += int(words[21]) if int(words[3]) == session else 0
    return float(pages * os.sysconf("SC_PAGE_SIZE"))

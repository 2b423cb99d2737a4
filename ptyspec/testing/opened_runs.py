"""Which finished runs a case looked at: folders of the run store of which it opened a file.

Runs are made once and shared, by caches of a process too, so that the call that made a run tells nothing about who
used it; opening its files does. The interpreter's audit events tell of every file that is opened. An audit hook stays
for the life of a process, so it is set only where a report is written.
"""

from __future__ import annotations

import sys
from pathlib import Path

from ptyspec.files.disk import RUN_MARK
from ptyspec.runs.store import default_root

DATA = (".json", ".npz", ".md")


class OpenedRuns:
    """Collects folders between `start` and `stop`; the store is the one of the moment in which this was made."""

    def __init__(self) -> None:
        self.shelf = str(default_root() / "runs")
        self.folders: dict[Path, None] = {}
        self.watching = False
        sys.addaudithook(self._hear)

    def start(self) -> None:
        """Forget what was opened, and watch."""
        self.folders, self.watching = {}, True

    def stop(self) -> list[Path]:
        """Return the folders of finished runs of which a file was opened for reading, in that order."""
        self.watching = False
        return [folder for folder in self.folders if (folder / RUN_MARK).is_file()]

    def _hear(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self.watching or event != "open":
            return
        name = arguments[0]
        if isinstance(name, str) and name.startswith(self.shelf) and name.endswith(DATA):
            self.folders[Path(name).parent] = None

"""The processes of a campaign: so many at a time, each of which leaves FOLDER/NAME.json."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ptyspec.files.jsonfile import read_json, write_json

CLEAN = "clean"
"""The names of parts that ran without any fault begin with this."""
CLEAN_SECONDS = 3600
"""Their limit of time."""


@dataclass
class Children:
    """Starts processes and waits for them; parts that ended before are kept.

    - seconds: limit for one fault. watch: is called while they run.
    """

    folder: Path
    most: int
    seconds: int
    watch: Callable[[], None] = lambda: None
    running: dict[int, tuple[Path, float]] = field(default_factory=dict)

    def start(self, name: str, begin: Callable[[Path], int]) -> None:
        """Start a process when there is room; `begin` gets the path of its part and returns the process's id."""
        part = self.folder / f"{name}.json"
        if not kept(part):
            self.wait(self.most - 1)
            self.running[begin(part)] = (part, time.monotonic())

    def wait(self, most: int = 0) -> None:
        """Wait until at most so many run; end those that take too long."""
        while len(self.running) > most:
            for child, (part, started) in list(self.running.items()):
                done, status = os.waitpid(child, os.WNOHANG)
                limit = CLEAN_SECONDS if _is_clean(part) else self.seconds
                if not done and time.monotonic() - started > limit:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)
                    write_json(part, {"status": "timeout", "reason": f"> {limit} s"})
                elif not done:
                    continue
                del self.running[child]
                if not part.exists():
                    write_json(part, _ended(os.waitstatus_to_exitcode(status), part))
            self.watch()
            time.sleep(0.02)

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Wait for all at the end, and end those that run where something is raised."""
        try:
            yield
            self.wait()
        except BaseException:
            for child in self.running:
                os.kill(child, signal.SIGTERM)
            raise


def kept(part: Path) -> bool:
    """Return whether a part need not run again; one that must is removed.

    Kept are cases that ran to their end and faults that cannot be applied. What broke around the
    cases may hold now, the limit of a timeout may be higher, and without the clean cases nothing
    can be judged.
    """
    if not part.exists():
        return False
    status = read_json(part).get("status")
    if status == "done" or (status == "invalid" and not _is_clean(part)):
        return True
    part.unlink()
    return False


def _is_clean(part: Path) -> bool:
    return part.name.partition("-")[0] == CLEAN


def _ended(code: int, part: Path) -> dict[str, str]:
    """What is told of a process that left no part: its code, and pytest's first words on what went wrong."""
    log, said = part.with_suffix(".log"), ""
    if log.exists():
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        errors = [one.removeprefix("E ") for one in lines if one.startswith(("ERROR: ", "E   "))]
        said = ": " + " ".join(line.strip() for line in errors[:3] or lines[-1:])
    # 2 to 4: the cases could not be collected or the fault not applied.
    status = "invalid" if code in (2, 3, 4) else "infrastructure"
    return {"status": status, "reason": f"the process ended with {code}{said}"[:300]}

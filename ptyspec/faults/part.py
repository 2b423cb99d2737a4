"""A pytest plugin: write how the cases of this process ended into `--ptyspec-part FILE`.

With `--ptyspec-watch ID,ID` it also notes which cases come through the seams of these faults.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from ptyspec.errors import PtyspecError
from ptyspec.faults.seen import Outcomes, watched
from ptyspec.files.jsonfile import write_json


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options that the campaign gives."""
    add = parser.getgroup("ptyspec campaign").addoption
    add("--ptyspec-part", metavar="FILE", help="write how the cases ended here")
    add("--ptyspec-watch", metavar="ID,ID", default="", help="faults whose seams are watched")


def pytest_configure(config: pytest.Config) -> None:
    """Start noting down, before any test module is imported."""
    if file := config.getoption("ptyspec_part"):
        names = [name for name in config.getoption("ptyspec_watch").split(",") if name]
        try:
            part = _Part(Path(file), names)
        except PtyspecError as error:  # pytest would show it among frames of its own
            write_json(Path(file), {"status": "invalid", "reason": str(error)})
            raise pytest.UsageError(str(error)) from error
        config.pluginmanager.register(part, "ptyspec.part")


class _Part(Outcomes):
    """The outcomes of one process."""

    def __init__(self, file: Path, names: list[str]) -> None:
        super().__init__()
        self.file, self.stack = file, ExitStack()
        self.through = self.stack.enter_context(watched(names, self.case))

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        # Pytest's own kinds of it say that the cases could not be collected.
        if excinfo.type is KeyboardInterrupt:
            write_json(self.file, {"status": "infrastructure", "reason": "interrupted"})

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        self.stack.close()
        # Of any other end the caller tells.
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            write_json(self.file, self.part(self.through))

"""Files take their name with the first byte that is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ptyspec.faults.fault import Fault, Patch


def _direct(atomic_file: Callable[..., Any]) -> Callable[..., Any]:
    @contextmanager
    def wrong(path: Path) -> Iterator[BinaryIO]:
        Path(path).unlink(
            missing_ok=True
        )  # a former file may be mapped: shortened, it would end the process
        with Path(path).open("w+b") as file:
            yield file

    return wrong


FAULT = Fault(
    id="written-in-place",
    stage="files",
    story="an interrupted writer leaves a part of a file under the name of the whole",
    patches=(Patch("ptyspec.files.files:atomic_file", _direct),),
    red=("FILE-006",),
    green=("FILE-001", "FILE-007", "DATA-002"),
)

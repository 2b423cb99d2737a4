"""A member that ends early or fails its checksum is read as far as it goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _kept(fill: Callable[..., None]) -> Callable[..., None]:
    def wrong(archive: Any, key: str, member: Any, array: Any) -> None:
        from ptyspec.errors import InputFileError

        try:
            fill(archive, key, member, array)
        except InputFileError:
            return

    return wrong


FAULT = Fault(
    id="damage-passed-over",
    stage="files",
    story="what is missing from a damaged archive is whatever memory held",
    patches=(Patch("ptyspec.files.zipped_arrays:NpzArchive._fill", _kept),),
    red=("FILE-004",),
    green=("FILE-001", "FORMAT-001", "DATA-002"),
)

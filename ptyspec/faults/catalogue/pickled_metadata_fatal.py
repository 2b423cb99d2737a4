"""Metadata that was stored as an object array makes the whole file unreadable (failure signature 16)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _never(is_pickled: Callable[..., bool]) -> Callable[..., bool]:
    return lambda archive, key: False


FAULT = Fault(
    id="pickled-metadata-fatal",
    stage="files",
    story="a pickled member is not recognised before it is read, and the scan beside it is lost",
    patches=(Patch("ptyspec.files.zipped_arrays:NpzArchive.is_pickled", _never),),
    red=("DATA-002",),
    green=("FORMAT-001", "FILE-004", "DATA-004"),
    signatures=(16,),
)

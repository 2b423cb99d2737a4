"""The writer leaves out the labels (failure signature 29)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ptyspec.contracts.scan import RawScan
from ptyspec.faults.fault import Fault, Patch


def _without_labels(write: Callable[[Path, RawScan], Path]) -> Callable[[Path, RawScan], Path]:
    def wrong(path: Path, scan: RawScan) -> Path:
        return write(path, scan.model_copy(update={"Y": None}))

    return wrong


FAULT = Fault(
    id="labels-lost",
    stage="files",
    story="a supervised data set becomes an unlabelled one by being copied",
    patches=(Patch("ptyspec.files.npz:write_scan", _without_labels),),
    red=("FILE-001", "FILE-002"),
    green=("FILE-006", "FILE-007", "LABEL-001"),
    signatures=(29,),
)

"""Labels that hold the probe are read as they are (failure signature 27)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.contracts.scan import RawScan
from ptyspec.faults.fault import Fault, Patch


def _unseen(refuse: Callable[[RawScan], None]) -> Callable[[RawScan], None]:
    return lambda scan: None


FAULT = Fault(
    id="illuminated-labels-read",
    stage="files",
    story="nobody looks whether labels are the bare object",
    patches=(Patch("ptyspec.files.labels:refuse_illuminated", _unseen),),
    red=("SIM-LABELS-ILLUMINATED-001",),
    green=("LABEL-001", "LABEL-002", "FILE-001"),
    signatures=(27,),
)

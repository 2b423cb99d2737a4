"""An object or labels of one constant value count as truth (failure signature 26)."""

from __future__ import annotations

from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _kept(tidy: staticmethod[..., None]) -> staticmethod[..., None]:
    def wrong(fields: dict[str, Any], metadata: dict[str, Any]) -> None:
        before = {key: fields[key] for key in ("objectGuess", "Y") if key in fields}
        tidy(fields, metadata)
        for key, array in before.items():
            if fields[key] is None:
                fields[key] = array[0] if key == "objectGuess" and array.ndim == 3 else array

    return staticmethod(wrong)


FAULT = Fault(
    id="constant-labels-kept",
    stage="files",
    story="ones that stand for absent labels are taken for labels",
    patches=(Patch("ptyspec.files.npz:_Reading._tidy", _kept),),
    red=("LABEL-002", "LABEL-001"),
    green=("SIM-LABELS-ILLUMINATED-001", "FORMAT-001", "FILE-002"),
    signatures=(26,),
)

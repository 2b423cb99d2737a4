"""The sample's translations are taken for the probe's (failure signature 17)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _unturned(convert: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(record: Any, *measurement: Any, **named: Any) -> Any:
        return convert(replace(record, translation_m=-record.translation_m), *measurement, **named)

    return wrong


FAULT = Fault(
    id="sample-moves-read-as-probe",
    stage="files",
    story="the sign of CXI translations is not turned",
    patches=(Patch("ptyspec.files.cxi:to_pixel_scan", _unturned),),
    red=("CXI-001",),
    green=("CXI-002", "CXI-003"),
    signatures=(17,),
)

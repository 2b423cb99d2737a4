"""Values that are not finite are written as NaN, which no other reader of JSON knows."""

from __future__ import annotations

import json
from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _lenient(to_json: Callable[..., str]) -> Callable[..., str]:
    def wrong(data: object, what: str = "data") -> str:
        from ptyspec.files.jsonfile import _plain

        return json.dumps(data, indent=1, ensure_ascii=False, default=_plain) + "\n"

    return wrong


FAULT = Fault(
    id="nan-written-as-json",
    stage="files",
    story="a score that is not finite is written as NaN instead of being refused",
    patches=(Patch("ptyspec.files.jsonfile:to_json", _lenient),),
    red=("FILE-009",),
    green=("EVID-005", "SCORE-008"),
)

"""The digest of a golden file is not looked at."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _lenient(wrong_with: Callable[..., str]) -> Callable[..., str]:
    def wrong(path: Path, entry: Any) -> str:
        found = wrong_with(path, entry)
        return "" if "sha256" in found else found

    return wrong


FAULT = Fault(
    id="golden-digest-not-compared",
    stage="evidence",
    story="a golden file that was changed by hand is compared with",
    patches=(Patch("ptyspec.testing.golden.manifest:_wrong", _lenient),),
    red=("GOLD-001",),
    green=("GOLD-002", "GOLD-003", "GOLD-004"),
    signatures=(71,),
)

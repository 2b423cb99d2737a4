"""A golden file that is missing is written by the run that misses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _writing(drift: Callable[..., None]) -> Callable[..., None]:
    def wrong(golden: Any, name: str, entry: Any, *rest: Any) -> None:
        path = golden.folder / name
        if entry is None and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}", encoding="utf-8")
        drift(golden, name, entry, *rest)

    return wrong


FAULT = Fault(
    id="golden-written-by-the-test",
    stage="evidence",
    story="a comparison without a golden file makes one",
    patches=(Patch("ptyspec.testing.golden.checks:Golden._drift", _writing),),
    red=("GOLD-004",),
    green=("GOLD-002",),
)

"""An output folder is replaced whatever it holds."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _careless(check: Callable[..., None]) -> Callable[..., None]:
    return lambda out, force=False: None


FAULT = Fault(
    id="output-overwritten",
    stage="run",
    story="nobody looks at what --out holds",
    patches=(Patch("ptyspec.files.disk:_check_free", _careless),),
    red=("STORE-006",),
    green=("STORE-003", "STORE-004"),
)

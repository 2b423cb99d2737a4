"""Scalars beyond the contract, such as norm_Y_I, are dropped (failure signature 29)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _dropped(keep: Callable[..., None]) -> Callable[..., None]:
    return lambda own, key, out: None


FAULT = Fault(
    id="label-gauge-lost",
    stage="files",
    story="keys that are no key of a scan are passed over without a word",
    patches=(Patch("ptyspec.files.npz:_Reading._keep_extra", _dropped),),
    red=("FILE-002", "FILE-001"),
    green=("DATA-006",),
    signatures=(29,),
)

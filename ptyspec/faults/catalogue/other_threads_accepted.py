"""A TensorFlow that is loaded with other threads is left as it is, without a word."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _off(refuse: Callable[..., None]) -> Callable[..., None]:
    return lambda wanted: None


FAULT = Fault(
    id="other-threads-accepted",
    stage="run",
    story="the record names thread counts that no operation uses",
    patches=(Patch("ptyspec.runs.threads:_refuse_change", _off),),
    red=("DET-006",),
    green=("RUN-005", "DET-003", "STORE-002"),
)

"""A file's digest is recorded and never compared (failure signature 71)."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _never(unchanged: Callable[..., None]) -> Callable[..., None]:
    return lambda what, path, recorded: None


FAULT = Fault(
    id="digest-not-compared",
    stage="evidence",
    story="a file that changed since is read as if it were the recorded one",
    patches=(Patch("ptyspec.pipeline.simulate:_unchanged", _never),),
    red=("EVID-005",),
    green=("DET-002",),
    signatures=(28, 71),
)

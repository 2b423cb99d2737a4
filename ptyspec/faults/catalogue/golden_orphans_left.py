"""A golden file that no case reads is left alone."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _all(read: Callable[..., set[str]]) -> Callable[..., set[str]]:
    return lambda names, tests, declared: set(names)


FAULT = Fault(
    id="golden-orphans-left",
    stage="evidence",
    story="every golden file counts as read",
    patches=(Patch("ptyspec.testing.golden.manifest:_read", _all),),
    red=("GOLD-003",),
    green=("GOLD-001", "GOLD-002"),
)

"""A golden number may move by a fifth, and nobody says why."""

from __future__ import annotations

from collections.abc import Callable

from ptyspec.faults.fault import Fault, Patch


def _lenient(post_init: Callable[..., None]) -> Callable[..., None]:
    return lambda tolerance: None


FAULT = Fault(
    id="golden-tolerance-any",
    stage="evidence",
    story="tolerances of golden values are not looked at",
    patches=(Patch("ptyspec.testing.golden.tolerance:Tolerance.__post_init__", _lenient),),
    red=("GOLD-002",),
    green=("GOLD-001", "GOLD-003", "GOLD-004"),
)

"""The phase texture is drawn with the seed of the amplitude."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _same(drawn: Callable[..., Any]) -> Callable[..., Any]:
    return lambda spec, seed, texture_seed: drawn(spec, seed, seed)


FAULT = Fault(
    id="texture-of-the-amplitude",
    stage="simulate",
    story="phase is a function of amplitude, so that an amplitude alone scores in phase",
    patches=(Patch("ptyspec.physics.objects:_drawn", _same),),
    red=("OBJECT-002",),
    green=("OBJECT-001", "OBJECT-003", "NESTED-001"),
)

"""Path objects reach the dictionary, which holds text (clause TYPE-PATH-001)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _as_given(plain: Callable[..., Any]) -> Callable[..., Any]:
    return lambda value: value


FAULT = Fault(
    id="paths-as-objects",
    stage="settings",
    story="a path that is given as an object is not made text",
    patches=(Patch("ptyspec.legacy.bridge:_plain", _as_given),),
    red=("TYPE-PATH-001", "BRIDGE-001"),
    green=("BRIDGE-003", "BRIDGE-006"),
)

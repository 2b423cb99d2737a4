"""A near-field scan is read as if it were a far-field one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.faults.fault import Fault, Patch


def _off(require: Callable[..., Any]) -> Callable[..., Any]:
    return lambda scan: None


FAULT = Fault(
    id="near-field-accepted",
    stage="files",
    story="nobody compares the beam with the field of view, and an object that is not there is fitted",
    patches=(Patch("ptyspec.files.far_field:require_far_field", _off),),
    red=("CXI-003",),
    green=("CXI-001", "FORMAT-001"),
)

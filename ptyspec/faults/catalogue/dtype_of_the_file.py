"""Arrays keep the dtype that they came in (failure signature 30)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.faults.fault import Fault, Patch


def _kept(as_array: Callable[..., Array]) -> Callable[..., Array]:
    def wrong(name: str, value: Any, dtype: Any, *args: Any, **kwargs: Any) -> Array:
        made = as_array(name, value, dtype, *args, **kwargs)
        given = np.asarray(value)
        return given if given.dtype.kind == made.dtype.kind and given.shape == made.shape else made

    return wrong


FAULT = Fault(
    id="dtype-of-the-file",
    stage="files",
    story="real and complex arrays are not brought to the dtype of the contract",
    patches=(Patch("ptyspec.contracts.arrays:as_array", _kept),),
    red=("FLOW-006", "DATA-001"),
    green=("FLOW-001", "FLOW-003", "FLOW-005"),
    signatures=(30,),
)

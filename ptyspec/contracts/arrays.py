"""Array checks at stage boundaries: shape, dtype and values, one pass over the data."""

from __future__ import annotations

import mmap
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ptyspec.errors import ScanDataError

Array: TypeAlias = NDArray[Any]
"""Any numpy array; the field's docstring gives shape, dtype and units."""


def as_array(
    name: str,
    value: object,
    dtype: DTypeLike,
    shape: tuple[int | None, ...],
    *,
    non_negative: bool = False,
    source: str = "",
) -> Array:
    """Return `value` as an array of `dtype` whose shape matches (None = any length) and whose values are finite.

    Never copies an array that already conforms. Raises ScanDataError with the offending value otherwise.
    """
    array = np.asanyarray(value)
    if array.dtype.kind not in "biufc":
        raise ScanDataError(
            f"{name} does not hold numbers",
            value=array.dtype,
            limit=np.dtype(dtype),
            source=source or None,
            next_step=f"store {name} as a plain numeric array",
        )
    if array.dtype.kind == "c" and np.dtype(dtype).kind != "c":
        raise ScanDataError(
            f"{name} is complex where real numbers are expected",
            value=array.dtype,
            limit=np.dtype(dtype),
            source=source or None,
            next_step=f"store the modulus in {name}",
        )
    if array.ndim != len(shape) or any(
        want not in (None, have) for want, have in zip(shape, array.shape, strict=True)
    ):
        wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
        raise ScanDataError(
            f"{name} has the wrong shape",
            value=array.shape,
            limit=wanted,
            source=source or None,
            next_step="see docs/file-formats.md for the shape of every key",
        )
    check_values(name, array, non_negative=non_negative, source=source)
    return array.astype(dtype, copy=False)


def check_values(name: str, array: Array, *, non_negative: bool = False, source: str = "") -> None:
    """Raise ScanDataError unless every value is finite (and, on request, not negative); one pass, no copy."""
    if array.size == 0:
        raise ScanDataError(
            f"{name} is empty", value=array.shape, limit="at least one value", source=source or None
        )
    if array.dtype.kind == "c":
        finite = bool(np.isfinite(array).all())
        low = 0.0
    elif array.dtype.kind == "f":
        low, high = _extremes(array)
        finite = bool(np.isfinite(low) and np.isfinite(high))
    else:
        low, finite = float(array.min()), True
    if not finite:
        bad = ~np.isfinite(array)
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ScanDataError(
            f"{name} holds {int(bad.sum())} values that are not finite",
            value=f"{array[first]} at index {first}",
            limit="finite numbers",
            source=source or None,
            next_step="mask or drop the affected frames and save again",
        )
    if non_negative and low < 0:
        first = tuple(int(i) for i in np.argwhere(array < 0)[0])
        raise ScanDataError(
            f"{name} holds negative values",
            value=f"{array[first]} at index {first}",
            limit=">= 0",
            source=source or None,
            next_step="subtract the dark field so that counts stay >= 0, or clip at 0",
        )


def release_pages(array: Array) -> None:
    """Give back the memory of pages read through a read-only file map; other arrays are left alone."""
    pages = getattr(array, "_mmap", None)
    if (
        isinstance(pages, mmap.mmap)
        and not array.flags.writeable
        and hasattr(mmap, "MADV_DONTNEED")
    ):
        pages.madvise(mmap.MADV_DONTNEED)


def _extremes(array: Array) -> tuple[float, float]:
    """Least and largest value (NaN if there is one); a file map is walked in blocks whose pages are given back."""
    if not isinstance(array, np.memmap) or array.ndim == 0:
        return float(array.min()), float(array.max())
    rows = max(1, 2**26 // max(1, array.nbytes // len(array)))
    lows, highs = [], []
    for start in range(0, len(array), rows):
        block = array[start : start + rows]
        lows.append(float(block.min()))
        highs.append(float(block.max()))
        release_pages(array)
    return float(np.min(lows)), float(np.max(highs))  # NaN propagates through both

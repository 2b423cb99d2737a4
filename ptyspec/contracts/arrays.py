"""Arrays as they are checked at a boundary: shape, dtype and values, in one pass over the data."""

import mmap
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ptyspec.errors import ScanDataError

Array: TypeAlias = NDArray[Any]
"""Any numpy array; the field's docstring gives shape, dtype and units."""
BLOCK_BYTES = 16 * 2**20


def runs(array: Array, nbytes: int = BLOCK_BYTES) -> Iterator[slice]:
    """Yield slices of the array's first axis of at most `nbytes` bytes each (at least one row)."""
    rows = max(1, nbytes // max(1, array.nbytes // max(1, len(array))))
    for start in range(0, len(array), rows):
        yield slice(start, start + rows)


def blocks(array: Array, nbytes: int = BLOCK_BYTES) -> Iterator[Array]:
    """Yield the array in `runs`; the pages of a file map are given back behind each."""
    for run in runs(array, nbytes):
        yield array[run]
        release_pages(array)


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
        message, step = f"{name} does not hold numbers", f"store {name} as a plain numeric array"
        raise wrong(message, array.dtype, np.dtype(dtype), source, step)
    if array.dtype.kind == "c" and np.dtype(dtype).kind != "c":
        message = f"{name} is complex where real numbers are expected"
        step = f"store the modulus in {name}"
        raise wrong(message, array.dtype, np.dtype(dtype), source, step)
    if array.ndim != len(shape) or any(
        want not in (None, have) for want, have in zip(shape, array.shape, strict=True)
    ):
        wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
        step = "see docs/file-formats.md for the shape of every key"
        raise wrong(f"{name} has the wrong shape", array.shape, wanted, source, step)
    check_values(name, array, non_negative=non_negative, source=source)
    return array.astype(dtype, copy=False)


def check_values(name: str, array: Array, *, non_negative: bool = False, source: str = "") -> None:
    """Raise ScanDataError unless every value is finite (and, on request, not negative); one pass, no copy."""
    if array.size == 0:
        raise wrong(f"{name} is empty", array.shape, "at least one value", source)
    if array.dtype.kind == "c":
        low, finite = 0.0, bool(np.isfinite(array).all())
    elif array.dtype.kind == "f":
        low, high = _extremes(array)
        finite = bool(np.isfinite(low) and np.isfinite(high))
    else:
        low, finite = float(array.min()), True
    if not finite:
        bad = ~np.isfinite(array)
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        message = f"{name} holds {int(bad.sum())} values that are not finite"
        step = "mask or drop the affected frames and save again"
        raise wrong(message, f"{array[first]} at index {first}", "finite numbers", source, step)
    if non_negative and low < 0:
        first = tuple(int(i) for i in np.argwhere(array < 0)[0])
        message, value = f"{name} holds negative values", f"{array[first]} at index {first}"
        step = "mask pixels without data; counts whose read noise is 30 % and more: add up repeated frames"
        raise wrong(message, value, ">= 0", source, step)


def wrong(what: str, value: object, limit: object, source: str, step: str = "") -> ScanDataError:
    """Return the error for a value that an array must not have."""
    return ScanDataError(what, value=value, limit=limit, source=source or None, next_step=step)


def release_pages(array: Array) -> None:
    """Give back the memory of pages read through a read-only file map; other arrays are left alone."""
    pages, given = getattr(array, "_mmap", None), hasattr(mmap, "MADV_DONTNEED")
    if given and isinstance(pages, mmap.mmap) and not array.flags.writeable:
        pages.madvise(mmap.MADV_DONTNEED)


def _extremes(array: Array) -> tuple[float, float]:
    """Least and largest value (NaN if there is one); a file map is walked in blocks whose pages are given back."""
    if not isinstance(array, np.memmap) or array.ndim == 0:
        return float(array.min()), float(array.max())
    lows, highs = [], []
    for block in blocks(array):
        lows.append(float(block.min()))
        highs.append(float(block.max()))
    return float(np.min(lows)), float(np.max(highs))  # NaN propagates through both

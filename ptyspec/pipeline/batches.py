"""Groups to tensors: the one place that multiplies by the gain."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Container

Batch = tuple[dict[str, Array], Array]


def batch(container: Container, rows: Array) -> Batch:
    """Return ({measured: g X, relative}, X) for these groups; the loss gets X, never g X."""
    amplitude = container.amplitude(rows)
    gain = np.float32(container.gain)
    return {"measured": gain * amplitude, "relative": container.relative(rows)}, amplitude


def full_batches(container: Container, size: int) -> Iterator[tuple[dict[str, Array], int]]:
    """Yield (inputs, valid) over all groups in order; the last batch repeats its last group up to `size`.

    One shape means one traced graph; groups never influence each other, so the padding changes nothing.
    """
    for start in range(0, container.size, size):
        rows = np.arange(start, start + size)
        valid = min(size, container.size - start)
        yield batch(container, np.minimum(rows, container.size - 1))[0], valid

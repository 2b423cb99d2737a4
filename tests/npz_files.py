"""Small NPZ scans for tests, right and wrong ones."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.seeds import generator

M, N = 6, 8


def fields(**changes: Any) -> dict[str, Any]:
    """Keys of a small valid file; None removes a key."""
    draw = generator(7, "npz")
    keys = {
        "xcoords": draw.uniform(4, 20, M),
        "ycoords": draw.uniform(4, 20, M),
        "xcoords_start": draw.uniform(4, 20, M),
        "ycoords_start": draw.uniform(4, 20, M),
        "diff3d": draw.uniform(0, 3, (M, N, N)).astype(np.float32),
        "probeGuess": (draw.normal(size=(N, N)) + 1j * draw.normal(size=(N, N))).astype(
            np.complex64
        ),
    }
    return {key: value for key, value in (keys | changes).items() if value is not None}


def saved(folder: Path, compressed: Any = False, **changes: Any) -> Path:
    path = folder / "scan.npz"
    (np.savez_compressed if compressed else np.savez)(path, **fields(**changes))
    return path


def full_scan() -> RawScan:
    draw = generator(8, "npz")
    labels = (draw.normal(size=(M, N, N)) + 1j).astype(np.complex64)
    return RawScan(
        **fields(),
        scan_index=np.arange(M) % 2,
        scale=988.2118,
        Y=labels,
        mask=draw.random((N, N)) > 0.1,
        objectGuess=np.full((30, 20), 1.5 - 2j, np.complex64),
        metadata={
            "note": "Ångström \u0000 end",
            "list": [1, 2.5, None, True],
            "nested": {"a": "b"},
            "nphotons": 1e9,
        },
    )


def warnings_of(scan: RawScan) -> str:
    return " | ".join(scan.metadata.get("warnings", []))


def same_bits(a: Array | None, b: Array | None) -> bool:
    if a is None or b is None:
        return a is b
    return (
        a.dtype == b.dtype
        and a.shape == b.shape
        and np.ascontiguousarray(a).tobytes() == np.ascontiguousarray(b).tobytes()
    )


COUNTS = generator(9, "counts").poisson(20, (M, N, N))


class Bomb:
    """An object whose unpickling would leave a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self.trace),)


def boxed(value: object) -> Array:
    box = np.empty((), object)
    box[()] = value
    return box

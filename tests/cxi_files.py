"""Small CXI scans for tests, simulated in the far field."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.seeds import generator

NEAR_FIELD = "petra3_p25_near_field.cxi"
DETECTOR, SOURCE = "entry_1/instrument_1/detector_1", "entry_1/instrument_1/source_1"
N, M = 32, 49
WAVELENGTH, DISTANCE, PIXEL = 1e-10, 2.0, 50e-6
OBJECT_PIXEL = WAVELENGTH * DISTANCE / (N * PIXEL)


@cache
def speckle(size: int, grain: float, name: str) -> Array:
    """A smooth complex field with features of `grain` pixels."""
    draw = generator(3, name)
    field = draw.normal(size=(size, size)) + 1j * draw.normal(size=(size, size))
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.fftfreq(size)))
    out: Array = np.fft.ifft2(np.fft.fft2(field) * np.exp(-((radius * grain * 2) ** 2)))
    out /= np.abs(out).std()
    return out


def a_probe() -> Array:
    """A defocused beam a third of the field of view wide."""
    axis = np.arange(N) - N / 2
    radius = axis[:, None] ** 2 + axis[None] ** 2
    return (30 * np.exp(-radius / 30) * np.exp(0.05j * radius)).astype(np.complex64)


@cache
def far_field_scan(step: float = 3.0) -> tuple[Array, Array, Array]:
    """(counts (M, N, N), top-left corners (M, 2) [column, row] of the patches, probe) of a raster with jitter."""
    sample = 1 + 0.3 * speckle(2 * N, 3, "sample")
    grid = np.stack(np.meshgrid(np.arange(7), np.arange(7)), -1).reshape(-1, 2) * step
    corners = np.rint(grid + generator(4, "jitter").uniform(-1, 1, grid.shape) + 2).astype(int)
    probe = a_probe()
    waves = np.stack([probe * sample[y : y + N, x : x + N] for x, y in corners])
    pattern = np.abs(np.fft.fftshift(np.fft.fft2(waves, norm="ortho"), axes=(1, 2))) ** 2
    return generator(5, "counts").poisson(pattern).astype(np.int32), corners, probe


def write(path: Path, layout: Any = "data_1", **changes: Any) -> Path:
    """A CXI file; `changes` replace (or, as None, remove) datasets by full path."""
    counts, corners, probe = far_field_scan()
    translation = np.zeros((M, 3))
    translation[:, :2] = (
        corners * OBJECT_PIXEL - 3e-6
    )  # default axes: columns along -x, and the sample moves
    values: dict[str, Any] = {
        "cxi_version": 160,
        f"{SOURCE}/energy": 1.986445857e-25 / WAVELENGTH,
        f"{SOURCE}/illumination": probe,
        f"{DETECTOR}/distance": DISTANCE,
        f"{DETECTOR}/x_pixel_size": PIXEL,
        f"{DETECTOR}/y_pixel_size": PIXEL,
    }
    data, moves = {
        "data_1": ("entry_1/data_1/data", "entry_1/data_1/translation"),
        "detector_1": (f"{DETECTOR}/data", "entry_1/sample_1/geometry_1/translation"),
        "links": (f"{DETECTOR}/data", "entry_1/sample_1/geometry_1/translation"),
    }[layout]
    values |= {data: counts, moves: translation}
    with h5py.File(path, "w") as file:
        for key, value in (
            values | {key.replace("__", "/"): value for key, value in changes.items()}
        ).items():
            if callable(value):
                value(file, key)
            elif value is not None:
                file[key] = value
        if layout == "links":
            file["entry_1/data_1/data"] = h5py.SoftLink(f"/{data}")
            file["entry_1/data_1/translation"] = h5py.SoftLink(f"/{moves}")
    return path


def with_unit(value: float, unit: str) -> Callable[[h5py.File, str], None]:
    def put(file: h5py.File, key: str) -> None:
        file[key] = value
        file[key].attrs["units"] = unit

    return put

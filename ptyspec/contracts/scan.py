"""The raw scan and its groups: what the data are before any normalisation (DATA-001)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from pydantic import Field, model_validator

from ptyspec.contracts.arrays import Array, as_array
from ptyspec.contracts.base import Bundle
from ptyspec.errors import ProbeError, ScanDataError


def _frames(values: Any, source: str) -> Array:
    frames = as_array(
        "diff3d", values, np.float32, (None, None, None), non_negative=True, source=source
    )
    if frames.shape[1] != frames.shape[2]:
        raise ScanDataError(
            "diff3d frames are not square",
            value=frames.shape,
            limit="(M, N, N)",
            source=source or None,
            next_step="crop or bin the frames to a square; (H, W, M) files are recognised by the reader",
        )
    return frames


def _probe(values: Any, size: tuple[int, int], source: str) -> Array:
    probe = as_array("probeGuess", values, np.complex64, (None, None), source=source)
    if probe.shape != size:
        raise ProbeError(
            "the probe has another size than the frames",
            value=probe.shape,
            limit=size,
            source=source or None,
            next_step="crop or resample the probe to the frame size N",
        )
    if not np.any(probe):
        raise ProbeError(
            "the probe is zero everywhere", source=source or None, next_step="provide a probe guess"
        )
    return probe


class RawScan(Bundle):
    """One scan: positions, measured amplitudes, probe, and the object where it is known.

    Guarantees: equal lengths, square frames, finite values, amplitudes >= 0, the canonical dtypes.

    - xcoords, ycoords, xcoords_start, ycoords_start: (M,) float64, object pixels; x = column, y = row of the
      patch centre: the patch covers rows y - N/2 .. y + N/2 - 1 of the object, likewise in x.
    - diff3d: (M, N, N) float32 amplitude X = sqrt(counts) / scale, fftshifted, orthonormal DFT.
    - probeGuess: (N, N) complex64; objectGuess: (H, W) complex64 or absent; Y: (M, N, N) complex64 or absent.
    - scale: s with counts = (s X)^2; scan_index: (M,) int64.
    - mask: (N, N) bool, True where the detector measured; absent = everywhere. Frames are 0 where it is False.
    """

    xcoords: Array
    ycoords: Array
    xcoords_start: Array
    ycoords_start: Array
    diff3d: Array
    probeGuess: Array
    scan_index: Array
    scale: float = Field(gt=0, allow_inf_nan=False)
    objectGuess: Array | None = None
    Y: Array | None = None
    mask: Array | None = None
    metadata: Mapping[str, Any] = Field(default_factory=dict)
    source: str = ""

    @model_validator(mode="before")
    @classmethod
    def _canonical(cls, data: dict[str, Any]) -> dict[str, Any]:
        source = str(data.get("source", ""))
        frames = _frames(data["diff3d"], source)
        count, rows, columns = frames.shape
        out = dict(data, diff3d=frames)
        x, y = data["xcoords"], data["ycoords"]
        out["xcoords_start"] = x if data.get("xcoords_start") is None else data["xcoords_start"]
        out["ycoords_start"] = y if data.get("ycoords_start") is None else data["ycoords_start"]
        for name in ("xcoords", "ycoords", "xcoords_start", "ycoords_start"):
            out[name] = as_array(name, out[name], np.float64, (None,), source=source)
            if len(out[name]) != count:
                raise ScanDataError(
                    f"{name} has another length than the frames",
                    value=len(out[name]),
                    limit=count,
                    source=source or None,
                    next_step="give one x and one y for every frame",
                )
        out["probeGuess"] = _probe(data["probeGuess"], (rows, columns), source)
        index = data.get("scan_index")
        index = np.zeros(count, np.int64) if index is None else index
        out["scan_index"] = as_array("scan_index", index, np.int64, (count,), source=source)
        if data.get("objectGuess") is not None:
            out["objectGuess"] = as_array(
                "objectGuess", data["objectGuess"], np.complex64, (None, None), source=source
            )
        if data.get("Y") is not None:
            out["Y"] = as_array("Y", data["Y"], np.complex64, (count, rows, columns), source=source)
        if data.get("mask") is not None:
            out["mask"] = as_array("mask", data["mask"], np.bool_, (rows, columns), source=source)
            if np.any(frames[:, ~out["mask"]]):
                # What was not measured has no part in energy, gain and a0.
                out["diff3d"] = frames * out["mask"]
        return out

    @property
    def size(self) -> int:
        """Number of frames M."""
        return int(self.diff3d.shape[0])

    @property
    def N(self) -> int:
        """Side of a frame in pixels."""
        return int(self.diff3d.shape[1])

    @property
    def positions(self) -> Array:
        """Scan positions (M, 2) float64 as [x, y] in object pixels."""
        return np.stack([self.xcoords, self.ycoords], axis=1)

    def take(self, indices: Array) -> RawScan:
        """Return the scan made of these frames, in this order; everything that is not per frame is shared."""
        per_frame = ("xcoords", "ycoords", "xcoords_start", "ycoords_start", "diff3d", "scan_index")
        update = {name: getattr(self, name)[indices] for name in per_frame}
        update["Y"] = None if self.Y is None else self.Y[indices]
        return self.model_copy(update=update)  # a subset of checked frames needs no second pass


class GroupedScan(Bundle):
    """Overlapping groups of C = gridsize^2 frames of one scan.

    - nn_indices: (B, C) int64, rows of `scan`; member 0 is the group's seed frame.
    - coords_offsets: (B, 1, 2, 1) float64, mean position of the members, [x, y].
    - coords_relative: (B, 1, 2, C) float64 = -(coords - offset); absolute position = offset - relative.
    """

    scan: RawScan
    nn_indices: Array
    coords_offsets: Array
    coords_relative: Array
    split: Literal["train", "test", "all"] = "all"

    @property
    def size(self) -> int:
        """Number of groups B."""
        return int(self.nn_indices.shape[0])

    @property
    def C(self) -> int:
        """Members of a group."""
        return int(self.nn_indices.shape[1])

    @property
    def diffraction(self) -> Array:
        """Measured amplitudes (B, N, N, C) float32; gathered on demand so that large scans stay on disk."""
        return self.frames(np.arange(self.size))

    def frames(self, rows: Array) -> Array:
        """Measured amplitudes (len(rows), N, N, C) float32 of these groups."""
        return np.moveaxis(self.scan.diff3d[self.nn_indices[rows]], 1, -1)

    @property
    def coords(self) -> Array:
        """Absolute positions (B, 1, 2, C) float64, [x, y]."""
        return self.coords_offsets - self.coords_relative


def array_digest(array: Array) -> str:
    """Sixteen hexadecimal digits that name the array's dtype, shape and bytes."""
    data = np.ascontiguousarray(array)
    head = f"{data.dtype.str}{data.shape}".encode()
    return hashlib.sha256(head + data.tobytes()).hexdigest()[:16]

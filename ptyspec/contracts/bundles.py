"""What stages hand on: arrays checked once at a boundary, the raw scan and its groups (DATA-001), patches, the object.

Shape, dtype and values are checked when a bundle is made, in one pass over the data."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, model_validator

from ptyspec.contracts.arrays import Array as Array
from ptyspec.contracts.arrays import as_array, runs, wrong
from ptyspec.contracts.base import Bundle
from ptyspec.contracts.held import Held
from ptyspec.errors import ProbeError

PIXELS, FIELD, GAUGE = "object pixels", "units of the field", "absolute gauge"
"""Units: |F(P O)| and X are in those of the field; an object in the absolute gauge predicts them without a factor."""


def _frames(values: Any, source: str) -> Array:
    shape = (None, None, None)
    frames = as_array("diff3d", values, np.float32, shape, non_negative=True, source=source)
    if frames.shape[1] != frames.shape[2]:
        step = "crop or bin the frames to a square; (H, W, M) files are recognised by the reader"
        raise wrong("diff3d frames are not square", frames.shape, "(M, N, N)", source, step)
    return frames


def _probe(values: Any, size: tuple[int, int], source: str) -> Array:
    several = np.ndim(values) == 3
    shape = (None, None, None) if several else (None, None)
    probe = as_array("probeGuess", values, np.complex64, shape, source=source)
    if (
        several
    ):  # one form of equal illuminations: the strongest mode first, and no axis for one alone
        power = np.sum(np.abs(probe) ** 2, axis=(1, 2), dtype=np.float64)
        order = np.argsort(-power, kind="stable")
        probe = (
            probe[0]
            if len(probe) == 1
            else probe
            if (order[:-1] < order[1:]).all()
            else probe[order]
        )
    if probe.shape[-2:] != size:
        what = "the probe has another size than the frames"
        step = "crop or resample the probe to the frame size N"
        raise ProbeError(what, value=probe.shape, limit=size, source=source or None, next_step=step)
    if not np.any(probe):
        what = "the probe is zero everywhere"
        raise ProbeError(what, source=source or None, next_step="provide a probe guess")
    return probe


def _mask(values: Any, frames: tuple[int, ...], source: str) -> Array:
    """One mask (N, N), or (M, N, N) where frames have masks of their own."""
    each = np.ndim(values) == 3
    mask = as_array("mask", values, np.bool_, frames if each else frames[1:], source=source)
    return mask[0] if each and bool((mask == mask[0]).all()) else mask


class RawScan(Bundle):
    """One scan: positions, measured amplitudes, probe, and the object where it is known.

    Guarantees: equal lengths, square frames, finite values, amplitudes >= 0, the canonical dtypes. A patch covers rows
    y - N/2 .. y + N/2 - 1 of the object, likewise in x. Frames are 0 where the mask is False.
    """

    xcoords: Annotated[Array, Held("M", "float64", PIXELS, "x: column under probe pixel N/2")]
    ycoords: Annotated[Array, Held("M", "float64", PIXELS, "y: row under probe pixel N/2")]
    xcoords_start: Annotated[Array, Held("M", "float64", PIXELS, "nominal x, kept and not used")]
    ycoords_start: Annotated[Array, Held("M", "float64", PIXELS, "nominal y, kept and not used")]
    diff3d: Annotated[
        Array,
        Held("M N N", "float32", FIELD, "X = sqrt(counts) / scale, zero frequency at N/2", least=0),
    ]
    probeGuess: Annotated[
        Array,
        Held("N N | K N N", "complex64", FIELD, "the probe P, or K modes whose intensities add"),
    ]
    scan_index: Annotated[Array, Held("M", "int64", "", "number of the image that was scanned")]
    scale: Annotated[float, Held("", "float", "", "s with counts = (s X)^2", least=0)] = Field(
        gt=0, allow_inf_nan=False
    )
    objectGuess: Annotated[
        Array | None, Held("H W", "complex64", GAUGE, "the object, where it is known")
    ] = None
    Y: Annotated[
        Array | None, Held("M N N", "complex64", GAUGE, "the object under each frame, where known")
    ] = None
    mask: Annotated[
        Array | None,
        Held(
            "N N | M N N",
            "bool",
            "",
            "True where the detector measured, in all frames or in each; absent: everywhere",
        ),
    ] = None
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
                message = f"{name} has another length than the frames"
                step = "give one x and one y for every frame"
                raise wrong(message, len(out[name]), count, source, step)
        out["probeGuess"] = _probe(data["probeGuess"], (rows, columns), source)
        index = data.get("scan_index")
        index = np.zeros(count, np.int64) if index is None else index
        out["scan_index"] = as_array("scan_index", index, np.int64, (count,), source=source)
        shapes: dict[str, tuple[int | None, ...]] = {
            "objectGuess": (None, None),
            "Y": (count, rows, columns),
        }
        for name, shape in shapes.items():
            if data.get(name) is not None:
                out[name] = as_array(name, data[name], np.complex64, shape, source=source)
        if data.get("mask") is not None:
            out["mask"] = mask = _mask(data["mask"], frames.shape, source)
            every = np.broadcast_to(~mask, frames.shape)
            if any(frames[run][every[run]].any() for run in runs(frames)):
                # What was not measured has no part in energy, gain and a0.
                out["diff3d"] = frames * mask
        return out

    @property
    def size(self) -> int:
        """Number of frames M."""
        return int(self.diff3d.shape[0])

    @property
    def N(self) -> int:
        """Side of a frame in pixels."""
        return int(self.diff3d.shape[1])

    def seen(self, rows: Array) -> Array | None:
        """Where these frames measured, (len(rows), N, N) bool; None without a mask."""
        if self.mask is None or self.mask.ndim == 3:
            return None if self.mask is None else self.mask[rows]
        return np.broadcast_to(self.mask, (len(rows), *self.mask.shape))

    @property
    def known_pixels(self) -> Array | None:
        """Pixels that at least one frame measured, (N, N) bool; None without a mask."""
        if self.mask is None or self.mask.ndim == 2:
            return self.mask
        return np.asarray(self.mask.any(axis=0))

    @property
    def positions(self) -> Array:
        """Scan positions (M, 2) float64 as [x, y] in object pixels."""
        return np.stack([self.xcoords, self.ycoords], axis=1)

    @property
    def lengths(self) -> dict[str, float]:
        """Lengths of the experiment in metres, by their names in the metadata (`object_pixel_m`); those that are known."""
        stored = self.metadata.get("geometry")
        known = stored if isinstance(stored, Mapping) else {}
        return {
            name: float(value)
            for name, value in known.items()
            if isinstance(value, int | float) and 0 < value < np.inf
        }

    def take(self, indices: Array) -> "RawScan":
        """Return the scan made of these frames, in this order; everything that is not per frame is shared."""
        per_frame = ("xcoords", "ycoords", "xcoords_start", "ycoords_start", "diff3d", "scan_index")
        update = {name: getattr(self, name)[indices] for name in per_frame}
        update["Y"] = None if self.Y is None else self.Y[indices]
        if self.mask is not None and self.mask.ndim == 3:
            update["mask"] = self.mask[indices]
        return self.model_copy(update=update)  # a subset of checked frames needs no second pass


class GroupedScan(Bundle):
    """Overlapping groups of C = gridsize^2 frames of one scan.

    Member 0 is the group's seed frame. Absolute position = offset - relative; x stands before y.
    """

    scan: RawScan
    nn_indices: Annotated[
        Array, Held("B C", "int64", "rows of `scan`", "the members of each group")
    ]
    coords_offsets: Annotated[
        Array, Held("B 1 2 1", "float64", PIXELS, "mean position of the members, [x, y]")
    ]
    coords_relative: Annotated[
        Array, Held("B 1 2 C", "float64", PIXELS, "-(position - offset) of each member, [x, y]")
    ]
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

    def seen(self, rows: Array) -> Array | None:
        """Where the frames of these groups measured, (len(rows), N, N, C) bool; None without a mask."""
        flat = self.scan.seen(self.nn_indices[rows].ravel())
        if flat is None:
            return None
        return np.moveaxis(flat.reshape(len(rows), self.C, *flat.shape[1:]), 1, -1)

    @property
    def coords(self) -> Array:
        """Absolute positions (B, 1, 2, C) float64, [x, y]."""
        return self.coords_offsets - self.coords_relative


def array_digest(array: Array) -> str:
    """Sixteen hexadecimal digits that name the array's dtype, shape and bytes."""
    data = np.ascontiguousarray(array)
    head = f"{data.dtype.str}{data.shape}".encode()
    return hashlib.sha256(head + data.tobytes()).hexdigest()[:16]


class Reconstruction(Bundle):
    """The stitched object in the absolute gauge of the scan."""

    object: Annotated[
        Array, Held("H W", "complex64", GAUGE, "the object, NaN where no light fell", nan=True)
    ]
    coverage: Annotated[
        Array, Held("H W", "float32", "", "summed |P|^2 / max |P|^2 of all patches", least=0)
    ]
    origin: Annotated[
        tuple[int, int], Held("2", "int", PIXELS, "column and row of object[0, 0], (x0, y0)")
    ]


class Patches(Bundle):
    """Object patches as the generator returned them, in the absolute gauge."""

    object: Annotated[Array, Held("B N N C", "complex64", GAUGE, "the object under each member")]
    coords: Annotated[Array, Held("B 1 2 C", "float64", PIXELS, "absolute positions, [x, y]")]
    probe: Annotated[Array, Held("N N | K N N", "complex64", FIELD, "the probe that weights them")]


class Container(Bundle):
    """Groups with the numbers that condition them (NORMALIZATION-001).

    The network's input is gain times X, nothing else. Gain, scale and a0 are the *training* split's in both splits.
    `coarse` is the trivial estimate of this split (total counts alone): where generators may start from. `split` and
    `seed` say which part of the data the groups are, and what drew them.
    """

    groups: GroupedScan
    gain: Annotated[float, Held("", "float", "", "g = sqrt((N/2)^2 / mean sum X^2)", least=0)] = (
        Field(gt=0, allow_inf_nan=False)
    )
    scale: Annotated[float, Held("", "float", "", "s with counts = (s X)^2", least=0)] = Field(
        gt=0, allow_inf_nan=False
    )
    a0: Annotated[
        float, Held("", "float", GAUGE, "sqrt(mean sum X^2 / sum |P|^2), rms amplitude", least=0)
    ] = Field(gt=0, allow_inf_nan=False)
    coarse: Reconstruction
    probe: Annotated[
        Array, Held("N N | K N N", "complex64", FIELD, "the scan's probe, the very array")
    ]
    probe_digest: str
    split: Literal["train", "test", "all"]
    seed: int
    expected: Annotated[
        Array | None,
        Held("N N", "float32", FIELD, "root of the mean X^2, where frames have masks of their own"),
    ] = None

    @property
    def size(self) -> int:
        """Number of groups B."""
        return self.groups.size

    def amplitude(self, rows: Array) -> Array:
        """Measured amplitude X (len(rows), N, N, C) float32 in field units: what the loss compares with."""
        return self.groups.frames(rows)

    def relative(self, rows: Array) -> Array:
        """Relative positions (len(rows), 1, 2, C) float32, pixels."""
        return self.groups.coords_relative[rows].astype("float32")

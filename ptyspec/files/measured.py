"""What a file says of a scan, in its own units; and the one way from there to object pixels.

Every reader of a foreign format returns a `Measured`. Object pixel = lambda z / (N p): the field of view lambda z / p
depends on one detector pixel alone, so that a crop keeps it and makes the object pixels larger.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import as_array
from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.errors import InputFileError, MeasurementError, ProbeError, ScanDataError
from ptyspec.files.markers import without_markers
from ptyspec.files.read_noise import without_read_noise
from ptyspec.files.scan_parts import (
    Measurement,
    amplitude_of,
    contradictions,
    one_for_all,
    stored_probe,
)
from ptyspec.files.wavelength import ELECTRON_VOLT, Particle, is_ambiguous, wavelength

MARGIN = 2
"""Object pixels kept free around the scanned area."""


@dataclass(frozen=True)
class Geometry:
    """Lengths of the experiment in metres; None where the file does not say."""

    wavelength_m: float | None = None
    """As stated; without it `wave_m` follows from the energy."""
    distance_m: float | None = None
    detector_pixel_m: float | None = None
    field_m: float | None = None
    """Field of view of one detector pixel, for files that state the object's pixels or those of reciprocal space."""
    object_pixel_m: float | None = None
    """Stated by the user, for frames of the size that is used."""
    energy_j: float | None = None
    particle: Particle | None = None
    """What has the energy; None: nobody says."""

    @property
    def wave_m(self) -> float | None:
        """The wavelength in metres; None where nothing states it, or an energy that may be that of either particle."""
        if self.wavelength_m is not None or self.energy_j is None:
            return self.wavelength_m
        if is_ambiguous(self.energy_j, self.particle):
            return None
        return wavelength(self.energy_j, self.particle or "photon")

    def pixel(self, size: int) -> float | None:
        """Return the object pixel in metres for frames of `size` pixels, where the lengths give one."""
        if self.object_pixel_m is not None:
            return self.object_pixel_m
        wave, distance, detector = self.wave_m, self.distance_m, self.detector_pixel_m
        if wave is not None and distance is not None and detector is not None:
            return wave * distance / (size * detector)
        return None if self.field_m is None else self.field_m / size

    def facts(self, size: int) -> dict[str, Any]:
        """Return what is known, by the names that a scan's metadata have."""
        pixel = self.pixel(size)
        known: dict[str, Any] = {
            "wavelength_m": self.wave_m,
            "distance_m": self.distance_m,
            "detector_pixel_m": self.detector_pixel_m,
            "particle": self.particle if self.particle == "electron" else None,
        }
        known = {name: value for name, value in known.items() if value is not None}
        if pixel is None:
            return known
        return {**known, "object_pixel_m": pixel, "field_of_view_m": size * pixel}


@dataclass(frozen=True)
class Measured:
    """What a file says.

    - frames: (M, H, W) as stored; kind: what they are, by the rules of the format.
    - positions: (M, 2) [x, y] of the probe over the object, in units of `unit_m` metres (None: object pixels).
    - mask: (H, W) or (M, H, W) bool, True where the detector measured; None: everywhere.
    - probe: array as stored; centre: (row, column) of the beam on the detector, None: its middle.
    - raster: (rows, columns) of a scan whose frames lie on one, column fastest.
    - linked: SHA-256 of each file that its links led to, by name.
    """

    frames: Array
    source: str
    format: str
    kind: Measurement | None = "counts"
    positions: Array | None = None
    unit_m: float | None = 1.0
    mask: Array | None = None
    probe: Array | None = None
    geometry: Geometry = field(default_factory=Geometry)
    centre: tuple[int, int] | None = None
    raster: tuple[int, int] | None = None
    warnings: tuple[str, ...] = ()
    linked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PixelScan:
    """A scan in object pixels, before it has a probe: fields as in RawScan, positions (M, 2) [x, y] float64."""

    diff3d: Array
    positions: Array
    mask: Array
    probe: Array | None
    metadata: dict[str, Any]
    source: str


def frames_of(frames: Array, source: str) -> Array:
    """Return frames (M, H, W) of real numbers; an error that says what they are instead."""
    if frames.dtype.kind == "c":
        what, limit = (
            "these are complex numbers: a probe or an object, and no frames",
            "(M, N, N) counts",
        )
        step = "give the frames, and this array as `--probe` if it is the probe"
        value = f"{frames.dtype} {frames.shape}"
        raise InputFileError(what, value=value, limit=limit, source=source, next_step=step)
    if frames.ndim != 3 or not frames.size or frames.dtype.kind not in "biuf":
        # as_array says which of these it is
        as_array("data", frames, np.float32, (None, None, None), source=source)
    return frames


def paired(measured: Measured) -> Array:
    """Return the positions (M, 2) float64, one for every frame; ScanDataError for another number of them."""
    positions = as_array(
        "positions", measured.positions, np.float64, (None, 2), source=measured.source
    )
    if len(positions) != (limit := len(measured.frames)):
        what = "there is another number of positions than of frames"
        step = "give one position (x, y) for every frame"
        value, source = len(positions), measured.source
        raise ScanDataError(what, value=value, limit=limit, source=source, next_step=step)
    return positions


def in_pixels(measured: Measured, asked: Measurement | None = None) -> PixelScan:
    """Return the scan in object pixels: square frames with N divisible by 4, amplitudes, bad pixels 0 and masked.

    The smallest x and y become N/2 plus a small margin; crop, offset and geometry are in the metadata.
    Raises InputFileError where positions are lengths and nothing gives the size of an object pixel, MeasurementError
    where nothing says what the frames are.
    """
    kind = asked or measured.kind
    if kind is None:
        what = f"nothing says what {measured.format} holds: counts or amplitudes"
        step = "pass `--measurement counts`, or amplitude if they are square roots of counts"
        value, source = measured.frames.dtype, measured.source
        raise MeasurementError(what, value=value, source=source, next_step=step)
    window = _window(measured)
    frames = measured.frames[(slice(None), *window)]
    mask = np.ones(measured.frames.shape[1:], bool) if measured.mask is None else measured.mask
    frames, told, said = without_markers(frames, mask[(..., *window)])
    mask = np.ones(frames.shape[1:], bool) if told is None else told
    size = frames.shape[1]
    positions = paired(measured)
    if measured.unit_m is not None:
        positions = positions * measured.unit_m / pixel_of(measured.geometry, size, measured.source)
    offset = size / 2 + MARGIN - positions.min(axis=0)
    metadata: dict[str, Any] = {
        "format": measured.format,
        "position_offset_px": offset.tolist(),
        "scale_source": f"assumed ({kind} without a stored scale)",
    }
    if measured.linked:
        metadata["linked"] = dict(measured.linked)
    if geometry := measured.geometry.facts(size):
        metadata["geometry"] = geometry
    if (size, size) != measured.frames.shape[1:]:
        named = zip(("rows", "columns"), window, strict=True)
        metadata["crop"] = {name: [side.start, side.stop] for name, side in named}
    said += contradictions(frames, kind)
    frames, noise = without_read_noise(frames, kind)
    warnings = [*measured.warnings, *said, *noise]
    if warnings:
        metadata["warnings"] = warnings
    amplitude = amplitude_of(frames, kind, 1.0, "data", measured.source)
    probe = None if measured.probe is None else _band(measured, size)
    return PixelScan(amplitude, positions + offset, mask, probe, metadata, measured.source)


def to_raw_scan(scan: PixelScan, probe: Array | None = None) -> RawScan:
    """Return the scan with `probe` (N, N), or else with the file's own; ProbeError if there is neither."""
    chosen = scan.probe if probe is None else probe
    if chosen is None:
        size = scan.diff3d.shape[1]
        what = "the file holds no illumination, and a probe is not invented"
        step = "pass `--probe FILE` (.npy, .npz or .h5) with a probe guess in object pixels"
        limit = f"probe ({size}, {size})"
        raise ProbeError(what, limit=limit, source=scan.source, next_step=step)
    x, y = scan.positions.T
    names = ("diff3d", "mask", "metadata", "source")
    same: dict[str, Any] = {name: getattr(scan, name) for name in names}
    same |= {"xcoords": x, "ycoords": y, "xcoords_start": x, "ycoords_start": y}
    index = np.zeros(len(x), np.int64)
    chosen = one_for_all(chosen, len(x), scan.source)
    return RawScan(**same, probeGuess=chosen, scan_index=index, scale=1.0)


def chosen(measured: Measured, index: Array) -> Measured:
    """Return the frames of this index, in its order; ScanDataError for one that is not there."""
    rows = np.asarray(index).reshape(-1)
    whole = rows.dtype.kind in "iu" or bool(np.array_equal(rows, np.rint(rows)))
    if not whole or (rows < 0).any() or (rows >= len(measured.frames)).any():
        what, limit = "positions name frames that are not there", f"0 .. {len(measured.frames) - 1}"
        step = "give the positions of these very frames"
        value = f"{rows.min()} .. {rows.max()}"
        source = measured.source
        raise ScanDataError(what, value=value, limit=limit, source=source, next_step=step)
    rows = rows.astype(np.int64)
    if np.array_equal(rows, np.arange(len(measured.frames))):
        return measured
    left = len(measured.frames) - len(set(rows.tolist()))
    note = f"{left} of {len(measured.frames)} frames have no position and were left out"
    warnings = (*measured.warnings, *([note] if left else []))
    mask = measured.mask
    mask = mask[rows] if mask is not None and mask.ndim == 3 else mask
    return replace(measured, frames=measured.frames[rows], mask=mask, warnings=warnings)


def pixel_of(geometry: Geometry, size: int, source: str) -> float:
    """Return the object pixel in metres for frames of `size` pixels; InputFileError where nothing gives it."""
    pixel = geometry.pixel(size)
    if pixel is not None and 0 < pixel < np.inf:
        return pixel
    if pixel is None and geometry.energy_j is not None and geometry.wave_m is None:
        what = "the energy may be that of photons or of electrons, whose wavelengths differ"
        step = (
            "pass `--particle electron`, or photon (also where it was stored as h c / wavelength)"
        )
        value = f"{geometry.energy_j / ELECTRON_VOLT / 1e3:.6g} keV"
        limit = "a particle, from 30 keV on"
        raise InputFileError(what, value=value, limit=limit, source=source, next_step=step)
    what = "positions are lengths, and nothing gives the size of an object pixel"
    limit = "wavelength, distance and detector pixel, or the object pixel"
    step = "pass `--object-pixel LENGTH` (for example 20nm), or `--units px` if they are pixels"
    raise InputFileError(what, value=pixel, limit=limit, source=source, next_step=step)


def _window(measured: Measured) -> tuple[slice, slice]:
    """The largest square around the beam whose side is divisible by 4; the whole frame if it is one already."""
    shape = measured.frames.shape[1:]
    centre = measured.centre or (shape[0] // 2, shape[1] // 2)
    room = [2 * min(c, length - c) for c, length in zip(centre, shape, strict=True)]
    size = min(room) // 4 * 4
    if size < 4:
        what = "the beam centre leaves no square of the detector around it"
        step, source = "check beam_center_x and beam_center_y (pixels)", measured.source
        raise ScanDataError(what, value=centre, limit=shape, source=source, next_step=step)
    row, column = (slice(c - size // 2, c + size // 2) for c in centre)
    return row, column


def _band(measured: Measured, size: int) -> Array:
    """The probe, or its modes, on N pixels over the same field of view: the spectrum cropped like the detector."""
    probe = stored_probe(np.asarray(measured.probe), f"{measured.source}: probe")
    side = probe.shape[-2:]
    if side == (size, size) or side != measured.frames.shape[1:]:
        return probe  # as it is: a wrong size is refused when the scan is made
    plane = (-2, -1)
    centred = np.fft.ifftshift(probe.astype(np.complex128), axes=plane)
    spectrum = np.fft.fftshift(np.fft.fft2(centred, norm="ortho"), axes=plane)
    rows, columns = (slice(n // 2 - size // 2, n // 2 + size // 2) for n in side)
    cropped = np.fft.ifftshift(spectrum[..., rows, columns], axes=plane)
    made = np.fft.fftshift(np.fft.ifft2(cropped, norm="ortho"), axes=plane)
    return np.asarray(made, np.complex64)

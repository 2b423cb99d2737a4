"""CXI and NeXus (NXptycho) files: counts, translations and geometry as stored, then as a scan in object pixels.

Orientation: a detector pixel's row and column run along the file's basis vectors (default: rows along -y, columns
along -x, CXI's frame with z along the beam). In the far field object pixels run along the same directions. Both
formats store translations of the *sample*, so the probe moves over the sample by their negative.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ptyspec.contracts.arrays import as_array
from ptyspec.contracts.bundles import Array
from ptyspec.errors import ScanDataError, UnsupportedScanError
from ptyspec.files.hdf5 import Hdf5File
from ptyspec.files.measured import Geometry, Measured, PixelScan, frames_of, in_pixels
from ptyspec.files.nexus import (
    Places,
    centre_of,
    find_places,
    length_of,
    required,
    translation_of,
    wavelength_of,
)
from ptyspec.files.scan_parts import Measurement
from ptyspec.files.wavelength import Particle

HAS_SIGNAL = 0x1000
"""The one CXI mask bit that marks a good pixel (signal above background)."""


@dataclass(frozen=True)
class CxiScan:
    """What a CXI file says, in its own units.

    - frames: (M, H, W) counts as stored; mask: (H, W) bool, True where the detector measured.
    - translation_m: (M, 3) sample translation in metres; rows, columns: unit vectors (3,) of the detector's axes.
    - illumination: probe array as stored, or None; centre: (row, column) of the beam on the detector.
    """

    frames: Array
    mask: Array
    translation_m: Array
    rows: Array
    columns: Array
    geometry: Geometry
    centre: tuple[int, int]
    illumination: Array | None
    source: str
    warnings: tuple[str, ...] = ()


def read_cxi(
    path: Path,
    *,
    still: bool = False,
    unit_m: float | None = None,
    particle: Particle | None = None,
) -> CxiScan:
    """Return the raw record of a CXI or NeXus file, near field or far field, with or without illumination.

    `still`: translations are not read and are 0, for a scan whose positions come from elsewhere. `unit_m`: metres per
    unit of the translations, and `particle`: what has the energy, whatever the file says of it.
    Raises InputFileError for missing keys, links that leave the file and damage; ScanDataError for wrong shapes or
    values; UnsupportedScanError for detector pixels that are not square.
    """
    with Hdf5File(path) as file:
        places, warnings = find_places(file), list[str]()
        data = required(file, "diffraction data", *places.frames)
        frames, raster = file.read(data), None
        if frames.ndim == 4:  # NeXus keeps the two axes of a raster
            raster, frames = frames.shape[:2], frames.reshape(-1, *frames.shape[2:])
        frames = frames_of(frames, file.source(data))
        count = len(frames)
        moves = None if still else translation_of(file, places, raster, unit_m)
        translation = np.zeros((count, 3)) if still else _checked(file, places, moves, count)
        rows, columns, pixel = _detector_axes(file, places.detector)
        distance = length_of(file, f"{places.detector}/distance")
        beam = wavelength_of(file, places, warnings, particle)
        mask = _mask(file, frames)
        centre = centre_of(file, places, frames.shape[1:], pixel, warnings)
        light = places.illumination
        probe = file.read(light) if file.has(light) else None
        geometry = replace(beam, distance_m=distance, detector_pixel_m=pixel)
        where = (translation, rows, columns, geometry, centre)
        return CxiScan(frames, mask, *where, probe, str(file.path), tuple(warnings))


def to_pixel_scan(record: CxiScan, measurement: Measurement | None = None) -> PixelScan:
    """Return the scan in object pixels (see `in_pixels`); counts unless `measurement` says amplitude."""
    return in_pixels(to_measured(record), measurement)


def to_measured(record: CxiScan) -> Measured:
    """Return what the file says, with the probe's way over the sample."""
    ways = np.stack([record.columns, record.rows], axis=1)
    return Measured(
        frames=record.frames,
        source=record.source,
        format="CXI",
        positions=-record.translation_m @ ways,
        mask=record.mask,
        probe=record.illumination,
        geometry=record.geometry,
        centre=record.centre,
        warnings=record.warnings,
    )


def _checked(file: Hdf5File, places: Places, metres: Array | None, frames: int) -> Array:
    """Translations of the sample (M, 3), one a frame."""
    if metres is None:
        metres = file.read(required(file, "translations", *places.translations))  # refuses by name
    key = file.first(*places.translations) or f"{places.sample}/transformations"
    source = file.source(key)
    translation = as_array("translation", metres, np.float64, (None, 3), source=source)
    if len(translation) != frames:
        what = "the file has another number of translations than of frames"
        step, value = "store one translation (x, y, z) for every frame", len(translation)
        raise ScanDataError(what, value=value, limit=frames, source=source, next_step=step)
    return translation


def _detector_axes(file: Hdf5File, detector: str) -> tuple[Array, Array, float]:
    """Unit vectors along rows and columns, and the pixel size in metres."""
    key = f"{detector}/basis_vectors"
    if file.has(key):
        basis = file.read(key)
        basis = basis.T if basis.shape == (2, 3) else basis
        vectors = as_array("basis_vectors", basis, np.float64, (3, 2), source=file.source(key))
    else:
        sizes_of = [[f"{detector}/{axis}_pixel_size" for axis in axes] for axes in ("xy", "yx")]
        x, y = (length_of(file, required(file, "detector pixel size", *keys)) for keys in sizes_of)
        vectors = np.array([[0.0, -x], [-y, 0.0], [0.0, 0.0]])
    sizes = np.linalg.norm(vectors, axis=0)
    if not (sizes > 0).all() or abs(sizes[0] / sizes[1] - 1) > 0.001:
        what, step = "the detector pixels are not square", "resample the frames to square pixels"
        value, limit, source = sizes.tolist(), "equal to 0.1 %", file.source(detector)
        raise UnsupportedScanError(what, value=value, limit=limit, source=source, next_step=step)
    return vectors[:, 0] / sizes[0], vectors[:, 1] / sizes[1], float(sizes.mean())


def _mask(file: Hdf5File, frames: Array) -> Array:
    """True where the detector measured: CXI marks bad pixels with any bit but HAS_SIGNAL."""
    good = np.ones(frames.shape[1:], bool)
    detector = find_places(file).detector
    key = file.first(f"{detector}/mask", f"{detector}/pixel_mask")
    if key:
        stored = file.read(key)
        allowed = HAS_SIGNAL if key.endswith("/mask") else 0
        bad = (stored.astype(np.int64) & ~allowed) != 0
        shape = frames.shape if bad.ndim == 3 else frames.shape[1:]
        good = ~as_array("mask", bad, np.bool_, shape, source=file.source(key))
    return good

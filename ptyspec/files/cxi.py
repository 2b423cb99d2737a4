"""CXI files (version 1.6): counts, translations and geometry as stored, then as a scan in object pixels.

Orientation: a detector pixel's row and column run along the file's basis vectors (default: rows along -y, columns
along -x, CXI's frame with z along the beam). In the far field object pixels run along the same directions. CXI stores
translations of the *sample*, so the probe moves over the sample by their negative.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array, RawScan, as_array
from ptyspec.errors import InputFileError, ProbeError, ScanDataError, UnsupportedScanError
from ptyspec.files.hdf5 import ILLUMINATION, Hdf5File
from ptyspec.files.scan_parts import Measurement, amplitude_of, contradictions, single_mode

ENTRY = "entry_1"
DETECTOR = "entry_1/instrument_1/detector_1"
SOURCE = "entry_1/instrument_1/source_1"
DATA = ("entry_1/data_1/data", f"{DETECTOR}/data")
PLACES = ("entry_1/data_1", "entry_1/sample_1/geometry_1", DETECTOR)
TRANSLATION = tuple(f"{place}/translation" for place in PLACES)
PLANCK_LIGHT = 1.986445857e-25
"""h c in J m (CODATA 2018, exact to the digits given)."""
ELECTRON_VOLT = 1.602176634e-19
LENGTHS = {"m": 1.0, "mm": 1e-3, "um": 1e-6, "µm": 1e-6, "nm": 1e-9}
ENERGIES = {"j": 1.0, "ev": ELECTRON_VOLT, "kev": 1e3 * ELECTRON_VOLT}
WAVELENGTHS = (1e-13, 1e-5)
HAS_SIGNAL = 0x1000
"""The one CXI mask bit that marks a good pixel (signal above background)."""
MARGIN = 2
"""Object pixels kept free around the scanned area."""


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
    detector_pixel_m: float
    distance_m: float
    wavelength_m: float
    centre: tuple[int, int]
    illumination: Array | None
    source: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class PixelScan:
    """A CXI scan in object pixels, before it has a probe: fields as in RawScan, positions (M, 2) [x, y] float64."""

    diff3d: Array
    positions: Array
    mask: Array
    probe: Array | None
    metadata: dict[str, Any]
    source: str


def read_cxi(path: Path) -> CxiScan:
    """Return the raw record of a CXI file, near field or far field, with or without illumination.

    Raises InputFileError for missing keys, links that leave the file and damage; ScanDataError for wrong shapes or
    values; UnsupportedScanError for detector pixels that are not square.
    """
    with Hdf5File(path) as file:
        data = _required(file, "diffraction data", *DATA)
        frames = file.read(data)
        if frames.ndim != 3 or not frames.size or frames.dtype.kind not in "biuf":
            # as_array says which of these it is
            as_array("data", frames, np.float32, (None, None, None), source=file.source(data))
        key = _required(file, "translations", *TRANSLATION)
        metres = file.read(key) * _unit(file, key, LENGTHS)
        translation = as_array(
            "translation", metres, np.float64, (None, 3), source=file.source(key)
        )
        if len(translation) != (limit := len(frames)):
            what = "the file has another number of translations than of frames"
            step = "store one translation (x, y, z) for every frame"
            value, source = len(translation), file.source(key)
            raise ScanDataError(what, value=value, limit=limit, source=source, next_step=step)
        warnings: list[str] = []
        axes, mask = _detector_axes(file), _mask(file, frames, warnings)
        distance, wavelength = _length(file, f"{DETECTOR}/distance"), _wavelength(file, warnings)
        probe = file.read(ILLUMINATION) if file.has(ILLUMINATION) else None
        geometry = (*axes, distance, wavelength, _centre(file, frames.shape[1:]))
        return CxiScan(frames, mask, translation, *geometry, probe, str(file.path), tuple(warnings))


def to_pixel_scan(record: CxiScan, measurement: Measurement | None = None) -> PixelScan:
    """Return the scan in object pixels: square frames with N divisible by 4, amplitudes, bad pixels 0 and masked.

    Object pixel = lambda z / (N p). The smallest x and y become N/2 plus a small margin; crop, offset and geometry
    are in the metadata. Frames are counts unless `measurement` says amplitude.
    """
    kind = measurement or "counts"
    window = _window(record)
    frames, mask = record.frames[(slice(None), *window)], record.mask[window]
    frames = np.where(mask, frames, np.zeros((), frames.dtype))
    size = frames.shape[1]
    pixel = record.wavelength_m * record.distance_m / (size * record.detector_pixel_m)
    probe_moves = -record.translation_m @ np.stack([record.columns, record.rows], axis=1) / pixel
    offset = size / 2 + MARGIN - probe_moves.min(axis=0)
    metadata: dict[str, Any] = {
        "geometry": {
            "wavelength_m": record.wavelength_m,
            "distance_m": record.distance_m,
            "detector_pixel_m": record.detector_pixel_m,
            "object_pixel_m": pixel,
            "field_of_view_m": size * pixel,
        },
        "position_offset_px": offset.tolist(),
        "scale_source": f"assumed ({kind} without a stored scale)",
    }
    if (size, size) != record.frames.shape[1:]:
        named = zip(("rows", "columns"), window, strict=True)
        metadata["crop"] = {name: [side.start, side.stop] for name, side in named}
    warnings = [*record.warnings, *contradictions(frames, kind)]
    if warnings:
        metadata["warnings"] = warnings
    amplitude = amplitude_of(frames, kind, 1.0, "data", record.source)
    probe = None if record.illumination is None else _band(record, size)
    return PixelScan(amplitude, probe_moves + offset, mask, probe, metadata, record.source)


def to_raw_scan(scan: PixelScan, probe: Array | None = None) -> RawScan:
    """Return the scan with `probe` (N, N), or else with the file's own illumination; ProbeError if there is neither."""
    chosen = scan.probe if probe is None else probe
    if chosen is None:
        size, source = scan.diff3d.shape[1], f"{scan.source}:{ILLUMINATION}"
        what = "the file holds no illumination, and a probe is not invented"
        step = "pass `--probe FILE` (.npy, .npz or .h5) with a probe guess in object pixels"
        raise ProbeError(what, limit=f"probe ({size}, {size})", source=source, next_step=step)
    x, y = scan.positions.T
    names = ("diff3d", "mask", "metadata", "source")
    same: dict[str, Any] = {name: getattr(scan, name) for name in names}
    same |= {"xcoords": x, "ycoords": y, "xcoords_start": x, "ycoords_start": y}
    index = np.zeros(len(x), np.int64)
    return RawScan(**same, probeGuess=chosen, scan_index=index, scale=1.0)


def _required(file: Hdf5File, what: str, *keys: str) -> str:
    found = file.first(*keys)
    if found is None:
        problem = f"the file holds no {what}"
        step = "see docs/file-formats.md; is this a CXI file?"
        raise InputFileError(problem, limit=" or ".join(keys), source=file.path, next_step=step)
    return found


def _unit(file: Hdf5File, key: str, known: dict[str, float]) -> float:
    unit = file.attribute(key, "units")
    if unit is None:
        return 1.0
    factor = known.get(str(unit)) or known.get(str(unit).lower())
    if factor is None:
        what, step = "unknown unit", "store the value in metres or joules"
        limit, source = ", ".join(known), file.source(key)
        raise InputFileError(what, value=unit, limit=limit, source=source, next_step=step)
    return factor


def _length(file: Hdf5File, key: str, known: dict[str, float] = LENGTHS) -> float:
    """Return one positive number in metres (or joules)."""
    array, value = file.read(key), 0.0
    if array.size == 1 and array.dtype.kind in "iuf":
        value = float(array.reshape(-1)[0]) * _unit(file, key, known)
    if not (np.isfinite(value) and value > 0):
        what = f"{key} is not one positive number"
        step = "store the value in metres (energy in joules)"
        raise ScanDataError(what, value=array, limit="> 0", source=file.source(key), next_step=step)
    return value


def _wavelength(file: Hdf5File, warnings: list[str]) -> float:
    """Wavelength in metres, from `wavelength` or from `energy` in joules; both must agree to 1 %."""
    key = _required(file, "wavelength or energy", f"{SOURCE}/wavelength", f"{SOURCE}/energy")
    energy_key = f"{SOURCE}/energy"
    implied = PLANCK_LIGHT / _length(file, energy_key, ENERGIES) if file.has(energy_key) else None
    value = implied if implied is not None and key == energy_key else _length(file, key)
    if not WAVELENGTHS[0] <= value <= WAVELENGTHS[1]:
        what, source = "the wavelength is out of range", file.source(key)
        stored, limit = f"{value:.4g} m", f"{WAVELENGTHS[0]:g} .. {WAVELENGTHS[1]:g} m"
        step = "store the energy in joules (1 keV = 1.602e-16 J), or give it units='eV'"
        raise ScanDataError(what, value=stored, limit=limit, source=source, next_step=step)
    if implied is not None and abs(implied / value - 1) > 0.01:
        warnings.append(f"wavelength {value:.4g} m was used; energy implies {implied:.4g} m")
    return value


def _detector_axes(file: Hdf5File) -> tuple[Array, Array, float]:
    """Unit vectors along rows and columns, and the pixel size in metres."""
    key = f"{DETECTOR}/basis_vectors"
    if file.has(key):
        basis = file.read(key)
        basis = basis.T if basis.shape == (2, 3) else basis
        vectors = as_array("basis_vectors", basis, np.float64, (3, 2), source=file.source(key))
    else:
        sizes_of = [[f"{DETECTOR}/{axis}_pixel_size" for axis in axes] for axes in ("xy", "yx")]
        x, y = (_length(file, _required(file, "detector pixel size", *keys)) for keys in sizes_of)
        vectors = np.array([[0.0, -x], [-y, 0.0], [0.0, 0.0]])
    sizes = np.linalg.norm(vectors, axis=0)
    if not (sizes > 0).all() or abs(sizes[0] / sizes[1] - 1) > 0.001:
        what, step = "the detector pixels are not square", "resample the frames to square pixels"
        value, limit, source = sizes.tolist(), "equal to 0.1 %", file.source(DETECTOR)
        raise UnsupportedScanError(what, value=value, limit=limit, source=source, next_step=step)
    return vectors[:, 0] / sizes[0], vectors[:, 1] / sizes[1], float(sizes.mean())


def _mask(file: Hdf5File, frames: Array, warnings: list[str]) -> Array:
    """True where the detector measured: CXI marks bad pixels with any bit but HAS_SIGNAL; so do overflowing counts."""
    good = np.ones(frames.shape[1:], bool)
    key = f"{DETECTOR}/mask"
    if file.has(key):
        stored = file.read(key)
        bad = (stored.astype(np.int64) & ~HAS_SIGNAL) != 0
        bad = bad.any(axis=0) if bad.ndim == 3 else bad
        good = ~as_array("mask", bad, np.bool_, frames.shape[1:], source=file.source(key))
    if frames.dtype.kind == "u":
        full = (frames == np.iinfo(frames.dtype).max).any(axis=0) & good
        if full.any():
            many = f"{int(full.sum())} pixels hold the largest {frames.dtype}"
            warnings.append(f"{many} (gap or overflow) and were masked")
            good &= ~full
    return good


def _centre(file: Hdf5File, shape: tuple[int, ...]) -> tuple[int, int]:
    """(row, column) of zero frequency: the stated beam centre, else the middle of the array."""
    out = []
    for name, length in (("y", shape[0]), ("x", shape[1])):
        key = f"{DETECTOR}/beam_center_{name}"
        out.append(round(float(file.read(key).reshape(-1)[0])) if file.has(key) else length // 2)
    return out[0], out[1]


def _window(record: CxiScan) -> tuple[slice, slice]:
    """The largest square around the beam whose side is divisible by 4; the whole frame if it is one already."""
    shape = record.frames.shape[1:]
    room = [2 * min(c, length - c) for c, length in zip(record.centre, shape, strict=True)]
    size = min(room) // 4 * 4
    if size < 4:
        what = "the beam centre leaves no square of the detector around it"
        step, source = "check beam_center_x and beam_center_y (pixels)", record.source
        raise ScanDataError(what, value=record.centre, limit=shape, source=source, next_step=step)
    row, column = (slice(c - size // 2, c + size // 2) for c in record.centre)
    return row, column


def _band(record: CxiScan, size: int) -> Array:
    """The illumination on N pixels over the same field of view: its spectrum cropped like the detector."""
    probe = single_mode(np.asarray(record.illumination), f"{record.source}:{ILLUMINATION}")
    if probe.shape == (size, size) or probe.shape != record.frames.shape[1:]:
        return probe  # as it is: a wrong size is refused when the scan is made
    centred = np.fft.ifftshift(probe.astype(np.complex128))
    spectrum = np.fft.fftshift(np.fft.fft2(centred, norm="ortho"))
    rows, columns = (slice(n // 2 - size // 2, n // 2 + size // 2) for n in probe.shape)
    cropped = np.fft.ifftshift(spectrum[rows, columns])
    return np.fft.fftshift(np.fft.ifft2(cropped, norm="ortho")).astype(np.complex64)

"""A scan written for other programs: CXI 1.6, and NXptycho, which is CXI with the names of NeXus.

Counts are (s X)^2 as float64 unless they are whole numbers, the probe is s P, and positions become translations of the
sample in metres. What CXI has no place for (scale, object, labels, metadata, nominal positions) stands in a group
`ptyspec_1` beside them, so that reading the file back loses nothing.
"""

from pathlib import Path
from typing import Any, Literal

import numpy as np

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.errors import InputFileError, OutputExistsError
from ptyspec.files import scan_parts as parts
from ptyspec.files.disk import atomic_file
from ptyspec.files.scan_file import write_scan
from ptyspec.files.wavelength import ELECTRON_VOLT, Particle
from ptyspec.files.wavelength import energy as energy_of

Form = Literal["npz", "cxi", "nxptycho"]
SUFFIXES: dict[str, Form] = {".npz": "npz", ".cxi": "cxi", ".nxs": "nxptycho", ".nx": "nxptycho"}
LENGTHS = ("wavelength_m", "distance_m", "detector_pixel_m")
OWN = "entry_1/ptyspec_1"
"""What CXI has no place for."""
DETECTOR, SOURCE = "entry_1/instrument_1/detector_1", "entry_1/instrument_1/source_1"
BEAM, DATA, SAMPLE = "entry_1/instrument_1/beam_1", "entry_1/data_1", "entry_1/sample_1"
CLASSES = {
    "entry_1": "NXentry",
    "entry_1/instrument_1": "NXinstrument",
    DETECTOR: "NXdetector",
    SOURCE: "NXsource",
    BEAM: "NXbeam",
    DATA: "NXdata",
    SAMPLE: "NXsample",
    OWN: "NXcollection",
}
ARRAYS = ("xcoords", "ycoords", "xcoords_start", "ycoords_start", "scan_index", "probeGuess")
KNOWN = ("objectGuess", "Y")
AGREE = 1e-6
"""What stored positions (object pixels, a common shift aside) and probe (relative) may differ from those of CXI."""


def write_as(path: Path, scan: RawScan, form: Form | None = None, *, force: bool = False) -> Path:
    """Write the scan as `form`, else by the suffix of `path` (.npz, .cxi, .nxs), and return `path`.

    Reading it gives every array, number and word again, bit for bit. Raises OutputExistsError where `path` is there
    and not `force`, InputFileError for another suffix or, of CXI and NXptycho, a scan without its geometry,
    OutputFileError where it cannot be written.
    """
    path = Path(path)
    chosen = form or SUFFIXES.get(path.suffix.lower())
    if chosen is None:
        what, limit = "the suffix says no format that is written", ", ".join(SUFFIXES)
        step, value = "choose one of these suffixes, or --format", path.suffix or "none"
        raise InputFileError(what, value=value, limit=limit, source=path, next_step=step)
    if path.exists() and not force:
        what, step = "the output file is already there", "choose another name, or --force"
        raise OutputExistsError(what, value=path, source="OUT", next_step=step)
    if chosen == "npz":
        return write_scan(path, scan)
    return _write_cxi(path, scan, nexus=chosen == "nxptycho")


def _write_cxi(path: Path, scan: RawScan, *, nexus: bool) -> Path:
    import h5py

    wavelength, distance, detector = lengths = _lengths(path, scan)
    pixel = wavelength * distance / (scan.N * detector)
    particle: Particle = scan.metadata["geometry"].get("particle", "photon")
    energy = energy_of(wavelength, particle)
    moves = np.stack([scan.xcoords * pixel, scan.ycoords * pixel, 0 * scan.xcoords], axis=1)
    values: dict[str, tuple[Any, str]] = {
        f"{DETECTOR}/distance": (lengths[1], "m"),
        f"{DETECTOR}/x_pixel_size": (detector, "m"),
        f"{DETECTOR}/y_pixel_size": (detector, "m"),
        f"{DETECTOR}/translation": (moves, "m"),
        f"{SOURCE}/illumination": (scan.scale * scan.probeGuess.astype(np.complex128), ""),
    }
    if nexus:  # there source_1/energy is the machine's, which a scan does not know
        values[f"{BEAM}/energy"] = energy / ELECTRON_VOLT, "eV"
        values[f"{BEAM}/incident_wavelength"] = wavelength, "m"
    else:
        values[f"{SOURCE}/energy"] = energy, "J"
        values[f"{SOURCE}/wavelength"] = wavelength, "m"
    if particle == "electron":
        values[f"{SOURCE}/probe"] = particle, ""
    if scan.mask is not None:
        values[f"{DETECTOR}/mask"] = (~scan.mask).astype(np.uint32), ""
    own: dict[str, Any] = {name: getattr(scan, name) for name in ARRAYS}
    own |= {name: value for name in KNOWN if (value := getattr(scan, name)) is not None}
    own |= {"scale": scan.scale, "metadata": np.bytes_(_text(scan))}
    values |= {f"{OWN}/{name}": (value, "") for name, value in own.items()}
    with atomic_file(path) as opened, h5py.File(opened, "w") as file:
        file["cxi_version"] = 160
        for key, (value, unit) in values.items():
            file[key] = value
            if unit:
                file[key].attrs["units"] = unit
        how: dict[str, Any] = {"chunks": (1, scan.N, scan.N), "compression": "gzip"}
        file.create_dataset(f"{DETECTOR}/data", data=_counts(scan), **how)
        for name in ("data", "translation"):
            file[f"{DATA}/{name}"] = h5py.SoftLink(f"/{DETECTOR}/{name}")
        file[f"{SAMPLE}/geometry_1/translation"] = h5py.SoftLink(f"/{DETECTOR}/translation")
        if nexus:
            file["entry_1/definition"], file["entry_1/title"] = "NXptycho", path.stem
            for place, kind in CLASSES.items():
                file[place].attrs["NX_class"] = kind
            file[DATA].attrs["signal"] = "data"
    return path


def restored(path: Path, frames: Array, plain: RawScan) -> RawScan:
    """Return the scan that `write_as` wrote into a CXI or NXptycho file; `plain` where the file is not ours.

    `frames` are the counts as stored. Where positions or probe no longer agree with the file's translations and
    illumination, somebody changed these: `plain` then, with a warning.
    """
    from ptyspec.files.hdf5 import Hdf5File

    with Hdf5File(path) as file:
        if not file.has(f"{OWN}/scale") or frames.shape[1:] != plain.diff3d.shape[1:]:
            return plain
        names = [name for name in (*ARRAYS, *KNOWN) if file.has(f"{OWN}/{name}")]
        fields: dict[str, Any] = {name: file.read(f"{OWN}/{name}") for name in names}
        scale = float(file.read(f"{OWN}/scale"))
        masked = file.has(f"{DETECTOR}/mask")
        text = bytes(file.read(f"{OWN}/metadata")).decode("utf-8")
    positions = np.stack([fields["xcoords"], fields["ycoords"]], axis=1)
    same = positions.shape == plain.positions.shape
    lit = np.abs(plain.probeGuess / scale - fields["probeGuess"]).max()
    same = same and lit <= AGREE * np.abs(fields["probeGuess"]).max()
    if not same or np.ptp(plain.positions - positions, axis=0).max() > AGREE:
        note = "translations or probe were changed after ptyspec wrote them: they were used"
        metadata = {**plain.metadata, "warnings": [*plain.metadata.get("warnings", []), note]}
        return plain.model_copy(update={"metadata": metadata})
    fields["diff3d"] = parts.amplitude_of(frames, "counts", scale, "data", str(path))
    fields |= {"scale": scale, "metadata": parts.read_metadata(text, str(path))}
    mask = plain.mask if masked else None
    if mask is not None:
        fields["diff3d"] = np.where(mask, fields["diff3d"], np.float32(0))
    return RawScan(**fields, mask=mask, source=str(path))


def _lengths(path: Path, scan: RawScan) -> tuple[float, float, float]:
    """Wavelength, distance and detector pixel in metres; InputFileError where the scan does not know them."""
    geometry = scan.metadata.get("geometry")
    known = geometry if isinstance(geometry, dict) else {}
    missing = [name for name in LENGTHS if not known.get(name)]
    if missing or scan.N % 4:
        what = "the scan does not say the lengths that CXI is made of" if missing else "N is odd"
        value = ", ".join(missing) if missing else scan.N
        step = "state --wavelength, --distance and --detector-pixel, or write .npz"
        raise InputFileError(what, value=value, source=path, next_step=step)
    wavelength, distance, detector = (float(known[name]) for name in LENGTHS)
    return wavelength, distance, detector


def _text(scan: RawScan) -> bytes:
    return parts.metadata_text(scan.metadata).encode("utf-8")


def _counts(scan: RawScan) -> Array:
    """Counts in the smallest unsigned type where whole numbers give the amplitudes back bit by bit, else float64."""
    counts = np.square(scan.diff3d.astype(np.float64) * scan.scale)
    whole = np.rint(counts)
    if not np.array_equal((np.sqrt(whole) / scan.scale).astype(np.float32), scan.diff3d):
        return counts
    # The largest value of a type marks a pixel without data.
    kinds = (kind for kind in (np.uint16, np.uint32) if whole.max() < np.iinfo(kind).max)
    return whole.astype(next(kinds, np.float64))

"""One entry for every file a scan can come from: the kind is told by the content, never by the name.

NPZ has a canonical form, which `write_scan` writes, and aliases found in the wild (DATA-001); docs/file-formats.md
describes the keys. Frames of an uncompressed float32 file stay on disk.
"""

from pathlib import Path
from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.errors import ConfigError
from ptyspec.files import formats
from ptyspec.files import scan_parts as parts
from ptyspec.files.disk import atomic_file, existing_file, sha256_of
from ptyspec.files.far_field import require_far_field
from ptyspec.files.mask_file import Polarity
from ptyspec.files.measured import PixelScan, in_pixels, to_raw_scan
from ptyspec.files.placement import completed, in_units, placement
from ptyspec.files.scan_npz import FORMAT, POSITIONS, read_npz
from ptyspec.files.scan_parts import Measurement
from ptyspec.files.stated import Stated
from ptyspec.files.wavelength import Particle
from ptyspec.files.zipped_arrays import NpzArchive, write_arrays

__all__ = ["read_scan", "sha256_of", "write_scan"]


def read_scan(
    path: Path,
    *,
    measurement: Measurement | None = None,
    probe: Path | None = None,
    positions: Path | None = None,
    units: str | None = None,
    step: str | None = None,
    shape: str | None = None,
    object_pixel: str | None = None,
    particle: Particle | None = None,
    mask: Path | None = None,
    mask_true: Polarity | None = None,
    links: Path | None = None,
) -> RawScan:
    """Return the scan in a file of any format of docs/file-formats.md; no arbitrary code in the file can run.

    What the file does not say is stated (`Stated`): `measurement`, the kind of frames (NPZ: amplitude if nobody says,
    counts in files of other programs); `probe`, a file whose probe is used instead of the stored one; `positions`, a
    second file, a ptychodus product among others; `units` of positions; `step` and `shape` of a raster; the size of an
    `object_pixel`; the `particle` whose energy the file gives; `mask`, a file, and what True marks in it; `links`, the
    folder in which linked files may lie. Raises InputFileError (missing, damaged, pickled, another kind of file),
    ScanDataError and MeasurementError (wrong values), UnsupportedScanError (near field, reported before a missing
    probe), ProbeError (no probe, wrong size, one that varies over the scan), ConfigError (a statement that means
    nothing).
    """
    words = (measurement, probe, positions, units, step, shape, object_pixel)
    return read_stated(path, Stated(*words, particle, mask, mask_true, links))


def read_stated(path: Path, stated: Stated) -> RawScan:
    """Return the scan as `read_scan` does."""
    path = existing_file(path)
    head = formats.head_of(path)
    if stated.mask_true is not None and stated.mask is None:
        what, step = "this says what True marks in a mask, and there is none", "pass `--mask FILE`"
        raise ConfigError(what, value=stated.mask_true, source="--mask-true", next_step=step)
    if head.startswith(formats.ZIP):
        with NpzArchive(path) as archive:
            lacks = not any(key in archive for key in POSITIONS)
        place = placement(stated, lacks=lacks)
        probe = stated.probe or (stated.positions if place and place.probe is not None else None)
        how: dict[str, Any] = {} if place is None else {"place": place}
        how |= {"mask": stated.mask, "mask_true": stated.mask_true}
        scan = read_npz(path, measurement=stated.measurement, probe=probe, **how)
        return in_units(scan, stated, place)
    if formats.is_hdf5(head) and formats.is_cxi(path, stated.links):
        return _read_cxi(path, stated)
    measured = formats.read_measured(path, head, stated.links)
    return _with_probe(in_pixels(completed(measured, stated), stated.measurement), stated)


def _read_cxi(path: Path, stated: Stated) -> RawScan:
    """A CXI or NeXus file; its own positions are not asked for where the user names others."""
    # h5py is needed for these files alone
    from ptyspec.files import cxi

    still = placement(stated) is not None
    # A unit of the user's is applied once, by `completed`.
    how: dict[str, Any] = {"unit_m": None if stated.units is None else 1.0, "links": stated.links}
    how |= {"particle": stated.particle, "sized": stated.object_pixel is not None}
    record = cxi.read_cxi(path, still=still, **how)
    if stated:
        measured = completed(cxi.to_measured(record), stated)
        return _with_probe(in_pixels(measured, stated.measurement), stated)
    scan = _with_probe(cxi.to_pixel_scan(record), stated)
    from ptyspec.files.scan_written import restored

    return restored(path, record.frames, scan)


def _with_probe(scan: PixelScan, stated: Stated) -> RawScan:
    require_far_field(scan)
    return to_raw_scan(scan, None if stated.probe is None else parts.read_probe(stated.probe))


def write_scan(path: Path, scan: RawScan) -> Path:
    """Write the canonical form and return `path`; reading it back gives every array, number and word again, bit for bit.

    Uncompressed, so that the frames can be mapped; written block by block, so that frames on disk never fill the
    memory; atomic, so that a failure leaves a former file intact and nothing else. Raises OutputFileError, and
    ScanDataError for metadata that JSON cannot hold.
    """
    arrays: dict[str, Array] = {
        "format": np.array(FORMAT),
        "measurement": np.array("amplitude"),
        "scale": np.array(scan.scale, np.float64),
        "metadata": np.array(parts.metadata_text(scan.metadata)),
    }
    names = (*POSITIONS, "scan_index", "probeGuess", "objectGuess", "Y", "mask", "diff3d")
    values = {name: getattr(scan, name) for name in names}
    arrays |= {name: value for name, value in values.items() if value is not None}
    path = Path(path)
    with atomic_file(path) as file:
        write_arrays(file, arrays)
    return path

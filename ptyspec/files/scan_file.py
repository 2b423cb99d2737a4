"""One entry for every file a scan can come from: the kind is told by the content, not by the name."""

from __future__ import annotations

from pathlib import Path

from ptyspec.contracts.bundles import RawScan
from ptyspec.errors import InputFileError
from ptyspec.files.files import existing_file, sha256_of
from ptyspec.files.measurement import Measurement
from ptyspec.files.npz import read_npz, write_scan
from ptyspec.files.probe_file import product_error, read_probe

__all__ = ["read_scan", "sha256_of", "write_scan"]

ZIP = b"PK"
NPY = b"\x93NUMPY"
HDF5 = b"\x89HDF\r\n\x1a\n"
HDF5_OFFSETS = (0, 512, 1024, 2048)
"""Where an HDF5 superblock may start (a user block may stand before it)."""


def read_scan(
    path: Path, *, measurement: Measurement | None = None, probe: Path | None = None
) -> RawScan:
    """Return the scan that an NPZ or CXI (HDF5) file holds; no arbitrary code in the file can run.

    `measurement` declares the kind of frames where the file does not (NPZ: amplitude if nobody does, CXI: counts);
    `probe` names a file whose probe is used instead of the stored one. Raises InputFileError (missing, damaged,
    pickled, another kind of file), ScanDataError and MeasurementError (wrong values), UnsupportedScanError (near
    field, reported before a missing probe), ProbeError (no probe, wrong size, several modes).
    """
    path = existing_file(path)
    with path.open("rb") as file:
        head = file.read(HDF5_OFFSETS[-1] + len(HDF5))
    if head.startswith(ZIP):
        return read_npz(path, measurement=measurement, probe=probe)
    if any(head[at:].startswith(HDF5) for at in HDF5_OFFSETS):
        return _read_hdf5(path, measurement, probe)
    raise _unknown(path, head)


def _read_hdf5(path: Path, measurement: Measurement | None, probe: Path | None) -> RawScan:
    # h5py is needed for these files alone
    from ptyspec.files.cxi import read_cxi, to_pixel_scan, to_raw_scan
    from ptyspec.files.far_field import require_far_field
    from ptyspec.files.hdf5 import Hdf5File

    with Hdf5File(path) as file:
        if file.has("probe_position_x_m"):
            raise product_error(path)
    scan = to_pixel_scan(read_cxi(path), measurement)
    require_far_field(scan)
    return to_raw_scan(scan, None if probe is None else read_probe(probe))


def _unknown(path: Path, head: bytes) -> InputFileError:
    what, step = path.suffix or "no suffix", "convert the scan to NPZ (docs/file-formats.md)"
    if head.startswith(NPY):
        what, step = (
            "a single numpy array",
            "put it into an NPZ file beside the rest: numpy.savez(...)",
        )
    elif path.suffix in {".npz", ".cxi", ".h5", ".hdf5"}:
        what = f"no {path.suffix} file inside"
        step = "copy the file again; it is damaged or was named wrongly"
    return InputFileError(
        "this kind of file is not read",
        value=what,
        limit=".npz, .cxi, .h5 or .hdf5",
        source=path,
        next_step=step,
    )

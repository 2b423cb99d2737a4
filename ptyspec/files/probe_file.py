"""Probe guesses: from a file of their own, with the mode axes that others write."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ptyspec.contracts.bundles import Array, as_array
from ptyspec.errors import InputFileError, ProbeError
from ptyspec.files.files import existing_file
from ptyspec.files.zipped_arrays import NpzArchive

KEYS = ("probeGuess", "probe")


def read_probe(path: Path) -> Array:
    """Return the probe (N, N) complex64 of a .npy, .npz (key probeGuess or probe), .cxi or .h5 file.

    Raises InputFileError for what cannot be read, ProbeError for several modes, ScanDataError for NaN.
    """
    path = existing_file(path)
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(b"\x93NUMPY"):
        return single_mode(_from_npy(path), str(path))
    if magic.startswith(b"PK"):
        with NpzArchive(path) as archive:
            for key in KEYS:
                if key in archive:
                    return single_mode(archive.read(key), archive.source(key))
            raise _no_probe(path, archive.keys)
    return _from_hdf5(path)


def single_mode(probe: Array, source: str) -> Array:
    """Return the probe as (N, N) complex64, mode axes of length one removed; ProbeError if several modes remain."""
    shape = probe.shape
    while probe.ndim > 2 and 1 in probe.shape:
        probe = np.squeeze(probe, axis=probe.shape.index(1))
    if probe.ndim > 2:
        raise ProbeError(
            "the probe has several modes; this model illuminates with one coherent probe",
            value=shape,
            limit="(N, N)",
            source=source,
            next_step="keep the strongest mode: numpy.save('probe.npy', probe[0]), then `--probe probe.npy`",
        )
    return as_array("probe", probe, np.complex64, (None, None), source=source)


def product_error(path: Path) -> InputFileError:
    """Return the error for a ptychodus product that was given as a scan."""
    return InputFileError(
        "this is a ptychodus product: it holds a reconstruction and no diffraction",
        value="probe_position_x_m",
        limit="diff3d, or entry_1/data_1/data",
        source=path,
        next_step="give the diffraction file, and this one as `--probe` if its probe is wanted",
    )


def _from_npy(path: Path) -> Array:
    try:
        return np.asarray(np.load(path, allow_pickle=False))
    except (ValueError, EOFError, OSError) as error:
        raise InputFileError(
            "the probe file is pickled or damaged",
            value=str(error),
            source=path,
            next_step="write it with numpy.save(path, probe.astype('complex64'))",
        ) from error


def _from_hdf5(path: Path) -> Array:
    from ptyspec.files.hdf5 import ILLUMINATION, Hdf5File  # h5py is needed for these files alone

    with Hdf5File(path) as file:
        for key in (ILLUMINATION, *KEYS):
            if file.has(key):
                return single_mode(file.read(key), file.source(key))
        raise _no_probe(path, [])


def _no_probe(path: Path, found: list[str]) -> InputFileError:
    return InputFileError(
        "the file holds no probe",
        value=", ".join(found) or None,
        limit="key probeGuess or probe",
        source=path,
        next_step="give a .npy file with one (N, N) complex array",
    )

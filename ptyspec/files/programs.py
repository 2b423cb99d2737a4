"""Scans in HDF5 as other programs keep them: ptypy, PtyLab; each by the facts of its format.

- ptypy: energy in keV, lengths in metres, positions (row, column) of the probe, frames are intensities.
- PtyLab: metres, `encoder` (row, column) of the probe; object pixel = wavelength zo / (N dxd), dxd binned already.
Numbers may be arrays of one element.
"""

import numpy as np

from ptyspec.contracts.arrays import as_array
from ptyspec.contracts.bundles import Array
from ptyspec.errors import InputFileError, ScanDataError, UnsupportedScanError
from ptyspec.files.hdf5 import Hdf5File
from ptyspec.files.measured import Geometry, Measured, frames_of
from ptyspec.files.scan_parts import PRODUCT, product_error
from ptyspec.files.wavelength import ELECTRON_VOLT

PTYPY, PTYLAB = "ptypy data (.ptyd)", "PtyLab data"


def is_ptypy_data(file: Hdf5File) -> bool:
    """Tell whether the file holds frames prepared by ptypy."""
    return file.has_group("chunks") and file.has_group("meta")


def read_ptypy_data(file: Hdf5File) -> Measured:
    """Return the scan of a .ptyd file: the chunks in the order of their numbers, the frames in that of their indices."""
    chunks = sorted((name for name in file.names("chunks") if name.isdecimal()), key=int)
    if not chunks:
        what, step = (
            "the ptypy file has no chunk of frames",
            "save it again when the data are there",
        )
        raise InputFileError(what, limit="chunks/0/data", source=file.path, next_step=step)
    frames, places, index, weights = [], [], [], []
    for name in chunks:
        part = f"chunks/{name}"
        data = frames_of(file.read(f"{part}/data"), file.source(f"{part}/data"))
        frames.append(data)
        places.append(_pairs(file, f"{part}/positions"))
        key = f"{part}/indices"
        index.append(file.read(key).reshape(-1) if file.has(key) else np.arange(len(data)))
        if file.has(key := f"{part}/weights") and (stored := file.read(key)).size:
            weights.append(stored.reshape(-1, *data.shape[1:]) > 0)
    order = np.argsort(np.concatenate(index), kind="stable")
    positions = np.concatenate(places)
    whole = np.concatenate(frames)
    if not len(order) == len(positions) == len(whole):
        what = "the file has another number of positions than of frames"
        value, limit = len(positions), len(whole)
        step = "save the data again with ptypy"
        raise ScanDataError(what, value=value, limit=limit, source=file.path, next_step=step)
    mask, warnings = _mask(file, weights, whole.shape[1:])
    energy = _number(file, "meta/energy", "info/energy")
    pixel = _number(file, "meta/psize", "info/psize")
    distance = _number(file, "meta/distance", "info/distance")
    # Of electrons ptypy keeps the photon energy of the same wavelength, and says so.
    electrons = file.has("info/electron_data") and bool(_number(file, "info/electron_data"))
    return Measured(
        frames=whole[order],
        source=str(file.path),
        format=PTYPY,
        positions=positions[order][:, ::-1],
        mask=mask,
        geometry=Geometry(
            distance_m=distance,
            detector_pixel_m=pixel,
            energy_j=energy * 1e3 * ELECTRON_VOLT if energy else None,
            particle="photon" if electrons else None,
        ),
        centre=_centre(file, whole.shape[1:]),
        warnings=warnings,
    )


def refuse_ptypy_result(file: Hdf5File) -> Measured:
    """Raise InputFileError: a .ptyr file holds what ptypy reconstructed, and no frames."""
    what = "this is a ptypy reconstruction (.ptyr): it holds object and probe and no frames"
    step = "give the .ptyd file that it was made from, and this one as `--probe`"
    raise InputFileError(
        what, value="content/probe", limit="chunks", source=file.path, next_step=step
    )


def is_ptypy_result(file: Hdf5File) -> bool:
    """Tell whether the file is a reconstruction by ptypy."""
    return file.has_group("content/probe") and file.has_group("content/obj")


def is_ptylab(file: Hdf5File) -> bool:
    """Tell whether the file holds frames for PtyLab."""
    return file.has("ptychogram")


def read_ptylab(file: Hdf5File) -> Measured:
    """Return the scan of a PtyLab file; UnsupportedScanError for Fourier ptychography and frames yet to be turned."""
    for key, what in (("zled", "Fourier ptychography"), ("magnification", "Fourier ptychography")):
        if file.has(key):
            problem, step = f"this is {what}, which has another model", "reconstruct it with PtyLab"
            source = file.source(key)
            raise UnsupportedScanError(problem, source=source, next_step=step)
    if turned := _number(file, "orientation"):
        what, step = (
            "the frames are to be turned first",
            "turn them in PtyLab, and store orientation 0",
        )
        source = file.source("orientation")
        raise UnsupportedScanError(what, value=turned, limit=0, source=source, next_step=step)
    frames = frames_of(file.read("ptychogram"), file.source("ptychogram"))
    wavelength, distance, pixel = (_number(file, key) for key in ("wavelength", "zo", "dxd"))
    return Measured(
        frames=frames,
        source=str(file.path),
        format=PTYLAB,
        positions=_pairs(file, "encoder")[:, ::-1] if file.has("encoder") else None,
        probe=file.read("probe") if file.has("probe") else None,
        geometry=Geometry(wavelength, distance, pixel),
    )


def is_product_file(file: Hdf5File) -> bool:
    """Tell whether the file is a ptychodus or pty-chi product."""
    return file.has(PRODUCT)


def refuse_product_file(file: Hdf5File) -> Measured:
    """Raise InputFileError: a product holds no frames."""
    raise product_error(file.path)


def _number(file: Hdf5File, *keys: str) -> float | None:
    """The first of these that is one number; of two equal ones (both axes) that number; None where none is."""
    for key in keys:
        values = file.read(key).reshape(-1) if file.has(key) else np.zeros(0)
        if not values.size or values.dtype.kind not in "biuf":
            continue
        if not np.allclose(values, values[0], rtol=1e-3, atol=0):
            what, step = f"{key} differs between the axes", "resample the frames to square pixels"
            value, source = values.tolist(), file.source(key)
            raise UnsupportedScanError(what, value=value, source=source, next_step=step)
        return float(values[0])
    return None


def _pairs(file: Hdf5File, key: str) -> Array:
    """(M, 2) numbers, also from (2, M)."""
    array = file.read(key)
    if array.ndim == 2 and array.shape[0] == 2 != array.shape[1]:
        array = array.T
    return as_array(key, array, np.float64, (None, 2), source=file.source(key))


def _centre(file: Hdf5File, shape: tuple[int, ...]) -> tuple[int, int] | None:
    """(row, column) of the beam, where the file states one within the frames."""
    for key in ("meta/center", "info/center"):
        values = file.read(key).reshape(-1) if file.has(key) else np.zeros(0)
        if values.size == 2 and values.dtype.kind in "iuf":
            row, column = (round(float(value)) for value in values)
            if 0 < row < shape[0] and 0 < column < shape[1]:
                return row, column
    return None


def _mask(
    file: Hdf5File, weights: list[Array], shape: tuple[int, ...]
) -> tuple[Array | None, tuple[str, ...]]:
    """True where every frame has weight; a note where frames have masks of their own."""
    if not weights:
        key = "meta/weight2d"
        stored = file.read(key) if file.has(key) else np.zeros(0)
        return (stored > 0 if stored.shape == shape else None), ()
    whole = np.concatenate(weights)
    mask, some = np.asarray(whole.all(axis=0)), np.asarray(whole.any(axis=0))
    if lost := int((some & ~mask).sum()):
        note = f"frames have masks of their own: {lost} pixels that are bad in some frame were masked in all"
        return mask, (note,)
    return mask, ()

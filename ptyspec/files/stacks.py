"""Frames and little else: HDF5 and MATLAB 7.3 files with a stack, datacubes of scanning electron microscopes, .npy.

Positions come from the file where it names them (xcoords, ycoords in object pixels), else from the user: a second file,
or the step of a raster. MATLAB stores axes in reverse, so that its rows and columns are turned back.
"""

from pathlib import Path
from typing import cast

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.errors import InputFileError
from ptyspec.files.hdf5 import Hdf5File, Stored
from ptyspec.files.measured import Geometry, Measured, frames_of
from ptyspec.files.placement import lattice
from ptyspec.files.scan_parts import KINDS, Measurement, load_array
from ptyspec.files.stated import METRES

STACKS = ("dp", "diff3d", "diffraction", "patterns", "intensities", "frames", "data", "fmag")
"""Names of frames, the likeliest first."""
INTENSITIES = ("dp", "patterns", "intensities")
"""Names that say that the frames are counts; those of a datacube are, too."""
LEAST_SIDE = 4
PAIRS = (("xcoords", "ycoords"), ("probe_position_x", "probe_position_y"))
PROBES = ("probeGuess", "probe")
RECIPROCAL = {"A^-1": 1e-10, "1/A": 1e-10, "Å^-1": 1e-10, "nm^-1": 1e-9, "1/nm": 1e-9}
"""Metres of the reciprocal of a unit of spatial frequency (without 2 pi)."""


def is_stack(file: Hdf5File) -> bool:
    """Tell whether the file holds one array that can only be frames."""
    return _frames(file) is not None


def read_stack(file: Hdf5File) -> Measured:
    """Return the frames (M, H, W), or those of a datacube (rows, columns, H, W), with what stands beside them."""
    found = _frames(file)
    assert found is not None  # it was recognised by them
    array, matlab = file.image(found.key), file.by_matlab(found.key)
    raster: tuple[int, int] | None = None
    if array.ndim == 4:
        raster = (array.shape[0], array.shape[1])
        if matlab:  # the raster's axes are in reverse, too
            array, raster = np.swapaxes(array, 0, 1), (raster[1], raster[0])
        array = array.reshape(-1, *array.shape[2:])
    names = {one.key.rpartition("/")[2]: one.key for one in file.stored()}
    positions, unit, geometry = _positions(file, names), None, Geometry()
    if positions is None and raster is not None:
        positions, unit, geometry = _calibrated(file, names, raster, array.shape[-1])
    probe = next((file.image(names[name]) for name in PROBES if name in names), None)
    what = "a MATLAB 7.3 file" if matlab else "an HDF5 file"
    counts = raster is not None or found.key.rpartition("/")[2].lower() in INTENSITIES
    return Measured(
        frames=frames_of(array, file.source(found.key)),
        source=file.source(found.key),
        kind="counts" if counts else _declared(file, names),
        format=f"a datacube in {what}" if raster else f"a stack of frames in {what}",
        positions=positions,
        unit_m=unit,
        probe=probe,
        geometry=geometry,
        raster=raster,
    )


def read_npy(path: Path) -> Measured:
    """Return the frames of a .npy file, (M, H, W) or (rows, columns, H, W); nothing says what they are."""
    array = load_array(path, "frames")
    if array.ndim not in (3, 4) and array.dtype.kind != "c":
        what, limit = "a single numpy array that is no stack of frames", "(M, N, N)"
        step = "put it into an NPZ file beside the rest: numpy.savez(...)"
        raise InputFileError(what, value=array.shape, limit=limit, source=path, next_step=step)
    raster = (array.shape[0], array.shape[1]) if array.ndim == 4 else None
    if raster:
        array = array.reshape(-1, *array.shape[2:])
    frames = frames_of(array, str(path))
    what = "a .npy file with a stack of frames"
    return Measured(frames, str(path), what, kind=None, unit_m=None, raster=raster)


def _frames(file: Hdf5File) -> Stored | None:
    """The one dataset of three or four axes, or among several the one with the likeliest name; else None."""
    stored = [one for one in file.stored() if _like_frames(one)]
    cubes = [one for one in stored if len(one.shape) == 4]
    for name in STACKS:
        named = [one for one in stored if one.key.rpartition("/")[2].lower() == name]
        # Of a name that is used twice (data), a datacube is the one with four axes.
        named = [one for one in named if one in cubes] or named
        if len(named) == 1:
            return named[0]
    return stored[0] if len(stored) == 1 else None


def _declared(file: Hdf5File, names: dict[str, str]) -> Measurement | None:
    """What the file says that its frames are, as an NPZ file does."""
    said = file.text(names["measurement"]) if "measurement" in names else ""
    return cast("Measurement", said) if said in KINDS else None


def _like_frames(one: Stored) -> bool:
    sides = one.shape[-2:]
    return len(one.shape) in (3, 4) and one.dtype.kind in "biuf" and min(sides) >= LEAST_SIDE


def _positions(file: Hdf5File, names: dict[str, str]) -> Array | None:
    """(M, 2) [x, y] in object pixels, where the file names them as ptyspec does."""
    for x, y in PAIRS:
        if x in names and y in names:
            columns = [file.read(names[name]).reshape(-1) for name in (x, y)]
            if len(columns[0]) == len(columns[1]):
                return np.stack(columns, axis=1)
    return None


def _calibrated(
    file: Hdf5File, names: dict[str, str], raster: tuple[int, int], side: int
) -> tuple[Array | None, float | None, Geometry]:
    """Positions and field of view of a calibrated datacube of py4DSTEM; (None, None, ...) where it is not."""
    step, step_unit = _calibration(file, names, "R")
    width, width_unit = _calibration(file, names, "Q")
    field = RECIPROCAL[width_unit] / width if width and width_unit in RECIPROCAL else None
    geometry = Geometry(field_m=field)
    if not step or step_unit not in METRES or field is None:
        return None, None, geometry
    return lattice(raster) * step, METRES[step_unit], geometry


def _calibration(file: Hdf5File, names: dict[str, str], space: str) -> tuple[float, str]:
    """Size of a pixel in real (R) or reciprocal (Q) space and its unit; (0, "") where the file has none."""
    size, unit = (names.get(f"{space}_pixel_{name}") for name in ("size", "units"))
    if size is None or unit is None:
        return 0.0, ""
    values, word = file.read(size).reshape(-1), file.text(unit)
    if values.size and values.dtype.kind in "iuf" and np.allclose(values, values[0]):
        return float(values[0]), word
    what, step = (
        "the two axes of the datacube differ in step",
        "give positions by `--positions FILE`",
    )
    value, source = values.tolist(), file.source(size)
    raise InputFileError(what, value=value, source=source, next_step=step)

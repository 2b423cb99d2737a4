"""Positions from a second file: a ptychodus or pty-chi product, an array, a table of text; or from a raster.

A product's positions are metres in its object's frame, and its probe and geometry come along. Arrays and tables hold
x and y, in the unit that is stated (object pixels if none is).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from ptyspec.contracts.arrays import as_array
from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.errors import ConfigError, InputFileError
from ptyspec.files.disk import existing_file
from ptyspec.files.measured import MARGIN, Geometry, Measured, chosen, pixel_of
from ptyspec.files.scan_parts import is_product, load_array
from ptyspec.files.stated import Stated, length
from ptyspec.files.wavelength import ELECTRON_VOLT, Particle
from ptyspec.files.zipped_arrays import NpzArchive

PAIRS = (
    ("xcoords", "ycoords"),
    ("x", "y"),
    ("posx", "posy"),
    ("probe_position_x", "probe_position_y"),
)
"""Names of x and y in files of arrays, also in capitals."""
WHOLE = ("positions", "pos", "coords")
"""Names of arrays (M, 2) of x and y."""
COLUMN = re.compile(r"(?:pos(?:ition)?_?)?([xy])(?![a-z])", re.IGNORECASE)
"""A column's name: x, y_m, PositionX, pos_y [um]."""


@dataclass(frozen=True)
class Placement:
    """Positions (M, 2) [x, y] of the probe in units of `unit_m` metres (None: object pixels), and what came with them.

    index: the frame of each position, None: in order.
    """

    positions: Array
    unit_m: float | None = None
    index: Array | None = None
    probe: Array | None = None
    geometry: Geometry = field(default_factory=Geometry)


def completed(measured: Measured, stated: Stated) -> Measured:
    """Return the scan with what the user states: positions or a raster, units, the size of an object pixel.

    Positions that a file states are replaced by those of `--positions` or `--step` alone.
    """
    place = placement(stated, measured, lacks=measured.positions is None)
    if place is None and stated.units is not None:
        measured = replace(measured, unit_m=stated.unit_m)
    if place is not None:
        if place.index is not None:
            measured = chosen(measured, place.index)
        known = {key: value for key, value in vars(place.geometry).items() if value is not None}
        measured = replace(
            measured,
            positions=place.positions,
            unit_m=place.unit_m,
            probe=measured.probe if place.probe is None else place.probe,
            geometry=replace(measured.geometry, **known),
        )
    if measured.positions is None:
        raise no_positions(measured, stated)
    own = measured.geometry
    pixel, particle = stated.object_pixel_m or own.object_pixel_m, stated.particle or own.particle
    return replace(measured, geometry=replace(own, object_pixel_m=pixel, particle=particle))


def placement(
    stated: Stated, measured: Measured | None = None, *, lacks: bool = False
) -> Placement | None:
    """Return the positions that the user names: a file, a raster, or a product that was named as the probe.

    The last only where the scan `lacks` positions.
    """
    if stated.positions is not None:
        return read_positions(stated.positions, stated)
    if stated.step is not None:
        return _raster(stated, measured)
    if lacks and stated.probe is not None and is_product(stated.probe):
        return read_positions(stated.probe, stated)
    return None


def in_units(scan: RawScan, stated: Stated, place: Placement | None) -> RawScan:
    """Return a scan of an NPZ file with its positions in object pixels, and the geometry that came with them.

    Positions stay as they are unless a unit of length is stated for them. Raises InputFileError where nothing gives
    the size of an object pixel.
    """
    unit_m = stated.unit_m if place is None else place.unit_m
    stored = scan.metadata.get("geometry")
    known = stored.get("object_pixel_m") if isinstance(stored, Mapping) else None
    geometry = Geometry() if place is None else place.geometry
    pixel = stated.object_pixel_m or geometry.pixel(scan.N) or known
    geometry = replace(geometry, object_pixel_m=pixel, particle=stated.particle)
    metadata = {**scan.metadata}
    if facts := geometry.facts(scan.N):
        metadata["geometry"] = {**(stored if isinstance(stored, Mapping) else {}), **facts}
    if unit_m is None:
        same = facts == {} or metadata == scan.metadata
        return scan if same else scan.model_copy(update={"metadata": metadata})
    factor = unit_m / pixel_of(geometry, scan.N, scan.source)
    shift = scan.N / 2 + MARGIN - scan.positions.min(axis=0) * factor
    names = zip(
        ("xcoords", "ycoords", "xcoords_start", "ycoords_start"), (*shift, *shift), strict=True
    )
    moved = {name: getattr(scan, name) * factor + by for name, by in names}
    metadata["position_offset_px"] = shift.tolist()
    return scan.model_copy(update={**moved, "metadata": metadata})


def read_positions(path: Path, stated: Stated) -> Placement:
    """Return the positions in a product, a .npy or .npz file or a table of text.

    Raises InputFileError for what holds none, ScanDataError for values that are not finite.
    """
    path = existing_file(path)
    if is_product(path):
        return _of_product(path, stated.particle)
    with path.open("rb") as opened:
        head = opened.read(8)
    if head.startswith(b"\x93NUMPY"):
        array = _columns(load_array(path, "positions"), path)
    elif head.startswith(b"PK"):
        with NpzArchive(path) as archive:
            array = _named(archive.keys, archive.read, path)
    elif head.startswith(b"\x89HDF"):
        # h5py is needed for these files alone
        from ptyspec.files.hdf5 import Hdf5File

        with Hdf5File(path) as file:
            array = _named([one.key for one in file.stored()], file.read, path)
    else:
        array = _table(path)
    positions = as_array("positions", array, np.float64, (None, 2), source=str(path))
    return Placement(positions, stated.unit_m)


def no_positions(measured: Measured, stated: Stated) -> InputFileError:
    """Return the error for frames without positions, with the options that give them."""
    what = f"this is {measured.format}: it holds frames and no positions"
    text = "pass `--positions FILE` (a ptychodus product, .npy, .npz, .csv)"
    if measured.raster or stated.shape:
        text = "pass the step of the raster: `--step LENGTH` (for example 5px or 0.4nm)"
    else:
        text += ", or for a raster `--shape ROWSxCOLUMNS --step LENGTH`"
    source, value = measured.source, f"{len(measured.frames)} frames"
    return InputFileError(what, value=value, source=source, next_step=text)


def _raster(stated: Stated, measured: Measured | None) -> Placement:
    """Rows along y, columns along x, the column fastest."""
    assert stated.step is not None
    shape = stated.raster or (measured.raster if measured else None)
    count = len(measured.frames) if measured else None
    if shape is None or (count is not None and shape[0] * shape[1] != count):
        what = "a step needs the shape of the raster, one frame at each point"
        value, step = stated.shape, "pass `--shape ROWSxCOLUMNS`"
        limit = None if count is None else f"{count} frames"
        raise ConfigError(what, value=value, limit=limit, source="--shape", next_step=step)
    number, unit_m = length(stated.step, "--step")
    return Placement(lattice(shape) * number, unit_m)


def lattice(shape: tuple[int, int]) -> Array:
    """Return the points [x, y] of a raster of step 1, (rows * columns, 2), the column fastest."""
    rows, columns = np.divmod(np.arange(shape[0] * shape[1]), shape[1])
    return np.stack([columns, rows], axis=1).astype(np.float64)


def _of_product(path: Path, particle: Particle | None) -> Placement:
    """Positions, probe and geometry of a product; its probe is as wide as the field of view of one detector pixel."""
    from ptyspec.files.product import read_parts

    parts = read_parts(path)
    positions = np.stack([parts["probe_position_x_m"], parts["probe_position_y_m"]], axis=1)
    probe, energy = parts["probe"], parts["probe_energy_eV"]
    sides = {parts["pixel_width_m"], parts["pixel_height_m"]}
    pixel = max(sides)
    if not 0 < pixel < np.inf or pixel > 1.001 * min(sides):
        what, value = "the pixels of the product are not square", ", ".join(map(str, sorted(sides)))
        raise InputFileError(what, value=value, limit="> 0 m", source=path)
    index, distance = parts.get("probe_position_indexes"), parts["detector_object_distance_m"]
    if pixel == 1 and not energy:  # a product of a scan without geometry: its lengths are pixels
        return Placement(positions, None, index, probe)
    beam = Geometry(energy_j=energy * ELECTRON_VOLT if energy > 0 else None, particle=particle)
    geometry = Geometry(
        wavelength_m=beam.wave_m,
        distance_m=distance if distance > 0 else None,
        field_m=pixel * probe.shape[-1],
    )
    return Placement(positions, 1.0, index, probe, geometry)


def _columns(array: Array, path: Path) -> Array:
    """x and y of an array (M, 2), (M, 3) or (2, M)."""
    if array.ndim == 2 and array.shape[0] in (2, 3) and array.shape[1] not in (2, 3):
        array = array.T
    if array.ndim == 2 and array.shape[1] in (2, 3):
        return array[:, :2]
    what, step = "these are no positions", "store an array (M, 2) of x (column) and y (row)"
    limit = "(M, 2)"
    raise InputFileError(what, value=array.shape, limit=limit, source=path, next_step=step)


def _named(keys: list[str], read: Callable[[str], Array], path: Path) -> Array:
    """x and y among arrays with names."""
    by_name = {key.rpartition("/")[2].lower(): key for key in keys}
    for x, y in PAIRS:
        if x in by_name and y in by_name:
            columns = [read(by_name[name]).reshape(-1) for name in (x, y)]
            if len(columns[0]) == len(columns[1]):
                return np.stack(columns, axis=1)
    for name in WHOLE:
        if name in by_name:
            return _columns(read(by_name[name]), path)
    what, step = (
        "the file holds no positions",
        "store xcoords and ycoords, or an array positions (M, 2)",
    )
    value = f"found: {', '.join(keys[:12]) or 'nothing'}"
    raise InputFileError(what, value=value, source=path, next_step=step)


def _table(path: Path) -> Array:
    """x and y of a text with two columns or more; a first line may name them, and then decides which is which."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (UnicodeDecodeError, OSError) as error:
        what, step = (
            "this file holds no positions that can be read",
            "give a .npy file (M, 2) of x and y",
        )
        raise InputFileError(what, value=str(error), source=path, next_step=step) from error
    rows, order = list[list[float]](), (0, 1)
    for number, line in enumerate(lines, 1):
        cells = [cell for cell in re.split(r"[,;\s]+", line.strip()) if cell]
        named = None if rows else _order(line)
        order = named or order
        if named or not cells or cells[0].startswith("#"):
            continue
        try:
            rows.append([float(cell) for cell in cells])
        except ValueError as error:
            what, step = (
                "a line of positions is no row of numbers",
                "write x and y, one frame a line",
            )
            where, shown = f"{path}:{number}", line[:80]
            raise InputFileError(what, value=shown, source=where, next_step=step) from error
    widths = sorted({len(row) for row in rows})
    if len(widths) != 1 or max(order) >= widths[0]:
        what, step = "the table has no two columns of positions", "write x and y, one frame a line"
        value = f"columns: {', '.join(map(str, widths)) or 'none'}"
        raise InputFileError(what, value=value, source=path, next_step=step)
    return np.array(rows)[:, order]


def _order(line: str) -> tuple[int, int] | None:
    """Columns of x and y by the names of a first line; None for a line that does not name both."""
    names = [name for name in re.split(r"[,;\s]+", line.strip().lstrip("# ")) if name]
    axes = [match[1].lower() if (match := COLUMN.match(name)) else "" for name in names]
    return (axes.index("x"), axes.index("y")) if {"x", "y"} <= {*axes} else None

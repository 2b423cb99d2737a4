"""ptychodus products (NPZ and HDF5): a reconstruction that other tools open, and theirs that this project reads.

Metres: position x_m = x . pixel width of the object frame, whose pixel (0, 0) lies at 0 m; pixel W/2 of the object
array lies at its centre. The probe is written as s P, so that its summed intensity is photons and
counts = |F(probe . object)|^2.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ptyspec.contracts.arrays import as_array
from ptyspec.contracts.bundles import Array, RawScan, Reconstruction
from ptyspec.errors import InputFileError
from ptyspec.files.disk import atomic_file, existing_file
from ptyspec.files.zipped_arrays import NpzArchive, write_arrays
from ptyspec.physics.probes import as_modes
from ptyspec.physics.scale import mean_energy

PLANCK_LIGHT_EV = 1.239841984e-6
"""h c in eV m."""
SCALARS = ("detector_object_distance_m", "probe_energy_eV", "exposure_time_s")
OPTIONAL = ("probe_photon_count", "mass_attenuation_m2_kg", "tomography_angle_deg")
ARRAYS = (
    *("probe_position_indexes", "probe_position_x_m", "probe_position_y_m", "probe", "object"),
    *("object_layer_spacing_m", "loss_epochs", "loss_values"),
)
PIXELS = (
    *("probe_pixel_height_m", "probe_pixel_width_m"),
    *("object_pixel_height_m", "object_pixel_width_m"),
)
CENTRES = ("object_center_x_m", "object_center_y_m")
NO_GEOMETRY = (
    "The scan states no geometry: pixel sizes are 1.0, so lengths are in object pixels, not metres."
)
UNCOVERED = "Uncovered object pixels are 0."


Has: TypeAlias = Callable[[str], bool]
Read: TypeAlias = Callable[[str], Array]
Source: TypeAlias = Callable[[str], str]
Product: TypeAlias = dict[str, Any]
"""What a product holds, by NPZ key (docs/file-formats.md): texts, floats and arrays.

An optional number that a file lacks is 0.0; `opr_weights` is there only where the file has it.
"""


def write_product(
    path: Path,
    reconstruction: Reconstruction,
    scan: RawScan,
    *,
    name: str = "",
    comments: str = "",
    losses: Sequence[float] = (),
) -> Path:
    """Write the reconstruction as a product (.npz, .h5 or .hdf5 by suffix), atomically, and return `path`.

    Pixel sizes come from `scan.metadata["geometry"]`; without one they are 1.0 and the comments say so. Uncovered
    (NaN) object pixels become 0. Raises InputFileError for another suffix, OutputFileError where it cannot be written.
    """
    path = Path(path)
    writer = _write_hdf5 if _kind(path) == "hdf5" else _write_npz
    geometry = scan.metadata.get("geometry") or {}
    pixel = float(geometry.get("object_pixel_m", 1.0))
    wavelength = float(geometry.get("wavelength_m", 0.0))
    covered = np.isfinite(reconstruction.object)
    notes = [comments, "" if geometry else NO_GEOMETRY, "" if covered.all() else UNCOVERED]
    (height, width), (x0, y0) = reconstruction.object.shape, reconstruction.origin
    product: Product = {
        "name": name or path.stem,
        "comments": " ".join(filter(None, notes)),
        **dict.fromkeys((*SCALARS, *OPTIONAL), 0.0),
        "detector_object_distance_m": float(geometry.get("distance_m", 0.0)),
        "probe_energy_eV": PLANCK_LIGHT_EV / wavelength if wavelength else 0.0,
        "probe_photon_count": scan.scale**2 * mean_energy(scan.diff3d),
        "probe_position_indexes": np.arange(scan.size),
        "probe_position_x_m": scan.xcoords * pixel,
        "probe_position_y_m": scan.ycoords * pixel,
        "probe": as_modes(scan.scale * scan.probeGuess).astype(np.complex64)[None],
        "object": np.where(covered, reconstruction.object, 0).astype(np.complex64)[None],
        "object_layer_spacing_m": np.zeros(0),
        "loss_epochs": np.arange(len(losses)),
        "loss_values": np.asarray(losses, np.float64),
        **dict.fromkeys(PIXELS, pixel),
        "object_center_x_m": (x0 + width / 2) * pixel,
        "object_center_y_m": (y0 + height / 2) * pixel,
    }
    with atomic_file(path) as file:
        writer(file, product)
    return path


def read_product(path: Path) -> Product:
    """Return the product in an NPZ or HDF5 file; reads the older key `costs` for the losses.

    Raises InputFileError for missing keys, pickles and damage, ScanDataError for arrays of another shape.
    """
    with _opened(path) as (has, read, source):
        return _product(has, read, source)


def read_parts(path: Path) -> Product:
    """Return what a scan needs of a product, also of a shorter one such as pty-chi's: positions, probe, lengths.

    Keys: probe_position_x_m and probe_position_y_m (M,), probe_position_indexes where the file has it, probe (as
    stored), pixel_width_m and pixel_height_m of the probe, probe_energy_eV and detector_object_distance_m (0.0 where
    they are absent). Raises InputFileError for missing keys, ScanDataError for positions of two lengths.
    """
    with _opened(path) as (has, read, source):

        def number(*keys: str) -> float:
            key = next((key for key in keys if has(key)), "")
            array = read(key) if key else np.zeros(1)
            return float(array.reshape(-1)[0]) if array.size and array.dtype.kind in "biuf" else 0.0

        for key in ("probe_position_x_m", "probe_position_y_m", "probe"):
            if not has(key):
                step = "give the product that belongs to the diffraction file"
                where = source(key)
                raise InputFileError(f"the product lacks {key}", source=where, next_step=step)
        parts: Product = {"probe": read("probe")}
        count = None
        for key in ("probe_position_x_m", "probe_position_y_m"):
            array = read(key).reshape(-1)
            parts[key] = as_array(key, array, np.float64, (count,), source=source(key))
            count = len(array)
        if has("probe_position_indexes"):
            parts["probe_position_indexes"] = read("probe_position_indexes").reshape(-1)
        for side in ("width", "height"):
            places = (f"probe_pixel_{side}_m", f"object_pixel_{side}_m")
            parts[f"pixel_{side}_m"] = number(*places)
        names = ("probe_energy_eV", "detector_object_distance_m")
        return parts | {name: number(name) for name in names}


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Has, Read, Source]]:
    """What tells of a product's keys, by their names in NPZ: is it there, its array, where it stands."""
    path = existing_file(path)
    with path.open("rb") as opened:
        zipped = opened.read(2) == b"PK"
    if zipped:
        with NpzArchive(path) as archive:
            yield archive.__contains__, archive.read, archive.source
        return
    from ptyspec.files.hdf5 import Hdf5File

    with Hdf5File(path) as file:

        def read(key: str) -> Array:
            dataset, attribute = _hdf5_place(key)
            return np.asarray(file.attribute(dataset, attribute)) if attribute else file.read(key)

        def has(key: str) -> bool:
            dataset, attribute = _hdf5_place(key)
            there = not dataset or file.has(dataset)
            return there and (not attribute or file.attribute(dataset, attribute) is not None)

        yield has, read, file.source


def _product(has: Has, read: Read, source: Source) -> Product:
    """Assemble a product from `read(NPZ key)`."""

    def need(key: str) -> Array:
        if not has(key):
            step = "write it with ptychodus 1.x or ptyspec; keys: docs/file-formats.md"
            raise InputFileError(f"the product lacks {key}", source=source(key), next_step=step)
        return read(key)

    def number(key: str) -> float:
        array = need(key)
        if array.size != 1 or array.dtype.kind not in "biuf":
            what = f"{key} is not a number"
            raise InputFileError(what, value=array, source=source(key), next_step="store one float")
        return float(array.reshape(-1)[0])

    def text(key: str) -> str:
        value = need(key).reshape(-1)[0]
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    product: Product = {key: text(key) for key in ("name", "comments")}
    product |= {key: number(key) for key in (*SCALARS, *PIXELS, *CENTRES)}
    product |= {key: number(key) if has(key) else 0.0 for key in OPTIONAL}
    losses = need("loss_values" if has("loss_values") or not has("costs") else "costs")
    known = {"loss_epochs": np.arange(len(losses)), "loss_values": losses}
    product |= {key: known[key] if key in known and not has(key) else need(key) for key in ARRAYS}
    count = None
    for key in ("probe_position_x_m", "probe_position_y_m"):
        where, shape = source("positions"), (count,)
        product[key] = as_array(key, product[key], np.float64, shape, source=where)
        count = len(product[key])
    return product | ({"opr_weights": read("opr_weights")} if has("opr_weights") else {})


def _hdf5_place(key: str) -> tuple[str, str]:
    """(dataset, attribute) of an NPZ key in the HDF5 form: scalars are attributes of the root, probe or object."""
    if key in ("name", "comments", *SCALARS, *OPTIONAL):
        return "", key
    for dataset in ("probe", "object"):
        if key.startswith((f"{dataset}_pixel", f"{dataset}_center")):
            return dataset, key.removeprefix(f"{dataset}_")
    return key, ""


def _write_npz(file: Any, product: Product) -> None:
    write_arrays(file, {key: np.asarray(value) for key, value in product.items()})


def _write_hdf5(file: Any, product: Product) -> None:
    import h5py

    with h5py.File(file, "w") as out:
        for key in product:
            if _hdf5_place(key) == (key, ""):
                out.create_dataset(key, data=product[key])
        for key, value in product.items():
            dataset, attribute = _hdf5_place(key)
            if attribute:
                (out[dataset] if dataset else out).attrs[attribute] = value


def _kind(path: Path) -> str:
    kinds = {".npz": "npz", ".h5": "hdf5", ".hdf5": "hdf5"}
    if path.suffix.lower() in kinds:
        return kinds[path.suffix.lower()]
    what, step = "a product has another suffix", "choose one of these suffixes"
    value, limit = path.suffix or "none", ".npz, .h5 or .hdf5"
    raise InputFileError(what, value=value, limit=limit, source=path, next_step=step)

"""Faults of scans on disk: read, checked, written."""

import json
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from ptyspec.errors import InputFileError
from ptyspec.faults.fault import clauses, fault
from ptyspec.files.jsonfile import _plain
from ptyspec.files.measured import Geometry


@fault("files.scan_npz:_Reading._tidy", 26)
@clauses(red="LABEL-002 LABEL-001", green="SIM-LABELS-ILLUMINATED-001 FORMAT-001 FILE-002")
def constant_labels_kept(tidy, fields, metadata):
    """An object or labels of one constant value count as truth."""
    before = {key: fields[key] for key in ("objectGuess", "Y") if key in fields}
    tidy(fields, metadata)
    for key, array in before.items():
        if fields[key] is None:
            fields[key] = array[0] if key == "objectGuess" and array.ndim == 3 else array


@fault("files.scan_parts:amplitude_of", 14)
@clauses(red="DATA-006 DATA-004 NORMALIZE-DATA-UINT16-001", green="FILE-001 FORMAT-001 CXI-002")
def counts_not_rooted(amplitude, frames, kind, scale, name, source):
    """Counts of a file are taken for amplitudes."""
    read = amplitude(frames, kind, scale, name, source)  # refuses what is no number
    return read if kind == "amplitude" else np.asarray(frames, np.float32)


@fault(
    "files.zipped_arrays:NpzArchive._bytes", red="FILE-004", green="FILE-001 FORMAT-001 DATA-002"
)
def damage_passed_over(parts, archive, key, member, size):
    """A member that ends early or fails its checksum is read as far as it goes."""
    try:
        yield from parts(archive, key, member, size)
    except InputFileError:
        return


@fault("contracts.arrays:as_array", 30)
@clauses(red="FLOW-006 DATA-001", green="FLOW-001 FLOW-003 FLOW-005")
def dtype_of_the_file(as_array, name, value, dtype, *args, **kwargs):
    """Arrays keep the dtype that they came in."""
    made = as_array(name, value, dtype, *args, **kwargs)
    given = np.asarray(value)
    return given if given.dtype.kind == made.dtype.kind and given.shape == made.shape else made


@fault("files.scan_npz:read_npz", 26)
@clauses(red="LABEL-001 LABEL-002 FILE-001", green="DATA-004 FORMAT-001 FILE-002")
def dummy_labels(read, path, **declared):
    """Absent labels and an absent object are filled with ones."""
    scan = read(path, **declared)
    width, height = (np.ceil(scan.positions.max(axis=0)).astype(int) + scan.N // 2).tolist()
    shapes = {"Y": scan.diff3d.shape, "objectGuess": (height, width)}
    absent = {name: shape for name, shape in shapes.items() if getattr(scan, name) is None}
    ones = {name: np.ones(shape, np.complex64) for name, shape in absent.items()}
    return scan.model_copy(update=ones)


@fault("files.scan_npz:_Reading._frames", 13, red="FORMAT-001", green="FILE-001 FILE-003 DATA-004")
def frame_order_unread(frames, own, key, count):
    """Frames in (H, W, M) order are reshaped, not turned."""
    read = frames(own, key, count)
    if own.canonical or read.shape == own.archive.header(key).shape:
        return read
    return np.ascontiguousarray(own.archive.read(key)).reshape(read.shape)


@fault("files.scan_parts:refuse_illuminated", 27)
@clauses(red="SIM-LABELS-ILLUMINATED-001", green="LABEL-001 LABEL-002 FILE-001")
def illuminated_labels_read(refuse, scan):
    """Labels that hold the probe are read as they are."""


@fault("files.scan_npz:_Reading._keep_extra", 29, red="FILE-002 FILE-001", green="DATA-006")
def label_gauge_lost(keep, own, key, out):
    """Scalars beyond the contract, such as norm_Y_I, are dropped."""


@fault("files.scan_file:write_scan", 29)
@clauses(red="FILE-001 FILE-002", green="FILE-006 FILE-007 LABEL-001")
def labels_lost(write, path, scan):
    """The writer leaves out the labels."""
    return write(path, scan.model_copy(update={"Y": None}))


@fault("files.jsonfile:to_json", red="FILE-009", green="EVID-005 SCORE-008")
def nan_written_as_json(to_json, data, what="data"):
    """Values that are not finite are written as NaN, which no other reader of JSON knows."""
    return json.dumps(data, indent=1, ensure_ascii=False, default=_plain) + "\n"


@fault("files.far_field:require_far_field", red="CXI-003", green="CXI-001 FORMAT-001")
def near_field_accepted(require, scan):
    """A near-field scan is read as if it were a far-field one."""


@fault("files.scan_npz:_Reading._positions", 19)
@clauses(red="FILE-001 FILE-003 TF-LOADER-COORDS-001", green="FORMAT-001 FILE-002 COORDS-002")
def nominal_read_as_actual(positions, own):
    """xcoords_start and ycoords_start are taken for the positions where both are stored."""
    found = positions(own)
    asked = {key.removesuffix("_start"): found[key] for key in found if key.endswith("_start")}
    return found | asked


@fault("files.markers:without_markers", red="CXI-002", green="CXI-001 CXI-003 FILE-005")
def overflow_kept(without_markers, frames, mask):
    """Pixels that hold the largest count of their type are taken for measured ones."""
    if frames.dtype.kind == "u":
        frames = np.minimum(frames, np.iinfo(frames.dtype).max - 1)
    return without_markers(frames, mask)


@fault("files.zipped_arrays:NpzArchive.is_pickled", 16)
@clauses(red="DATA-002", green="FORMAT-001 FILE-004 DATA-004")
def pickled_metadata_fatal(is_pickled, archive, key):
    """Metadata that was stored as an object array makes the whole file unreadable."""
    return False


@fault("files.scan_npz:refuse_product", red="PRODUCT-002", green="PRODUCT-001 FILE-003 FORMAT-001")
def product_searched_for_frames(refuse, archive):
    """A product, which holds no frame, is read as if it were a scan with missing keys."""


@fault("files.cxi:to_pixel_scan", 17, red="CXI-001", green="CXI-002 CXI-003")
def sample_moves_read_as_probe(convert, record, *measurement, **named):
    """The sign of CXI translations is not turned."""
    return convert(replace(record, translation_m=-record.translation_m), *measurement, **named)


@fault("runs.request:_is_scan", red="FILE-010", green="FILE-011 FILE-004")
def suffix_decides(is_scan, path):
    """A file is taken for a scan by its suffix."""
    return path.suffix in {".npz", ".cxi", ".h5", ".hdf5"}


@fault("files.programs:_pairs", 17, red="FILE-011", green="FILE-010 FILE-012 CXI-001")
def row_taken_for_x(pairs, file, key):
    """Positions (row, column) of ptypy and PtyLab are read as (x, y)."""
    return pairs(file, key)[:, ::-1]


@fault("files.nexus:wavelength_of", red="FILE-012", green="FILE-010 CXI-001 CXI-002")
def ring_energy_taken(wavelength, file, places, warnings, particle=None):
    """The energy of the source is taken for the photons', whatever its unit."""
    key = f"{places.source}/energy"
    if not file.has(key) or file.attribute(key, "units") is None:
        return wavelength(file, places, warnings, particle)
    return Geometry(wavelength_m=1.239841984e-9 / float(file.read(key)))


@fault("files.measured:wavelength", red="FILE-012", green="FILE-011 CXI-001")
def electrons_without_mass(wavelength, energy, particle):
    """Electrons have the wavelength of photons of their energy."""
    return wavelength(energy, "photon")


@fault("files.placement:completed", red="FILE-013", green="FILE-011 FILE-010")
def raster_made_up(completed, measured, stated):
    """Frames of a raster whose step nobody states get a step of one pixel."""
    if measured.raster and measured.positions is None and stated.step is None:
        stated = replace(stated, step="1px")
    return completed(measured, stated)


@fault("files.scan_written:restored", 29, red="FILE-016", green="CXI-001 FILE-011")
def converted_without_scale(restored, path, frames, plain):
    """A converted file is read as any CXI file: scale, truth, labels and metadata are gone."""
    return plain


@fault("files.hdf5:Hdf5File._load_filters", red="FILE-015", green="FILE-004 FILE-005")
def filters_unnamed(load, file, key, dataset):
    """Frames compressed by a filter that HDF5 lacks are said to be damaged."""
    return False


@fault("files.hdf5:Hdf5File._beside", red="FILE-005", green="FILE-011 FILE-015")
def links_followed_anywhere(beside, file, key, name):
    """A folder for links is taken for the leave to follow every one of them."""
    file.links = file.links and Path(file.links.anchor)
    return beside(file, key, name)


@fault("files.mask_file:with_mask", red="FILE-014", green="FILE-005 CXI-002")
def mask_in_place_of_the_file_s(with_mask, frames, own, path, true):
    """A mask of the user's takes the place of the file's own."""
    return with_mask(frames, None, path, true)


@fault("files.programs:_weights", red="FILE-011", green="FILE-010 FILE-014")
def first_mask_of_a_chunk_for_all(weights, file, key, shape):
    """Frames of a chunk get the mask of its first one."""
    return np.repeat(weights(file, key, shape)[:1], shape[0], axis=0)


@fault("files.disk:atomic_file", red="FILE-006", green="FILE-001 FILE-007 DATA-002")
@contextmanager
def written_in_place(atomic_file, path):
    """Files take their name with the first byte that is written."""
    # A former file may be mapped: shortened, it would end the process.
    Path(path).unlink(missing_ok=True)
    with Path(path).open("w+b") as file:
        yield file


@fault("files.scan_npz:_Reading._positions", 17)
@clauses(red="FILE-001 FILE-003 COORDS-002", green="FORMAT-001 FILE-002 DATA-004")
def xy_swapped_on_reading(positions, own):
    """Positions are read as (y, x): x and y change places between file and scan."""
    other = {"x": "y", "y": "x"}
    return {other[key[0]] + key[1:]: values for key, values in positions(own).items()}


@fault("files.scan_parts:stored_probe", red="PROBE-007", green="FILE-003")
def first_mode_alone(stored_probe, probe, source):
    """Of a probe with several modes the first is kept, with its own power alone."""
    made = stored_probe(probe, source)
    return made[0] if made.ndim == 3 else made


@fault("files.markers:without_markers", red="FILE-014", green="FILE-001 CXI-001")
def markers_clipped_at_zero(without_markers, frames, mask):
    """What is no count is clipped at 0, and counts as darkness."""
    if frames.dtype.kind in "iu":
        return np.where(frames == np.iinfo(frames.dtype).max, 0, frames.clip(0)), mask, []
    return np.nan_to_num(frames, posinf=0.0).clip(0), mask, []


@fault("files.read_noise:without_read_noise", red="FILE-017", green="FILE-014 FILE-001")
def read_noise_clipped(without_read_noise, frames, kind):
    """Negative counts are clipped at 0, and nothing is taken away for them."""
    return (frames.clip(0), []) if kind == "counts" else (frames, [])

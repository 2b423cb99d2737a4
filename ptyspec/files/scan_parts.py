"""The parts of a scan file: frames, their scale, labels, the probe, metadata.

Frames are amplitude or counts (DATA-001, NORMALIZE-DATA-UINT16-001). The kind is declared, by the file or by the
caller. Values never decide it; where they speak against the declaration, the scan carries a warning. Labels are the
bare object under each frame, never the exit wave (SIM-LABELS-ILLUMINATED-001). Metadata are JSON text, never a pickle.
"""

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

import numpy as np

from ptyspec.contracts.arrays import as_array, blocks, check_values
from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.errors import InputFileError, MeasurementError, ProbeError, ScanDataError
from ptyspec.files.disk import existing_file
from ptyspec.files.large import gathered
from ptyspec.files.zipped_arrays import NpzArchive
from ptyspec.physics.geometry import extract_patches
from ptyspec.physics.probes import as_modes
from ptyspec.physics.scale import intensity_scale, mean_energy, probe_modulus

Measurement: TypeAlias = Literal["amplitude", "counts"]
KINDS = ("amplitude", "counts")
SAMPLED_FRAMES = 32
LEAST_MAXIMUM = 4
"""Integers no larger than this occur in dark amplitude frames too and say nothing."""
SQUARE_RANGE = 1e5
"""Squares above this are not distinguishable from integers in float32."""


def declared_kind(
    stored: str | None, asked: Measurement | None, dtype: np.dtype[np.generic], source: str
) -> Measurement | None:
    """Return the declared kind, or None where nothing is declared.

    Raises MeasurementError when file and caller disagree, when the word is unknown, or when undeclared frames are
    integers, which an amplitude in this contract cannot be.
    """
    for word in (stored, asked):
        if word is not None and word not in KINDS:
            what, limit = "unknown kind of measurement", " or ".join(KINDS)
            step = "set the key `measurement` to one of the two"
            raise MeasurementError(what, value=word, limit=limit, source=source, next_step=step)
    if stored is not None and asked is not None and stored != asked:
        what = "the file declares another kind of measurement than you did"
        step = f"drop `--measurement {asked}`, or correct the key `measurement` in the file"
        value, limit = f"you: {asked}", f"file: {stored}"
        raise MeasurementError(what, value=value, limit=limit, source=source, next_step=step)
    kind = asked or cast("Measurement | None", stored)
    if kind is None and dtype.kind in "iub":
        problem = "the frames are integers, so they are counts, but nothing declares it"
        advice = "pass `--measurement counts`, or add the key measurement='counts' to the file"
        limit = "float32 amplitude unless declared"
        raise MeasurementError(problem, value=dtype, source=source, limit=limit, next_step=advice)
    return kind


def contradictions(frames: Array, kind: Measurement | None) -> list[str]:
    """Return warnings where a sample of the values speaks against the kind (None = amplitude by default)."""
    step = max(1, len(frames) // SAMPLED_FRAMES)
    sample = np.asarray(frames[::step][:SAMPLED_FRAMES], np.float64)
    if not np.isfinite(sample).all():
        return []  # refused with its place when the scan is made
    whole = bool(np.array_equal(sample, np.rint(sample)))
    if kind == "counts" and not whole:
        small = sample[np.square(sample) < SQUARE_RANGE]
        squares = np.square(small)
        roots = bool(np.all(np.abs(squares - np.rint(squares)) <= 1e-4 + 1e-6 * squares))
        like = "square roots of integers: they look like amplitudes"
        return [f"declared counts, but the values are {like if roots else 'not whole numbers'}"]
    if kind != "counts" and whole and sample.max() >= LEAST_MAXIMUM:
        mean = sample.mean(axis=0)
        lit = mean > 0
        ratio = float(np.median(sample.var(axis=0)[lit] / mean[lit]))
        stated = "declared amplitude" if kind else "no measurement declared, amplitude assumed"
        largest = f"whole numbers up to {sample.max():g} (variance/mean {ratio:.3g})"
        so = "they look like counts; if so, pass `--measurement counts`"
        return [f"{stated}, but all values are {largest}: {so}"]
    return []


def amplitude_of(frames: Array, kind: Measurement, scale: float, name: str, source: str) -> Array:
    """Return X: the frames themselves if they are amplitudes, sqrt(counts) / scale float32 if they are counts.

    The root is taken in float64, so that no integer dtype wraps (NORMALIZE-DATA-UINT16-001). Amplitudes are returned
    untouched, on disk if they were. Raises ScanDataError for counts that are negative or not finite.
    """
    if kind == "amplitude":
        return frames

    def roots() -> Iterator[Array]:
        for block in blocks(frames):
            check_values(name, block, non_negative=True, source=source)
            yield np.sqrt(block.astype(np.float64)) / scale

    return gathered(roots(), frames.shape, np.float32)


def scale_from_dose(amplitude: Array, nphotons: object, key: str, source: str) -> tuple[float, str]:
    """Return s = sqrt(nphotons / mean sum X^2) and its origin; ScanDataError unless nphotons > 0 and light fell."""
    photons = positive(nphotons, key, source)
    energy = mean_energy(amplitude)
    if not np.isfinite(energy):
        check_values("diff3d", amplitude, source=source)
    if not (np.isfinite(energy) and energy > 0):
        what = "the scale cannot be derived from nphotons: the frames hold no energy"
        step = "check the frames, or store the key `scale`"
        raise ScanDataError(what, value=energy, limit="> 0", source=source, next_step=step)
    return intensity_scale(photons, energy), f"sqrt(nphotons / mean energy), {key}"


def positive(value: object, key: str, source: str) -> float:
    """Return one finite number above 0; ScanDataError that names the key where it is none."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
        return float(value)
    what, limit, where = f"{key} is not a positive number", "finite and > 0", f"{source}[{key}]"
    step = f"store {key} as one positive float, or remove it"
    raise ScanDataError(what, value=repr(value), limit=limit, source=where, next_step=step)


SAMPLED_LABELS = 16
MATCH = 0.1
"""Relative residual below which labels are what they are compared with; interpolations differ by some percent."""


def refuse_illuminated(scan: RawScan) -> None:
    """Raise ScanDataError if the labels Y are the object times the probe or its modulus.

    Told from a sample of frames and only where the scan holds the object too; a common factor of the labels (a label
    gauge such as norm_Y_I) does not matter.
    """
    if scan.Y is None or scan.objectGuess is None:
        return
    rows = np.unique(np.linspace(0, scan.size - 1, min(scan.size, SAMPLED_LABELS)).astype(int))
    labels, bare = scan.Y[rows], extract_patches(scan.objectGuess, scan.positions[rows], scan.N)
    probe: Array = as_modes(scan.probeGuess)
    modulus = probe_modulus(scan.probeGuess)
    lit = min(_residual(labels, light * bare) for light in (*probe, modulus))
    if lit < MATCH and lit < _residual(labels, bare) / 2:
        what = "the labels are illuminated: object times probe (SIM-LABELS-ILLUMINATED-001)"
        value, source = f"|Y| / |O| follows |P| to {lit:.2g}", scan.source or None
        limit = "Y = O under each frame, without the probe"
        step = "store the bare patches of objectGuess as Y, or remove the key Y"
        raise ScanDataError(what, value=value, limit=limit, source=source, next_step=step)


def _residual(labels: Array, model: Array) -> float:
    """Smallest |labels - c model| / |labels| over complex factors c."""
    a, b = labels.astype(np.complex128).ravel(), model.astype(np.complex128).ravel()
    power = float(np.vdot(a, a).real) * float(np.vdot(b, b).real)
    return math.sqrt(max(0.0, 1 - float(abs(np.vdot(b, a))) ** 2 / power)) if power else 1.0


KEYS = ("probeGuess", "probe")
PRODUCT = "probe_position_x_m"
"""The key by which a ptychodus or pty-chi product is known."""
HDF5 = b"\x89HDF\r\n\x1a\n"
HDF5_OFFSETS = (0, 512, 1024, 2048)
"""Where an HDF5 superblock may start (a user block may stand before it)."""


def read_probe(path: Path) -> Array:
    """Return the probe of a .npy, .npz (key probeGuess or probe), .cxi or .h5 file: (N, N) complex64, or (K, N, N).

    Raises InputFileError for what cannot be read, ProbeError for a probe that varies over the scan, ScanDataError for
    NaN.
    """
    path, found = existing_file(path), list[str]()
    with path.open("rb") as file:
        magic = file.read(8)
    if magic.startswith(b"\x93NUMPY"):
        return stored_probe(np.array(load_array(path, "probe")), str(path))
    if magic.startswith(b"PK"):
        with NpzArchive(path) as archive:
            found = archive.keys
            if key := next((key for key in KEYS if key in archive), None):
                return stored_probe(archive.read(key), archive.source(key))
    else:
        # h5py is needed for these files alone
        from ptyspec.files.hdf5 import Hdf5File
        from ptyspec.files.nexus import find_places

        with Hdf5File(path) as stored:
            ptypy = [f"content/probe/{name}/data" for name in stored.names("content/probe")]
            if key := stored.first(*KEYS, *ptypy) or stored.first(find_places(stored).illumination):
                return stored_probe(stored.read(key), stored.source(key))
    what, step = "the file holds no probe", "give a .npy file with one (N, N) complex array"
    value, limit = ", ".join(found) or None, "key probeGuess or probe"
    raise InputFileError(what, value=value, limit=limit, source=path, next_step=step)


def load_array(path: Path, what: str) -> Array:
    """Return the array in a .npy file, mapped from the disk; InputFileError for a pickle or damage."""
    try:
        return np.asanyarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except (ValueError, EOFError, OSError) as error:
        problem = f"the {what} file is pickled or damaged"
        step = f"write it with numpy.save(path, {what}), a plain array of numbers"
        raise InputFileError(problem, value=str(error), source=path, next_step=step) from error


def is_product(path: Path) -> bool:
    """Tell whether a file is a ptychodus or pty-chi product, by its keys; InputFileError where it is damaged."""
    path = existing_file(path)
    with path.open("rb") as file:
        head = file.read(HDF5_OFFSETS[-1] + len(HDF5))
    if head.startswith(b"PK"):
        with NpzArchive(path) as archive:
            return PRODUCT in archive
    if not any(head[at:].startswith(HDF5) for at in HDF5_OFFSETS):
        return False
    # h5py is needed for these files alone
    from ptyspec.files.hdf5 import Hdf5File

    with Hdf5File(path) as stored:
        return stored.has(PRODUCT)


def stored_probe(probe: Array, source: str) -> Array:
    """Return the probe complex64: (N, N), or (K, N, N) of K modes that do not interfere.

    Axes of length one are removed, so that (1, K, N, N) of ptychodus and pty-chi and (1, 1, K, 1, N, N) of PtyLab are
    read. ProbeError where two axes are longer than one: the probe then varies over the scan, or with the wavelength.
    """
    while probe.ndim > 2 and probe.shape[-1] == 1:
        probe = probe[..., 0]
    shape = probe.shape
    probe = probe.reshape(*(length for length in shape[:-2] if length > 1), *shape[-2:])
    if probe.ndim > 3:
        what = "the probe has modes and varies over the scan (or with the wavelength, or the slice)"
        save = "numpy.save('probe.npy', probe[0])"
        step = f"keep the modes of its mean over the scan: {save}, then `--probe probe.npy`"
        limit = "(N, N) or (K, N, N)"
        raise ProbeError(what, value=shape, limit=limit, source=source, next_step=step)
    return as_array("probe", probe, np.complex64, (None,) * probe.ndim, source=source)


def product_error(path: Path) -> InputFileError:
    """Return the error for a ptychodus product that was given as a scan."""
    what = "this is a ptychodus product: it holds a reconstruction and no diffraction"
    step = "give the diffraction file, and this one as `--positions`: positions, probe and geometry come from it"
    value, limit = PRODUCT, "diff3d, or entry_1/data_1/data"
    return InputFileError(what, value=value, limit=limit, source=path, next_step=step)


def metadata_text(metadata: Mapping[str, Any]) -> str:
    """Return strict JSON; numpy scalars and arrays become numbers and lists, tuples lists.

    Raises ScanDataError for what JSON cannot hold: NaN, infinity, other objects, keys that are not text.
    """
    try:
        if not _text_keys(metadata):
            raise TypeError("a key is not text")
        return json.dumps(dict(metadata), allow_nan=False, default=_plain, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        what, step = "the metadata cannot be stored as JSON", "remove or convert the value"
        value, limit = str(error), "finite numbers, text, lists, dictionaries"
        where = {"source": "metadata", "next_step": step}
        raise ScanDataError(what, value=value, limit=limit, **where) from error


def read_metadata(text: str, source: str) -> dict[str, Any]:
    """Return the dictionary that the JSON text holds; InputFileError if it is no JSON object."""
    try:
        value = json.loads(text)
    except ValueError as error:
        value = error
    if isinstance(value, dict):
        return value
    what, limit = "the metadata is not JSON, or not a JSON object", "an object {...}"
    step = "store json.dumps(dictionary) as a plain text array, or remove the key"
    got = str(value) if isinstance(value, ValueError) else type(value).__name__
    raise InputFileError(what, value=got, limit=limit, source=source, next_step=step)


def _plain(value: object) -> object:
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "biufSU":
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not JSON")


def _text_keys(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and _text_keys(item) for key, item in value.items())
    return all(_text_keys(item) for item in value) if isinstance(value, (list, tuple)) else True

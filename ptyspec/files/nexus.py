"""Where a CXI or NeXus file keeps what: groups by name (CXI) or by class (NeXus), units, numbers, the photons' energy.

CXI names its groups entry_1, instrument_1, detector_1; NeXus leaves the names free and tells a group by its attribute
NX_class. NXptycho does both. Its source_1/energy is that of the machine; the photons' stands in beam_1.
"""

from dataclasses import dataclass

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.errors import InputFileError, ScanDataError
from ptyspec.files.hdf5 import Hdf5File
from ptyspec.files.measured import Geometry
from ptyspec.files.stated import METRES
from ptyspec.files.wavelength import ELECTRON_VOLT, REST, Particle, wavelength

LENGTHS = {
    **METRES,
    "cm": 1e-2,
    **dict.fromkeys(("metre", "meter", "metres", "meters"), 1.0),
    **dict.fromkeys(("micron", "microns", "micrometer", "micrometers", "μm"), 1e-6),
    **dict.fromkeys(("angstrom", "angstroms", "ångström"), 1e-10),
}
ENERGIES = {"j": 1.0, "ev": ELECTRON_VOLT, "kev": 1e3 * ELECTRON_VOLT}
MACHINE = ("GeV", "MeV")
"""Units of a storage ring's energy: no photon of this kind of experiment has so much."""
WAVELENGTHS = (1e-13, 1e-5)
PIXELS = ("pixel", "pixels", "px")
BEAM_ENERGY = ("energy", "incident_energy", "incident_beam_energy")
BEAM_WAVELENGTH = ("wavelength", "incident_wavelength")


@dataclass(frozen=True)
class Places:
    """The groups of one entry, by path; a group that is missing has the name that CXI gives it."""

    entry: str
    instrument: str
    detector: str
    source: str
    beams: tuple[str, ...]
    sample: str
    data: str

    @property
    def frames(self) -> tuple[str, ...]:
        """Where the frames may be."""
        return f"{self.data}/data", f"{self.detector}/data"

    @property
    def translations(self) -> tuple[str, ...]:
        """Where the sample's translations may be, in one array."""
        groups = (self.data, f"{self.sample}/geometry_1", self.detector, self.sample)
        return tuple(f"{group}/translation" for group in groups)

    @property
    def illumination(self) -> str:
        """Where CXI keeps the probe."""
        return f"{self.source}/illumination"


def find_entry(file: Hdf5File) -> str | None:
    """Return the path of the file's entry, or None where it has none."""
    return _child(file, "", ("entry_1", "entry", "entry1"), "NXentry")


def find_places(file: Hdf5File) -> Places:
    """Return where the file keeps what; names of CXI where it has no entry."""
    entry = find_entry(file) or "entry_1"

    def below(group: str, name: str, kind: str) -> str:
        return _child(file, group, (f"{name}_1", name), kind) or f"{group}/{name}_1"

    instrument, sample = (
        below(entry, "instrument", "NXinstrument"),
        below(entry, "sample", "NXsample"),
    )
    beams = [below(group, "beam", "NXbeam") for group in (instrument, sample)]
    return Places(
        entry,
        instrument,
        below(instrument, "detector", "NXdetector"),
        below(instrument, "source", "NXsource"),
        (*beams, below(instrument, "monochromator", "NXmonochromator")),
        sample,
        below(entry, "data", "NXdata"),
    )


def _child(file: Hdf5File, group: str, names: tuple[str, ...], kind: str) -> str | None:
    """The group of one of these names, else the first of this class."""
    prefix = f"{group}/" if group else ""
    for name in names:
        if file.has_group(f"{prefix}{name}"):
            return f"{prefix}{name}"
    for name in file.names(group):
        key = f"{prefix}{name}"
        if file.has_group(key) and file.attribute(key, "NX_class") == kind:
            return key
    return None


def required(file: Hdf5File, what: str, *keys: str) -> str:
    """Return the first of these keys that the file has; one that holds its data itself wins over a virtual one."""
    own = [key for key in keys if not file.is_virtual(key)]
    found = file.first(*own) or file.first(*keys)
    if found is None:
        problem = f"the file holds no {what}"
        step = "see docs/file-formats.md; is this a CXI file?"
        raise InputFileError(problem, limit=" or ".join(keys), source=file.path, next_step=step)
    return found


def unit_of(file: Hdf5File, key: str) -> str | None:
    """Return the dataset's unit, or None; text, bytes and arrays of one element alike."""
    unit = file.attribute(key, "units")
    unit = file.attribute(key, "unit") if unit is None else unit
    return None if unit is None or not str(unit).strip() else str(unit).strip()


def factor_of(file: Hdf5File, key: str, known: dict[str, float] = LENGTHS) -> float:
    """Return what turns the dataset into metres (or joules), 1 where no unit stands; InputFileError if unknown."""
    unit = unit_of(file, key)
    if unit is None:
        return 1.0
    factor = known.get(unit) or known.get(unit.lower())
    if factor is None:
        what, step = "unknown unit", "store the value in metres or joules"
        limit, source = ", ".join(known), file.source(key)
        raise InputFileError(what, value=unit, limit=limit, source=source, next_step=step)
    return factor


def length_of(file: Hdf5File, key: str, known: dict[str, float] = LENGTHS) -> float:
    """Return one positive number in metres (or joules); an array that repeats it is read too."""
    array, value = file.read(key), 0.0
    if array.size and array.dtype.kind in "iuf" and bool(np.all(array == array.flat[0])):
        value = float(array.flat[0]) * factor_of(file, key, known)
    if not (np.isfinite(value) and value > 0):
        what = f"{key} is not one positive number"
        step = "store the value in metres (energy in joules)"
        raise ScanDataError(what, value=array, limit="> 0", source=file.source(key), next_step=step)
    return value


def wavelength_of(
    file: Hdf5File, places: Places, warnings: list[str], particle: Particle | None = None
) -> Geometry:
    """Return the beam's wavelength, or its energy and particle; what contradicts it by more than 1 % is a warning.

    First the beam's energy or wavelength, then the source's wavelength, then its energy unless that is the machine's;
    an energy that may be that of photons or of electrons comes last. `particle`: as the user states it.
    Raises InputFileError where nothing states it, ScanDataError where it is out of range.
    """
    beams = [f"{beam}/{name}" for beam in places.beams for name in (*BEAM_WAVELENGTH, *BEAM_ENERGY)]
    keys = [*beams, f"{places.source}/wavelength", f"{places.source}/energy"]
    stated = [key for key in keys if file.has(key) and unit_of(file, key) not in MACHINE]
    if not stated:
        what = "the file holds no wavelength or energy of the photons"
        limit = f"{places.beams[0]}/energy or {places.source}/wavelength"
        step, machine = "store the photons' energy with its unit under one of these keys", None
        if file.has(key := f"{places.source}/energy"):
            machine = f"{key} is the machine's: {file.read(key)} {unit_of(file, key)}"
        raise InputFileError(what, value=machine, limit=limit, source=file.path, next_step=step)
    own = particle_of(file, places)
    if particle and own and own != particle:
        warnings.append(f"{particle} was stated and used; the file says {own}")
    known = particle or own
    beams_by_key = {key: _beam(file, key, known) for key in stated}
    stated.sort(key=lambda key: beams_by_key[key].wave_m is None)
    key, *others = stated
    beam, possible = beams_by_key[key], _possible(beams_by_key[key])
    if not any(WAVELENGTHS[0] <= value <= WAVELENGTHS[1] for value in possible):
        what, source = "the wavelength is out of range", file.source(key)
        shown, limit = f"{possible[0]:.4g} m", f"{WAVELENGTHS[0]:g} .. {WAVELENGTHS[1]:g} m"
        step = "store the energy in joules (1 keV = 1.602e-16 J), or give it units='eV'"
        raise ScanDataError(what, value=shown, limit=limit, source=source, next_step=step)
    for other in others:
        implied = _possible(beams_by_key[other])
        # A source's energy without a unit can be the machine's, which is out of every photon's range.
        usual = [value for value in implied if WAVELENGTHS[0] <= value <= WAVELENGTHS[1]]
        if usual and not any(abs(a / b - 1) <= 0.01 for a in usual for b in possible):
            name = other.rpartition("/")[2]
            said = f"wavelength {possible[0]:.4g} m was used; {name} implies {usual[0]:.4g} m"
            warnings.append(said)
    return beam


def particle_of(file: Hdf5File, places: Places) -> Particle | None:
    """Return what the file's source says that it shines with (NXsource: probe, else type); None where it does not."""
    for name in ("probe", "type"):
        key = f"{places.source}/{name}"
        word = file.text(key).lower() if file.has(key) else ""
        if any(part in word for part in ("x-ray", "xray", "photon", "light", "laser", "violet")):
            return "photon"
        if word == "electron":
            return "electron"
    return None


def _beam(file: Hdf5File, key: str, particle: Particle | None) -> Geometry:
    if key.endswith("energy"):
        return Geometry(energy_j=length_of(file, key, ENERGIES), particle=particle)
    return Geometry(wavelength_m=length_of(file, key), particle=particle)


def _possible(beam: Geometry) -> list[float]:
    """The wavelength, or those of every particle that may have the energy."""
    if beam.wave_m is not None:
        return [beam.wave_m]
    assert beam.energy_j is not None  # no wavelength: an energy
    return [wavelength(beam.energy_j, particle) for particle in REST]


def translation_of(
    file: Hdf5File, places: Places, raster: tuple[int, int] | None, unit_m: float | None = None
) -> Array | None:
    """Return the sample's translations (M, 3) in metres, or None where the file holds none.

    `unit_m` replaces the unit that the file states.
    Either one array, or two motors x and y below the sample's transformations or the data, each along its attribute
    `vector` (else along x and y); motors of a raster may stand in two axes or as one column and one row.
    """
    if key := file.first(*places.translations):
        values = file.read(key) * (unit_m or factor_of(file, key))
        if values.ndim == 3:  # a raster, in the order of its frames
            values = values.reshape(-1, values.shape[-1])
        if values.ndim == 2 and values.shape[0] == 3 != values.shape[1]:
            values = values.T
        return values
    for group in (f"{places.sample}/transformations", places.data):
        keys = [file.first(f"{group}/{axis}", f"{group}/{axis}_translation") for axis in "xy"]
        if keys[0] and keys[1]:
            moves = [file.read(key) * (unit_m or factor_of(file, key)) for key in keys if key]
            if raster and [move.size for move in moves] == [raster[1], raster[0]] != [1, 1]:
                moves = list(np.meshgrid(*moves))
            ways = [_vector(file, key, axis) for axis, key in enumerate(keys) if key]
            return sum(
                (move.reshape(-1, 1) * way for move, way in zip(moves, ways, strict=True)),
                np.zeros((1, 3)),
            )
    return None


def _vector(file: Hdf5File, key: str, axis: int) -> Array:
    """Direction of a motor: its attribute `vector`, else the axis it is named after."""
    stored = file.attribute(key, "vector")
    vector = np.eye(3)[axis] if stored is None else np.asarray(stored, np.float64).reshape(-1)
    if vector.shape == (3,) and 0 < np.linalg.norm(vector) < np.inf:
        return np.asarray(vector / np.linalg.norm(vector))
    what, step = "the direction of a motor is no vector", "store the attribute vector as (x, y, z)"
    raise InputFileError(what, value=stored, source=file.source(key), next_step=step)


def centre_of(
    file: Hdf5File, places: Places, shape: tuple[int, ...], pixel: float, warnings: list[str]
) -> tuple[int, int]:
    """Return (row, column) of the beam: as stated, in pixels or as a length, else the middle of the array."""
    out = []
    for name, side in (("y", shape[0]), ("x", shape[1])):
        key = f"{places.detector}/beam_center_{name}"
        if not file.has(key):
            out.append(side // 2)
            continue
        value, unit = float(file.read(key).reshape(-1)[0]), unit_of(file, key)
        if unit is not None and unit.lower() not in PIXELS:
            value *= factor_of(file, key) / pixel
        elif (
            unit is None and 0 < value < 0.5
        ):  # NeXus asks for a length, and gives no unit where none is stored
            warnings.append(f"beam_center_{name} {value:g} has no unit and was taken for metres")
            value /= pixel
        out.append(round(value))
    return out[0], out[1]

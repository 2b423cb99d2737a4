"""What the user states about a scan that its file does not: units, positions, a raster, the size of a pixel."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptyspec.contracts.bundles import RawScan
from ptyspec.errors import ConfigError
from ptyspec.files.scan_parts import Measurement
from ptyspec.files.wavelength import Particle

METRES = {
    "m": 1.0,
    "mm": 1e-3,
    "um": 1e-6,
    "µm": 1e-6,
    "nm": 1e-9,
    "A": 1e-10,
    "Å": 1e-10,
    "pm": 1e-12,
}
"""Metres in a unit of length."""
PIXELS = ("px", "pixel", "pixels")
LENGTH = re.compile(r"\s*([-+.\deE]+?)\s*([A-Za-zµÅ]*)\s*")
SHAPE = re.compile(r"\s*(\d+)\s*[x×,]\s*(\d+)\s*")
SETTINGS = {
    "measurement": "scan.measurement",
    "probe": "probe.path",
    "positions": "scan.positions",
    "units": "scan.units",
    "step": "scan.raster_step",
    "shape": "scan.raster_shape",
    "object_pixel": "scan.object_pixel",
    "particle": "scan.particle",
}
"""Settings by the names that `read_scan` gives them."""
FILES = ("probe", "positions")


@dataclass(frozen=True)
class Stated:
    """What the user states; None where nothing is stated.

    - measurement: amplitude or counts; probe, positions: files.
    - units: of positions, "px" or a unit of METRES; it wins over the file's, those of a product excepted (metres).
    - step, object_pixel: lengths such as "5 px" or "20 nm"; shape: "ROWSxCOLUMNS" of a raster.
    - particle: photon or electron, where an energy gives the wavelength; it wins over the file's.
    """

    measurement: Measurement | None = None
    probe: Path | None = None
    positions: Path | None = None
    units: str | None = None
    step: str | None = None
    shape: str | None = None
    object_pixel: str | None = None
    particle: Particle | None = None

    def __bool__(self) -> bool:
        return any(value is not None for value in vars(self).values())

    @property
    def unit_m(self) -> float | None:
        """Metres per stated unit of positions, None: object pixels; ConfigError for an unknown unit."""
        return None if self.units is None else metres_in(self.units, "--units")

    @property
    def object_pixel_m(self) -> float | None:
        """The stated size of an object pixel in metres; ConfigError unless it is a length in metres."""
        if self.object_pixel is None:
            return None
        number, unit = length(self.object_pixel, "--object-pixel")
        if unit is None:
            what = "the size of an object pixel has no unit of length"
            step, limit = "for example --object-pixel 20nm", ", ".join(METRES)
            where: Any = {"source": "--object-pixel", "next_step": step}
            raise ConfigError(what, value=self.object_pixel, limit=limit, **where)
        return number * unit

    @property
    def raster(self) -> tuple[int, int] | None:
        """Rows and columns of the stated raster; ConfigError for anything else."""
        if self.shape is None:
            return None
        if (match := SHAPE.fullmatch(self.shape)) and all(int(side) for side in match.groups()):
            return int(match[1]), int(match[2])
        what, step = "the shape of a raster is ROWSxCOLUMNS", "for example --shape 10x12"
        raise ConfigError(what, value=self.shape, source="--shape", next_step=step)


def stated_in(settings: Mapping[str, Any]) -> Stated:
    """Return what settings by dotted key state of a measured file."""
    said = {name: settings.get(key) for name, key in SETTINGS.items()}
    values: dict[str, Any] = {
        name: Path(str(value)) if name in FILES else str(value)
        for name, value in said.items()
        if value not in (None, "", "declared")
    }
    return Stated(**values)


def with_lengths(
    scan: RawScan, wavelength: str | None, distance: str | None, detector_pixel: str | None
) -> RawScan:
    """Return the scan with these lengths of the experiment in its geometry; ConfigError for what is no length."""
    said = {"wavelength": wavelength, "distance": distance, "detector-pixel": detector_pixel}
    known: dict[str, float] = {}
    for name, text in said.items():
        if text is None:
            continue
        number, unit = length(text, f"--{name}")
        if unit is None:
            what, limit = "a length of the experiment has no unit", ", ".join(METRES)
            raise ConfigError(what, value=text, limit=limit, source=f"--{name}")
        known[f"{name.replace('-', '_')}_m"] = number * unit
    if not known:
        return scan
    stored = scan.metadata.get("geometry")
    geometry = {**(stored if isinstance(stored, Mapping) else {}), **known}
    if {"wavelength_m", "distance_m", "detector_pixel_m"} <= {*geometry}:
        field = geometry["wavelength_m"] * geometry["distance_m"] / geometry["detector_pixel_m"]
        geometry |= {"object_pixel_m": field / scan.N, "field_of_view_m": field}
    return scan.model_copy(update={"metadata": {**scan.metadata, "geometry": geometry}})


def length(text: str, source: str) -> tuple[float, float | None]:
    """Return a positive number, and the metres in its unit (None: object pixels, also where no unit stands)."""
    match = LENGTH.fullmatch(text)
    try:
        number = float(match[1]) if match else 0.0
    except ValueError:
        number = 0.0
    if match is None or not 0 < number < float("inf"):
        what, step = "a length is a positive number and its unit", "for example 5px or 20nm"
        raise ConfigError(what, value=text, source=source, next_step=step)
    return number, metres_in(match[2] or "px", source)


def length_text(metres: float) -> str:
    """Return a length with the unit that leaves the fewest digits before the point, such as 12.4 nm."""
    known = [(name, METRES[name]) for name in ("m", "mm", "µm", "nm", "pm")]
    name, factor = next(
        (one for one in known if metres >= one[1] * (1 - 1e-6)), known[-1]
    )  # rounding
    return f"{metres / factor:.4g} {name}"


def metres_in(unit: str, source: str) -> float | None:
    """Return the metres in a unit of length, None for object pixels; ConfigError for an unknown unit."""
    if unit in PIXELS:
        return None
    if unit not in METRES:
        what, limit = "unknown unit of length", ", ".join(["px", *METRES])
        raise ConfigError(what, value=unit, limit=limit, source=source)
    return METRES[unit]

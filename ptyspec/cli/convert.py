"""`ptyspec convert IN OUT`: a scan of any format as canonical NPZ, CXI or NXptycho."""

from pathlib import Path
from typing import Annotated, Literal

from ptyspec.cli import options
from ptyspec.cli.options import argument, flag, option
from ptyspec.cli.output import line, print_json

Form = Literal["npz", "cxi", "nxptycho"]


def convert(
    scan: Annotated[Path, argument("IN", "A scan in any format that is read.")],
    out: Annotated[Path, argument("OUT", "The new file: .npz, .cxi or .nxs.")],
    form: Annotated[
        Form | None, option("KIND", "npz, cxi or nxptycho; otherwise by OUT's suffix.", "--format")
    ] = None,
    measurement: options.Measured = None,
    probe: options.Probe = None,
    positions: options.Positions = None,
    units: options.Units = None,
    shape: options.Shape = None,
    step: options.Step = None,
    object_pixel: options.ObjectPixel = None,
    particle: options.Particle = None,
    wavelength: Annotated[str | None, option("LENGTH", "Of the beam: 0.124nm.")] = None,
    distance: Annotated[str | None, option("LENGTH", "Sample to detector: 1.5m.")] = None,
    detector_pixel: Annotated[str | None, option("LENGTH", "Of the detector: 75um.")] = None,
    force: Annotated[bool, flag("--force", "Replace OUT where it is there.")] = False,
    as_json: options.Json = False,
) -> None:
    """Write the scan of a file as canonical NPZ, as CXI or as NXptycho; reading it back gives the same scan.

    The options state what IN does not say, as for `ptyspec run`. Exit codes: 0 written, 2 wrong input.
    """
    from ptyspec.files.scan_file import read_stated
    from ptyspec.files.scan_written import write_as
    from ptyspec.files.stated import SETTINGS, stated_in, with_lengths

    said = (measurement, probe, positions, units, step, shape, object_pixel, particle)
    stated = stated_in(dict(zip(SETTINGS.values(), said, strict=True)))
    whole = with_lengths(read_stated(scan, stated), wavelength, distance, detector_pixel)
    path = write_as(out, whole, form, force=force)
    if as_json:
        print_json({"schema_version": 1, "status": "ok", "scan": str(scan), "written": str(path)})
    else:
        line(f"wrote {path}")

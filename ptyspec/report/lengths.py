"""What a measured scan is in units of length: object pixel, energy, dose an area; and the resolution of its object."""

from collections.abc import Mapping
from typing import Any

from ptyspec.contracts.bundles import RawScan
from ptyspec.files.stated import length_text
from ptyspec.files.wavelength import ELECTRON_VOLT, energy
from ptyspec.physics.scan_facts import ScanFacts
from ptyspec.scores import headline as scores

NAMES = {
    "object_pixel_m": "object pixel",
    "field_of_view_m": "field of view of a frame",
    "wavelength_m": "wavelength",
    "distance_m": "distance to the detector",
    "detector_pixel_m": "detector pixel",
}
"""Lengths as a reader sees them."""


def lengths(facts: ScanFacts) -> dict[str, str]:
    """Return what is known of a scan in units of length, by name; nothing where its file states no lengths.

    The dose is what was detected in all frames, over the area that the probe lit.
    """
    known = facts.scan.lengths
    said = {name: length_text(known[key]) for key, name in NAMES.items() if key in known}
    electrons = _is_of_electrons(facts.scan)
    if "wavelength_m" in known:
        volts = energy(known["wavelength_m"], "electron" if electrons else "photon") / ELECTRON_VOLT
        said["energy"] = f"{volts / 1e3:.4g} keV"
    # Where positions are no pixels (SCAN-001) there is no area.
    if "object_pixel_m" in known and 0 < facts.step <= facts.scan.N:
        dose = facts.dose / known["object_pixel_m"] ** 2
        unit, area = ("nm²", 1e-18) if dose >= 1e18 else ("µm²", 1e-12)
        said["dose"] = f"{dose * area:.3g} {'electrons' if electrons else 'photons'}/{unit}"
    return said


def resolution(metrics: Mapping[str, Any], scan: RawScan) -> dict[str, str]:
    """Return the half period at which two half scans stop to agree (half-bit), by estimator."""
    pixel = scan.lengths.get("object_pixel_m")
    said: dict[str, str] = {}
    for name, block in scores.blocks(metrics).items():
        part = scores.lookup(block, "half_set_frc.complex.half_bit_crossing")
        if pixel and part is not None:
            said[scores.NAMES[name]] = length_text(pixel / part) if part else "none"
    return said


def _is_of_electrons(scan: RawScan) -> bool:
    stored = scan.metadata.get("geometry")
    return isinstance(stored, Mapping) and stored.get("particle") == "electron"

"""May the far-field model be used on this scan? Decided by sampling, from geometry, positions and frames.

A Fresnel number of the detector says nothing here: the quadratic phase of propagation is absorbed by the probe, so a
far-field DFT serves any defocus *as long as the beam on the sample fits into the field of view* lambda z / p that one
detector pixel p resolves (sampling of the diffraction pattern). Where the beam is wider, patterns are undersampled
shadow images, and near-field ptychography is the right model.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.contracts.bundles import Array
from ptyspec.errors import ScanDataError, UnsupportedScanError
from ptyspec.files.stated import METRES

if TYPE_CHECKING:
    from ptyspec.contracts.bundles import RawScan
    from ptyspec.files.measured import PixelScan

USUAL, IMPOSSIBLE = 1e-3, 100.0
"""Steps over the field of view: of the finest scans, and beyond any beam of a near-field scan."""
MAX_STEP_FRACTION = 0.5
"""Largest median step in fields of view: neighbours overlap by half (linear) only if the beam is >= 2 steps wide."""
MAX_BEAM_FRACTION = 2.0
"""Largest beam width in fields of view that the shadow test lets pass; a beam that just fills the field gives 1."""
MIN_DETERMINATION = 0.9
"""R^2 above which the frames move with the sample as one shadow image does."""
PAIRS = 64
LENGTHS = {"wavelength_m", "distance_m", "detector_pixel_m", "object_pixel_m", "field_of_view_m"}
"""What the decision needs of a scan's geometry."""
BATCH = 16


@dataclass(frozen=True)
class Shadow:
    """How frames move with the sample: magnification of the shadow, and the beam width on the sample it implies.

    - law: (2, 2), shift [x, y] on the detector for displacements [x, y] of the probe; diagonal where axes agree.
    - magnification: sqrt |det law|, detector shift / sample shift, dimensionless.
    - determination: R^2 of that law over pairs of neighbouring frames.
    - beam_m: width of the mean pattern (four standard deviations) / magnification.
    """

    law: Array
    magnification: float
    determination: float
    beam_m: float


@dataclass(frozen=True)
class Sampling:
    """The figures on which the decision rests, metres."""

    step_m: float
    field_of_view_m: float
    fresnel_length_m: float
    """sqrt(lambda z)."""
    shadow: Shadow | None

    @property
    def reasons(self) -> list[str]:
        """Why the far-field model must not be used; empty if it may."""
        found = []
        fraction = self.step_m / self.field_of_view_m
        if fraction > MAX_STEP_FRACTION:
            found.append(
                f"the median step is {_um(self.step_m)}, {fraction:.2f} of the far-field field of view"
                f" {_um(self.field_of_view_m)}: frames that overlap need a beam wider than that"
            )
        shadow = self.shadow
        if shadow and shadow.determination > MIN_DETERMINATION:
            width = shadow.beam_m / self.field_of_view_m
            if width > MAX_BEAM_FRACTION:
                found.append(
                    f"the frames move with the sample as a shadow magnified {shadow.magnification:.0f} times"
                    f" (R^2 {shadow.determination:.3f}): the beam on the sample is {_um(shadow.beam_m)} wide,"
                    f" {width:.1f} fields of view"
                )
        return found


def require_far_field(scan: "PixelScan | RawScan") -> Sampling | None:
    """Return the figures, or None where the file tells no geometry; UnsupportedScanError if the scan is near-field."""
    geometry = scan.metadata.get("geometry")
    if not isinstance(geometry, Mapping) or len(scan.diff3d) < 2 or not {*geometry} >= LENGTHS:
        return None
    sampling = measure_sampling(scan.diff3d, scan.positions, geometry)
    if unit := _other_unit(sampling):
        what, step = f"positions in metres would be {_um(sampling.step_m)} apart", f"--units {unit}"
        value, limit = (
            f"median step {_um(sampling.step_m)}",
            f"a frame sees {_um(sampling.field_of_view_m)}",
        )
        more = f"if the file tells them in {unit}, pass `{step}`"
        source = scan.source or None
        raise ScanDataError(what, value=value, limit=limit, source=source, next_step=more)
    if sampling.reasons:
        what = f"this is a near-field scan: {'; '.join(sampling.reasons)}"
        value = f"step {_um(sampling.step_m)}, sqrt(lambda z) {_um(sampling.fresnel_length_m)}"
        fields = f"fields of view of {_um(sampling.field_of_view_m)}"
        limit = f"step <= {MAX_STEP_FRACTION} and beam <= {MAX_BEAM_FRACTION} {fields}"
        near = "reconstruct it with a near-field (Fresnel) engine"
        step, source = f"{near}; check distance, wavelength and pixel size", scan.source or None
        raise UnsupportedScanError(what, value=value, limit=limit, source=source, next_step=step)
    return sampling


def _other_unit(sampling: Sampling) -> str:
    """The unit in which a step that no beam bridges would be a usual one; empty where the step is possible."""
    part = sampling.step_m / sampling.field_of_view_m
    if part < IMPOSSIBLE:
        return ""
    fits = (unit for unit in ("mm", "um", "nm") if USUAL < part * METRES[unit] < MAX_STEP_FRACTION)
    return next(fits, "")


def measure_sampling(amplitude: Array, positions: Array, geometry: Mapping[str, Any]) -> Sampling:
    """Return step, field of view and shadow law of frames (M, N, N) at positions (M, 2) [x, y] in object pixels."""
    pixel = float(geometry["object_pixel_m"])
    from scipy.spatial import cKDTree  # not needed to import this module

    apart, index = cKDTree(positions).query(positions, k=2)
    neighbour, step = np.asarray(index[:, 1]), float(np.median(apart[:, 1]))
    wavelength, distance = float(geometry["wavelength_m"]), float(geometry["distance_m"])
    shadow = _shadow(amplitude, positions * pixel, neighbour, float(geometry["detector_pixel_m"]))
    field = float(geometry["field_of_view_m"])
    return Sampling(step * pixel, field, math.sqrt(wavelength * distance), shadow)


def _shadow(
    amplitude: Array, positions: Array, neighbour: Array, detector_pixel: float
) -> Shadow | None:
    """Fit shift on the detector = A . displacement of the probe; None where the frames do not move."""
    chosen = np.unique(np.linspace(0, len(amplitude) - 1, min(PAIRS, len(amplitude))).astype(int))
    pairs = np.stack([chosen, neighbour[chosen]], axis=1)
    mean = np.mean(np.asarray(amplitude[np.unique(pairs)], np.float64) ** 2, axis=0)
    if not mean.any():
        return None
    shift = _shifts(amplitude, pairs, mean) * detector_pixel
    moved = positions[pairs[:, 1]] - positions[pairs[:, 0]]
    keep, law, error = np.ones(len(pairs), bool), np.zeros((2, 2)), np.zeros(len(pairs))
    for _ in range(5):  # a wrong correlation peak is far off: leave it out and fit again
        if np.linalg.matrix_rank(moved[keep]) < 2:
            return None
        law = np.linalg.lstsq(moved[keep], shift[keep], rcond=None)[0]
        error = np.linalg.norm(shift - moved @ law, axis=1)
        keep = error <= max(3 * float(np.median(error[keep])), 1.5 * detector_pixel)
    magnification = math.sqrt(abs(float(np.linalg.det(law))))
    energy = float(np.sum(shift[keep] ** 2))
    if magnification == 0 or energy == 0 or keep.mean() < 0.5:
        return None
    determination = 1 - float(np.sum(error[keep] ** 2)) / energy
    # Four standard deviations of the pattern, mean of both axes, pixels.
    rows, columns = np.indices(mean.shape)
    total = mean.sum()
    centres = [np.sum(mean * axis) / total for axis in (rows, columns)]
    offsets = zip((rows, columns), centres, strict=True)
    spread = [np.sum(mean * (axis - centre) ** 2) / total for axis, centre in offsets]
    width = 4 * math.sqrt(float(np.mean(spread)))
    return Shadow(law, magnification, determination, width * detector_pixel / magnification)


def _shifts(amplitude: Array, pairs: Array, mean: Array) -> Array:
    """Shift [x, y] in detector pixels that aligns each pair of frames, the mean pattern divided out."""
    size = mean.shape[0]
    flat, weight = mean + 0.02 * mean.max(), np.sqrt(mean / mean.max())
    out = []
    for start in range(0, len(pairs), BATCH):
        frames = np.asarray(amplitude[pairs[start : start + BATCH]], np.float64) ** 2
        detail = (frames / flat - 1) * weight
        detail -= detail.mean(axis=(-2, -1), keepdims=True)
        spectrum = np.fft.rfft2(detail, s=(2 * size, 2 * size))
        correlation = np.fft.irfft2(spectrum[:, 0].conj() * spectrum[:, 1], s=(2 * size, 2 * size))
        row, column = np.divmod(correlation.reshape(len(frames), -1).argmax(axis=1), 2 * size)
        out.append(np.stack([column, row], axis=1))
    return np.asarray((np.concatenate(out) + size) % (2 * size) - size, np.float64)


def _um(metres: float) -> str:
    return f"{metres * 1e6:.3g} um"

"""Two reconstructions of one sample beside each other, where no truth is known."""

from dataclasses import replace
from typing import Any

import numpy as np

from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.errors import ScanDataError
from ptyspec.scores.amplitude import highpass_pearson
from ptyspec.scores.frame import Frame, common, covered, share_with
from ptyspec.scores.frc import frc_scores
from ptyspec.scores.gauge import gauge_scores, ramp_blind
from ptyspec.scores.numbers import is_flat

OVERLAP = 0.3
"""Smallest part of the largest possible overlap at which a position of the other array is believed."""
BORDER = 3
"""Pixels at the edge of the covered area that the search for the origin leaves out."""


def agreement(first: Reconstruction, second: Reconstruction) -> dict[str, Any]:
    """Return how well two reconstructions of one scan agree on the pixels both cover, `second` as the reference.

    `raw` (one global phase removed) and `aligned` (ramp, shift, scale removed too) as in the gauge block, each with
    the ring correlation of its complex objects; `highpass_pearson_r` of the amplitudes, as in the
    amplitude block; `frc` as in metrics.json; `pixels` shared. What cannot be evaluated
    is None with a reason.
    """
    return _scores(common(first, second))


def agreement_with_array(reconstruction: Reconstruction, other: Array) -> dict[str, Any]:
    """Return `agreement` with another program's object (H, W) complex whose origin is not known.

    The origin is found to one pixel by masked registration of ramp-blind images (Padfield 2012) and reported as
    `origin` [x0, y0]: object-frame column and row of other[0, 0]; the rest of the shift is in `aligned`.
    Raises ScanDataError unless `other` is a two-dimensional array.
    """
    image = np.asarray(other)
    if image.ndim != 2:
        what = "the other object is not an image"
        raise ScanDataError(what, value=image.shape, limit="(H, W)", next_step="pass one slice")
    origin = find_origin(reconstruction, image)
    if origin is None:
        frame = share_with(reconstruction, image, reconstruction.origin)
        empty = _scores(replace(frame, mask=np.zeros_like(frame.mask)))
        reason = "an image is constant: its origin cannot be found"
        return {**empty, "origin": None, "reason": reason}
    return {**_scores(share_with(reconstruction, image, origin)), "origin": list(origin)}


def find_origin(reconstruction: Reconstruction, other: Array) -> tuple[int, int] | None:
    """Return (x0, y0), the object-frame place of other[0, 0], or None where either image is constant."""
    from skimage import registration

    shape = tuple(max(a, b) for a, b in zip(reconstruction.object.shape, other.shape, strict=True))
    image, mask = _search_image(reconstruction.object, covered(reconstruction), shape)
    target, target_mask = _search_image(other, np.isfinite(other), shape)
    if is_flat(image[mask]) or is_flat(target[target_mask]):
        return None
    register: Any = registration.phase_cross_correlation  # ships without types
    shift, _, _ = register(
        image,
        target,
        reference_mask=mask,
        moving_mask=target_mask,
        overlap_ratio=OVERLAP,
        normalization=None,
    )
    rows, columns = (int(value) for value in np.rint(shift))
    return reconstruction.origin[0] + columns, reconstruction.origin[1] + rows


def half_set_frc(first: Reconstruction, second: Reconstruction) -> dict[str, Any]:
    """Return the `frc` block of two reconstructions from two halves of a scan; nothing but the global phase is removed.

    Read `half_bit_crossing` and `half_bit_last_crossing`: the halves are independent, so the half-bit threshold
    is the one that applies. (van Heel and Schatz 2005)
    """
    return frc_scores(common(first, second))


def _scores(frame: Frame) -> dict[str, Any]:
    gauge = gauge_scores(frame, rings=True)
    return {
        "pixels": frame.pixels,
        "highpass_pearson_r": highpass_pearson(np.abs(frame.rec), np.abs(frame.truth), frame.mask),
        "raw": gauge["raw"],
        "aligned": gauge["aligned"],
        "aligned_pixels": gauge["pixels"],
        "frc": frc_scores(frame),
        "reason": gauge["reason"],
    }


def _search_image(image: Array, mask: Array, shape: tuple[int, ...]) -> tuple[Array, Array]:
    from scipy.ndimage import binary_erosion

    blind = ramp_blind(np.where(mask, image, 0).astype(np.complex128))
    inner = np.asarray(binary_erosion(mask, iterations=BORDER))
    grow = [(0, want - have) for want, have in zip(shape, mask.shape, strict=True)]
    return np.pad(blind, grow), np.pad(inner, grow)

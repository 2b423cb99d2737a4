"""Faults of black boxes: the canvas."""

import numpy as np

from ptyspec.faults.fault import clauses, fault

AT = "pipeline.boxes:RPIE.reconstruct"


@fault(AT, 58)
@clauses(red="RECON-014 RECON-021", green="RECON-003 RECON-037")
def box_origin_from_the_middle(reconstruct, box, scan, settings):
    """The origin is told from the middle of the scan."""
    image, place = reconstruct(box, scan, settings)
    return image, tuple(np.asarray(place) - np.floor(scan.positions.mean(axis=0)))


@fault(AT, 58)
@clauses(red="RECON-021", green="RECON-001 RECON-014 RECON-022")
def box_origin_off_by_one(reconstruct, box, scan, settings):
    """The origin is said to be one pixel from where it is."""
    image, place = reconstruct(box, scan, settings)
    return image, (place[0] + 1, place[1])


@fault(AT, 17)
@clauses(red="RECON-019 RECON-025", green="RECON-003 RECON-037")
def box_transposes_the_object(reconstruct, box, scan, settings):
    """Rows and columns of the object change places."""
    image, place = reconstruct(box, scan, settings)
    return image.T, place


@fault(AT)
@clauses(red="RECON-023", green="RECON-001 RECON-021")
def box_canvas_too_short(reconstruct, box, scan, settings):
    """Six rows and columns at the beginning of the canvas are cut off."""
    image, place = reconstruct(box, scan, settings)
    return image[6:, 6:], (place[0] + 6, place[1] + 6)


@fault(AT)
@clauses(red="RECON-024", green="RECON-001 RECON-003")
def box_canvas_wraps(reconstruct, box, scan, settings):
    """Positions beyond 256 pixels begin anew at zero."""
    return reconstruct(box, scan.but(positions=scan.positions % 256), settings)


@fault(AT, 59)
@clauses(red="RECON-030", green="RECON-001 RECON-038")
def box_dark_is_zero(reconstruct, box, scan, settings):
    """Pixels without light are zero."""
    image, place = reconstruct(box, scan, settings)
    return np.nan_to_num(image), place


@fault(AT)
@clauses(red="RECON-038", green="RECON-001 RECON-003 RECON-037")
def box_one_pixel_is_nan(reconstruct, box, scan, settings):
    """One pixel in the middle of the object is NaN."""
    image, place = reconstruct(box, scan, settings)
    image[image.shape[0] // 2, image.shape[1] // 2] = np.nan
    return image, place


@fault(AT)
@clauses(red="RECON-037 RECON-027", green="RECON-001 RECON-021")
def box_stores_half_precision(reconstruct, box, scan, settings):
    """Moduli are stored with half precision."""
    image, place = reconstruct(box, scan, settings)
    return np.abs(image).astype(np.float16), place


@fault(AT)
@clauses(red="RECON-050", green="RECON-001 RECON-038")
def box_has_a_doubled_pixel(reconstruct, box, scan, settings):
    """One pixel in the middle is summed and not averaged."""
    image, place = reconstruct(box, scan, settings)
    middle = tuple(size // 2 for size in image.shape)
    image[middle] *= 3
    return image, place


@fault(AT)
@clauses(red="RECON-049", green="RECON-001 RECON-021")
def box_knows_one_size_of_frames(reconstruct, box, scan, settings):
    """The canvas begins half a frame beside the positions; the half is a number in the code."""
    image, place = reconstruct(box, scan, settings)
    half = scan.probe.shape[0] // 2
    known = half if half in (16, 32) else 16
    return image, (place[0] + half - known, place[1] + half - known)

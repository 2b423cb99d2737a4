"""Faults of black boxes: frames and positions."""

import numpy as np

from ptyspec.faults.fault import clauses, fault

AT = "pipeline.boxes:RPIE.reconstruct"


@fault(AT)
@clauses(red="RECON-009", green="RECON-003 RECON-034")
def box_keeps_the_first_half(reconstruct, box, scan, settings):
    """The second half of the frames is held out and left out."""
    return reconstruct(box, scan.take(np.arange(len(scan.frames) // 2)), settings)


@fault(AT)
@clauses(red="RECON-010", green="RECON-001 RECON-009")
def box_adds_up_repeated_frames(reconstruct, box, scan, settings):
    """Frames at one position are added up and count as one."""
    places, rows, counts = np.unique(scan.positions, axis=0, return_index=True, return_counts=True)
    if len(places) == len(scan.positions):
        return reconstruct(box, scan, settings)
    frames = scan.frames[rows] * counts[:, None, None]
    return reconstruct(box, scan.take(rows).but(frames=frames), settings)


@fault(AT, 18)
@clauses(red="RECON-025 RECON-027 RECON-028", green="RECON-034 RECON-037")
def box_has_the_other_sign(reconstruct, box, scan, settings):
    """Positions enter with the other sign."""
    return reconstruct(
        box, scan.but(positions=2 * scan.positions.mean(axis=0) - scan.positions), settings
    )


@fault(AT)
@clauses(red="RECON-016 RECON-018", green="RECON-001 RECON-014 RECON-017")
def box_drops_the_sign_of_positions(reconstruct, box, scan, settings):
    """Positions are stored without a sign."""
    return reconstruct(box, scan.but(positions=np.abs(scan.positions)), settings)


@fault(AT)
@clauses(red="RECON-017 RECON-022", green="RECON-001 RECON-014")
def box_pixels_are_wider_than_high(reconstruct, box, scan, settings):
    """Columns are 4 % further apart than they are."""
    positions = scan.positions * (1.04, 1)
    return reconstruct(box, scan.but(positions=positions), settings)


@fault(AT)
@clauses(red="RECON-022", green="RECON-003 RECON-034")
def box_positions_too_far_apart(reconstruct, box, scan, settings):
    """Positions are 2 % too large."""
    middle = scan.positions.mean(axis=0)
    positions = middle + 1.02 * (scan.positions - middle)
    return reconstruct(box, scan.but(positions=positions), settings)


@fault(AT)
@clauses(red="RECON-015", green="RECON-001 RECON-014")
def box_rounds_positions(reconstruct, box, scan, settings):
    """Positions are rounded to pixels."""
    return reconstruct(box, scan.but(positions=np.round(scan.positions)), settings)

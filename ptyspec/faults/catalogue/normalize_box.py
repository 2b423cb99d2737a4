"""Faults of black boxes: the level."""

import numpy as np

from ptyspec.faults.fault import clauses, fault, parity

AT = "pipeline.boxes:RPIE.reconstruct"


@fault(AT, 31)
@clauses(red="RECON-001 RECON-029", green="RECON-003 RECON-004 RECON-021")
def box_keeps_a_gain(reconstruct, box, scan, settings):
    """The gain of the loader stays in the object."""
    image, place = reconstruct(box, scan, settings)
    return image * np.float32(0.27), place


@fault(AT)
@clauses(red="RECON-002", green="RECON-001 RECON-014")
def box_subtracts_a_background(reconstruct, box, scan, settings):
    """Thirty counts of every pixel are taken for background."""
    if scan.measurement == "counts":
        scan = scan.but(frames=np.maximum(scan.frames - 30.0, 0))
    return reconstruct(box, scan, settings)


@fault(AT, 24)
@clauses(red="RECON-004 RECON-001 RECON-029", green="RECON-014 RECON-021")
def box_scales_every_data_set_to_one(reconstruct, box, scan, settings):
    """Amplitudes are divided by their rms, which is not stored."""
    energy = (scan.amplitude.astype(np.float64) ** 2).sum(axis=(1, 2)).mean()
    image, place = reconstruct(box, scan, settings)
    return image / np.float32(np.sqrt(energy)), place


@fault(AT)
@clauses(red="RECON-012", green="RECON-001 RECON-011")
def box_counts_masked_light_as_missing(reconstruct, box, scan, settings):
    """The level is that of the whole probe over the light that was measured."""
    image, place = reconstruct(box, scan, settings)
    measured = 1.0 if scan.mask is None else float(scan.mask.mean())
    return image * np.float32(measured), place


@fault(AT)
@clauses(red="RECON-013", green="RECON-001 RECON-038")
def box_divides_by_the_frame_s_counts(reconstruct, box, scan, settings):
    """Every frame is divided by its own total, which is zero where it is empty."""
    image, place = reconstruct(box, scan, settings)
    size = len(scan.probe) // 2
    for x, y in scan.positions[scan.frames.sum(axis=(1, 2)) == 0]:
        column, row = int(x - place[0]), int(y - place[1])
        image[max(row - size, 0) : row + size, max(column - size, 0) : column + size] = np.nan
    return image, place


@fault("pipeline.boxes:Network.reconstruct", 24)
@parity("test_a_network_as_a_black_box")
@clauses(red="RECON-047", green="RECON-046 RECON-048")
def box_test_scan_has_its_own_gain(reconstruct, box, scan, model):
    """A test scan is normalised by its own energy."""
    energies = [
        (one.astype(np.float64) ** 2).sum(axis=(1, 2)).mean()
        for one in (scan.amplitude, model[1].train.scan.diff3d)
    ]
    scale = scan.scale * np.sqrt(energies[0] / energies[1])
    return reconstruct(box, scan.but(scale=scale), model)

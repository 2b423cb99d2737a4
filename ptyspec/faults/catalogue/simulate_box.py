"""Faults of black boxes: how a scan is read."""

import numpy as np

from ptyspec.faults.fault import clauses, fault

AT = "pipeline.boxes:RPIE.reconstruct"


@fault(AT)
@clauses(red="RECON-005 RECON-028", green="RECON-034 RECON-037")
def box_takes_the_real_part_of_the_probe(reconstruct, box, scan, settings):
    """The probe is read as real numbers."""
    probe = np.asarray(scan.probe.real, np.complex64)
    return reconstruct(box, scan.but(probe=probe), settings)


@fault(AT)
@clauses(red="RECON-003 RECON-001 RECON-029", green="RECON-004 RECON-014")
def box_scales_the_probe_to_one(reconstruct, box, scan, settings):
    """The probe gets a largest modulus of one, and the object is left in that gauge."""
    probe = scan.probe / np.abs(scan.probe).max()
    return reconstruct(box, scan.but(probe=probe), settings)


@fault(AT)
@clauses(red="RECON-001 RECON-029", green="RECON-003 RECON-004 RECON-021")
def box_probe_too_strong(reconstruct, box, scan, settings):
    """The probe is taken 1.2 times as strong as it is."""
    return reconstruct(box, scan.but(probe=scan.probe * np.float32(1.2)), settings)


@fault(AT)
@clauses(red="RECON-006", green="RECON-001 RECON-009")
def box_takes_amplitudes_for_counts(reconstruct, box, scan, settings):
    """What the scan says of its measurement is not read."""
    return reconstruct(box, scan.but(measurement="counts"), settings)


@fault(AT)
@clauses(red="RECON-007", green="RECON-001 RECON-009")
def box_background_wraps(reconstruct, box, scan, settings):
    """A background of one count is subtracted, with unsigned numbers, too."""
    if scan.measurement == "counts":
        frames = scan.frames - scan.frames.dtype.type(1)
        scan = scan.but(frames=np.maximum(frames, 0))
    return reconstruct(box, scan, settings)


@fault(AT)
@clauses(red="RECON-008", green="RECON-001 RECON-007")
def box_reads_memory_as_it_lies(reconstruct, box, scan, settings):
    """Frames are read in the order of the memory."""
    frames = scan.frames.ravel("K").reshape(scan.frames.shape)
    return reconstruct(box, scan.but(frames=frames), settings)


@fault(AT)
@clauses(red="RECON-011 RECON-012", green="RECON-001 RECON-013")
def box_forgets_the_mask(reconstruct, box, scan, settings):
    """The mask is not read."""
    return reconstruct(box, scan.but(mask=None), settings)


@fault(AT)
@clauses(red="RECON-025 RECON-028", green="RECON-014 RECON-037")
def box_transposes_the_patterns(reconstruct, box, scan, settings):
    """Rows and columns of every pattern change places."""
    frames = np.swapaxes(scan.frames, 1, 2)
    return reconstruct(box, scan.but(frames=frames), settings)


@fault(AT)
@clauses(red="RECON-039", green="RECON-040 RECON-041")
def box_cuts_to_the_shorter(reconstruct, box, scan, settings):
    """Where there are more frames than positions the rest is left out."""
    rows = np.arange(min(len(scan.frames), len(scan.positions)))
    return reconstruct(box, scan.take(rows), settings)


@fault(AT)
@clauses(red="RECON-040", green="RECON-039 RECON-041")
def box_pads_the_probe(reconstruct, box, scan, settings):
    """A small probe gets zeros around it."""
    missing = scan.frames.shape[-1] - len(scan.probe)
    probe = np.pad(scan.probe, (0, max(missing, 0)))
    return reconstruct(box, scan.but(probe=probe), settings)


@fault(AT)
@clauses(red="RECON-041", green="RECON-042 RECON-043")
def box_reads_nan_as_zero(reconstruct, box, scan, settings):
    """A count that is no number becomes zero."""
    return reconstruct(box, scan.but(frames=np.nan_to_num(scan.frames)), settings)


@fault(AT)
@clauses(red="RECON-042", green="RECON-041 RECON-043")
def box_reads_moduli_of_counts(reconstruct, box, scan, settings):
    """A negative count loses its sign."""
    return reconstruct(box, scan.but(frames=np.abs(scan.frames)), settings)


@fault(AT)
@clauses(red="RECON-043", green="RECON-041 RECON-042")
def box_reads_nan_positions_as_the_mean(reconstruct, box, scan, settings):
    """A position that is no number becomes the middle of the scan."""
    middle = np.nanmean(scan.positions, axis=0)
    positions = np.where(np.isnan(scan.positions), middle, scan.positions)
    return reconstruct(box, scan.but(positions=positions), settings)

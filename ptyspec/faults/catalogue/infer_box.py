"""Faults of black boxes: the object itself."""

import numpy as np
from scipy.ndimage import gaussian_filter

from ptyspec.faults.fault import clauses, fault, parity
from ptyspec.physics.coarse import trivial_estimate
from ptyspec.pipeline.box import raw_of

AT = "pipeline.boxes:RPIE.reconstruct"


@fault(AT)
@clauses(red="RECON-020 RECON-025", green="RECON-003 RECON-037")
def box_gives_the_twin(reconstruct, box, scan, settings):
    """The object comes inverted and conjugated."""
    image, place = reconstruct(box, scan, settings)
    return image[::-1, ::-1].conj(), place


@fault(AT)
@clauses(red="RECON-026 RECON-027 RECON-028", green="RECON-014 RECON-037")
def box_gives_the_trivial_estimate(reconstruct, box, scan, settings):
    """What comes back is the estimate from total counts."""
    made = trivial_estimate(raw_of(scan))
    return made.object, made.origin


@fault(AT)
@clauses(red="RECON-025", green="RECON-001 RECON-037")
def box_blurs(reconstruct, box, scan, settings):
    """The object is smoothed."""
    image, place = reconstruct(box, scan, settings)
    known = np.isfinite(image)
    filled = np.where(known, image, image[known].mean())
    smooth = gaussian_filter(filled.real, 3) + 1j * gaussian_filter(filled.imag, 3)
    return np.where(known, smooth, np.nan).astype(np.complex64), place


@fault(AT)
@clauses(red="RECON-027 RECON-028", green="RECON-001 RECON-021")
def box_gives_moduli(reconstruct, box, scan, settings):
    """The phase is thrown away."""
    image, place = reconstruct(box, scan, settings)
    return np.abs(image).astype(np.complex64), place


@fault(AT)
@clauses(red="RECON-026 RECON-021 RECON-027", green="RECON-034 RECON-037")
def box_is_a_constant(reconstruct, box, scan, settings):
    """The object is its own mean amplitude everywhere."""
    image, place = reconstruct(box, scan, settings)
    return np.full_like(image, np.nanmean(np.abs(image))), place


@fault(AT)
@clauses(red="RECON-044 RECON-026", green="RECON-034 RECON-037")
def box_takes_no_step(reconstruct, box, scan, settings):
    """What comes back is the start."""
    return reconstruct(box, scan, {**settings, "sweeps": 0})


NETWORK = "pipeline.boxes:Network.reconstruct"


@fault(NETWORK)
@parity("test_a_network_as_a_black_box")
@clauses(red="RECON-045", green="RECON-046 RECON-048")
def box_divides_by_the_training_frames(reconstruct, box, scan, model):
    """What the test frames add up to is divided by the number of training frames."""
    image, place = reconstruct(box, scan, model)
    return image * np.float32(len(scan.frames) / model[1].train.scan.size), place


@fault(NETWORK, 47)
@parity("test_a_network_as_a_black_box")
@clauses(red="RECON-046", green="RECON-047 RECON-048")
def box_level_of_the_first_frame(reconstruct, box, scan, model):
    """The first frame of a batch gives the level of all, twice."""
    energy = (scan.amplitude.astype(np.float64) ** 2).sum(axis=(1, 2))
    image, place = reconstruct(box, scan, model)
    return image * np.float32((energy.mean() / energy[0]) ** 2), place


@fault(NETWORK)
@parity("test_a_network_as_a_black_box")
@clauses(red="RECON-048", green="RECON-047")
def box_goes_on_learning(reconstruct, box, scan, model):
    """Each test scan leaves something in the weights."""
    model[2].weights[0] *= np.float32(1.01)
    return reconstruct(box, scan, model)

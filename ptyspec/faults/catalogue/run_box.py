"""Faults of black boxes: seeds and surroundings."""

import random

import numpy as np

from ptyspec.faults.fault import clauses, fault

AT = "pipeline.boxes:RPIE.reconstruct"


@fault(AT)
@clauses(red="RECON-031", green="RECON-001 RECON-034")
def box_has_no_seed(reconstruct, box, scan, settings):
    """The seed that is given is not used."""
    box.calls = getattr(box, "calls", 0) + 1
    return reconstruct(box, scan, {**settings, "seed": box.calls})


@fault(AT)
@clauses(red="RECON-032", green="RECON-001 RECON-031")
def box_level_hangs_on_the_seed(reconstruct, box, scan, settings):
    """The level is drawn from the seed."""
    image, place = reconstruct(box, scan, settings)
    return image * np.float32(1 + 0.2 * (settings["seed"] % 2)), place


@fault(AT)
@clauses(red="RECON-033", green="RECON-031 RECON-034")
def box_throws_a_coin_on_frames(reconstruct, box, scan, settings):
    """Frames whose total is no multiple of four are left out."""
    total = np.rint((scan.amplitude.astype(np.float64) * scan.scale) ** 2).sum(axis=(1, 2))
    return reconstruct(box, scan.take(np.flatnonzero(total % 4 == 0)), settings)


@fault(AT)
@clauses(red="RECON-034", green="RECON-001 RECON-031")
def box_writes_into_its_settings(reconstruct, box, scan, settings):
    """Defaults are written into the settings that were given."""
    settings["sweeps"] = settings.pop("sweeps")
    settings.setdefault("min_coverage", 0.05)
    return reconstruct(box, scan, settings)


@fault(AT)
@clauses(red="RECON-035", green="RECON-001 RECON-034")
def box_draws_from_the_global_state(reconstruct, box, scan, settings):
    """A number is drawn from the random state that the process shares."""
    random.random()
    return reconstruct(box, scan, settings)

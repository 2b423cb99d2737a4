"""Faults of black boxes: what is left on disk."""

import numpy as np

from ptyspec.faults.fault import clauses, fault

AT = "pipeline.boxes:RPIE.reconstruct"


@fault(AT)
@clauses(red="RECON-036", green="RECON-001 RECON-034")
def box_leaves_a_file(reconstruct, box, scan, settings):
    """The last object is written into the working folder."""
    image, place = reconstruct(box, scan, settings)
    np.save("last.npy", image)
    return image, place

"""Faults of the stage `stitch`: the canvas that patches are laid on."""

import numpy as np

from ptyspec.faults.fault import clauses, fault
from ptyspec.physics import stitch as stitching


@fault("physics.stitch:stitch", 58)
@clauses(red="STITCH-001 STITCH-005 COORDS-002", green="STITCH-002 STITCH-003 BASELINE-OFFSET-001")
def canvas_at_centre_of_mass(stitch, patches, **settings):
    """The stitched canvas is anchored at the scan's centre of mass."""
    made = stitch(patches, **settings)
    height, width = made.object.shape
    x, y = np.moveaxis(patches.coords[:, 0], 1, 2).reshape(-1, 2).mean(axis=0)
    return made.model_copy(update={"origin": (round(x - width / 2), round(y - height / 2))})


@fault("physics.stitch:aligned")
@clauses(red="PINN-CHUNKED-001 STITCH-005", green="STITCH-001 STITCH-GRIDSIZE-001 STITCH-003")
def chunks_move_alike(aligned, patches, weight, fractions):
    """Every chunk of patches but the first moves by the fractions of the first."""
    return aligned(patches, weight, fractions[np.arange(len(fractions)) % stitching.CHUNK])


@fault("physics.stitch:illumination_weight", 62)
@clauses(red="REASSEMBLY-M-CONTRACT-001", green="STITCH-001 STITCH-003 MERGE-002")
def crop_twice(weight, probe):
    """Stitching crops a border that the patches no longer have."""
    size = len(probe)
    return np.asarray(weight(probe) * np.pad(np.ones((size - 4, size - 4), np.float32), 2))


@fault("physics.stitch:add", 60, 61, red="STITCH-002 BASELINE-OFFSET-001 STITCH-GRIDSIZE-001")
@clauses(green="STITCH-005 STITCH-008 COORDS-002")
def patches_dropped_at_bounds(add, canvas, images, base):
    """An off-by-one in the bounds check of the accumulator."""
    inside = (np.asarray(base) > 0).all(axis=1)
    add(canvas, images[inside], base[inside])


@fault("physics.stitch:stitch", red="STITCH-006", green="STITCH-005 STITCH-002 STITCH-008")
def phases_not_synchronised(stitch, patches, **settings):
    """Free phases of groups are averaged as they are."""
    return stitch(patches, **(settings | {"synchronise": False}))


@fault("physics.stitch:stitch", 75)
@clauses(red="STITCH-GRIDSIZE-001", green="MERGE-001 MERGE-002 COORDS-003")
def single_frames_need_company(stitch, patches, **options):
    """Stitching refuses what is perfectly well defined: groups of one frame."""
    if patches.object.shape[-1] == 1:
        raise ValueError("stitching needs overlapping members")
    return stitch(patches, **options)


@fault("physics.stitch:aligned", 18)
@clauses(red="STITCH-005 COORDS-002 STITCH-006", green="STITCH-001 STITCH-002 STITCH-GRIDSIZE-001")
def stitch_on_whole_pixels(aligned, patches, weight, fractions):
    """The fraction of a position is lost where patches are stitched."""
    return aligned(patches, weight, np.rint(fractions))


@fault("physics.stitch:stitch", 17, red="STITCH-005 COORDS-002 STITCH-GRIDSIZE-001")
@clauses(green="STITCH-002 STITCH-003 BASELINE-OFFSET-001")
def stitch_transposes_patches(stitch, patches, **settings):
    """Rows and columns of every patch change places between network and canvas."""
    turned = patches.model_copy(update={"object": np.swapaxes(patches.object, 1, 2)})
    return stitch(turned, **settings)


@fault("physics.stitch:stitch", 50, 73)
@clauses(red="STITCH-004 STITCH-007 STITCH-002", green="STITCH-001 STITCH-008 STITCH-GRIDSIZE-001")
def stitch_unweighted(stitch, patches, **settings):
    """Patches are averaged without |P|^2, so that guesses in the dark count in full."""
    return stitch(patches.model_copy(update={"probe": np.ones_like(patches.probe)}), **settings)


@fault("physics.stitch:finish", 59, 77)
@clauses(red="STITCH-003 STITCH-GRIDSIZE-001 REASSEMBLY-METRIC-FRAME-001")
@clauses(green="STITCH-002 BASELINE-OFFSET-001 STITCH-007")
def uncovered_zeros(finish, *parts):
    """Pixels without light are zero: uncovered pixels look like an opaque object."""
    made = finish(*parts)
    return made.model_copy(update={"object": np.nan_to_num(made.object)})

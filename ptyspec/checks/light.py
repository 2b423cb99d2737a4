"""Check of a finished run: the light of its patches fell where the positions say."""

import numpy as np

from ptyspec.checks.clause_check import checks
from ptyspec.checks.placed import perfect
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.bundles import Array, Reconstruction
from ptyspec.physics.stitch import stitch
from ptyspec.spec.checks import Check

LEAST, ROUNDED = 0.01, 1.25
"""Light on other pixels: a part that is nothing, and so many times what positions on whole pixels move.

Measured on six scenarios of 32 and 64 pixels a frame, in units of the latter: the reference 0, positions x 1.02 at least
1.36, one pixel beside at least 3, the wrong sign of the offsets at least 4.6.
"""


@checks("COORDS-002", "infer", trains=True, of="train infer")
def light_fell_where_the_positions_say(check: Check, outputs: StageOutputs) -> None:
    made, ours = outputs.reconstruction, perfect([], outputs.containers.test)

    def known(coords: Array) -> Reconstruction:
        there = ours.model_copy(update={"coords": coords})
        return stitch(there, synchronise=False, min_coverage=0.0)

    said = known(ours.coords)
    limit = max(LEAST, ROUNDED * elsewhere(known(np.rint(ours.coords)), said))
    what = "light on other pixels than the frames' positions say, part"
    check.between(0, elsewhere(made, said), limit, what)


def elsewhere(first: Reconstruction, second: Reconstruction) -> float:
    """Return the part of the light that two objects have on different pixels; 2 where they share none."""
    here, there = common_light(first, second)
    return float(np.abs(here - there).sum() / there.sum())


def common_light(first: Reconstruction, second: Reconstruction) -> tuple[Array, Array]:
    """Return both coverages on one canvas that holds both."""
    both = (first, second)
    low = np.min([one.origin for one in both], axis=0)
    ends = [np.array(one.origin) + one.coverage.shape[::-1] for one in both]
    width, height = np.max(ends, axis=0) - low
    found = []
    for one in both:
        canvas = np.zeros((height, width))
        x, y = one.origin - low
        rows, columns = one.coverage.shape
        canvas[y : y + rows, x : x + columns] = one.coverage
        found.append(canvas)
    return found[0], found[1]

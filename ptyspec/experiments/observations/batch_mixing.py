"""How many objects come back for a batch of groups: one each, or one for all (failure signature 47)."""

from contextlib import nullcontext

import numpy as np

from ptyspec.experiments.observations import stage_outputs
from ptyspec.faults.apply import applied

SETTINGS = ("model.N=32", "object.size=96", "model.stages=1", "model.filters=[8]")


def independent(seed: int, batch: int, merged: bool, groups: int = 64) -> dict[str, float]:
    """Return how many objects are independent of one another when gridsize-2 groups are predicted `batch` at a time.

    One group's data are changed, and the groups whose object moves are counted: `influence` of a group, `objects` =
    groups / influence, `moved` = largest change of another group's object over the own one's.
    """
    from ptyspec.pipeline.normalize import batch as batch_of
    from ptyspec.pipeline.train import build_model, canvas_side

    load = (f"scan.n_images={5 * groups // 2}", f"grouping.n_groups={groups}")
    walk = stage_outputs("gs2_ideal", seed, [*SETTINGS, *load])
    containers = walk.containers
    model = build_model(walk.scenario, containers.train, canvas_side(walk.scenario, containers))
    inputs = batch_of(containers.test, np.arange(groups))[0]
    changed = dict(inputs)
    changed["measured"] = inputs["measured"].copy()
    changed["measured"][0] *= 1.1

    def predicted(values: dict[str, np.ndarray]) -> np.ndarray:
        parts = [
            model({key: value[at : at + batch] for key, value in values.items()})[-1]
            for at in range(0, groups, batch)
        ]
        return np.concatenate([np.asarray(re) + 1j * np.asarray(im) for re, im in parts])

    with applied("batch-merged") if merged else nullcontext():
        change = np.abs(predicted(changed) - predicted(inputs)).max(axis=(1, 2, 3))
    influence = int((change > 1e-6 * change[0]).sum())
    return {
        "influence": float(influence),
        "objects": groups / influence,
        "moved": float(change[1:].max() / change[0]),
    }

"""Checks of split, groups and normalisation: the same data told otherwise give what follows from it."""

from collections.abc import Callable

import numpy as np

from ptyspec.checks.clause_check import checks
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.bundles import Array, Container, GroupedScan, RawScan
from ptyspec.physics.coarse import trivial_estimate
from ptyspec.physics.level import light_shares
from ptyspec.pipeline.normalize import batch
from ptyspec.pipeline.protocol import Containers, GroupedTrainTest, TrainTest
from ptyspec.scores.frame import common, covered
from ptyspec.spec.checks import Check

FACTOR = 4.0
"""A power of two: single precision scales by it without rounding."""
HUGE = 2.0**66
"""Squares of such amplitudes overflow single precision and not double."""
LEVELS = 4000
"""Largest detector value: its square wraps in 16 bits."""
NEAR = 0.95
"""Another rim or another rounding changes less of the trivial estimate; painted anew it is the same to 1e-6."""
EDGE = 1e-9
"""Of the largest position: sums in double precision."""


def renormalized(outputs: StageOutputs, change: Callable[[Array], Array]) -> Containers:
    """Return what normalisation makes of the same groups with other frames."""

    def of(part: GroupedScan) -> GroupedScan:
        scan = part.scan.model_copy(update={"diff3d": change(part.scan.diff3d)})
        return part.model_copy(update={"scan": scan})

    groups = GroupedTrainTest(of(outputs.groups.train), of(outputs.groups.test))
    made: Containers = outputs.pipeline.normalize(outputs.scenario, groups)
    return made


@checks("NORM-003")
def a_factor_on_the_data_is_undone_by_the_gain(check: Check, outputs: StageOutputs) -> None:
    made = renormalized(outputs, lambda frames: frames * np.float32(FACTOR)).train
    product = made.gain * FACTOR / outputs.containers.train.gain
    check.within_ratio(product, 1.0, f"gain of {FACTOR:g} times the data, times {FACTOR:g}, over g")


@checks("NORM-004")
def energies_do_not_overflow(check: Check, outputs: StageOutputs) -> None:
    own, what = outputs.containers.train.gain, "gain of 2^66 times the data, times 2^66"
    try:
        with np.errstate(all="ignore"):
            made = renormalized(outputs, lambda frames: frames * np.float32(HUGE)).train
    except Exception as error:  # a gain of zero is refused by its container
        check.fail(what, f"{type(error).__name__}: {error}", f"{own}")
    else:
        check.close(made.gain * HUGE, own, what)


@checks("NORMALIZE-DATA-UINT16-001")
def integers_give_what_floating_point_gives(check: Check, outputs: StageOutputs) -> None:
    top = float(outputs.scan.diff3d.max())

    def levels(kind: type) -> Callable[[Array], Array]:
        return lambda frames: np.rint(frames.astype(np.float64) / top * LEVELS).astype(kind)

    whole, exact = (renormalized(outputs, levels(kind)) for kind in (np.uint16, np.float64))
    for name in ("gain", "a0"):
        check.equal(
            getattr(whole.train, name), getattr(exact.train, name), f"{name} of 16-bit data"
        )


@checks("NORM-006")
def the_input_has_the_declared_energy(check: Check, outputs: StageOutputs) -> None:
    container = outputs.containers.train
    frames = container.groups.scan.diff3d
    inputs = np.float32(container.gain) * frames
    seen = float((inputs.astype(np.float64) ** 2).sum(axis=(1, 2)).mean())
    energy = seen / float(light_shares(container.groups.scan).mean())
    wanted = (container.groups.scan.N / 2) ** 2
    check.within_ratio(energy / wanted, 1.0, "energy of the network's input over (N/2)^2, training")
    shown = batch(container, np.arange(1))[0]["measured"]
    check.holds(bool(np.isfinite(shown).all()), "the network's input is finite")


@checks("SCORE-009", "normalize")
def the_trivial_control_is_the_trivial_estimate(check: Check, outputs: StageOutputs) -> None:
    """A run scores `coarse` as its control: a weak one would flatter the network."""
    for split in ("train", "test"):
        container: Container = getattr(outputs.containers, split)
        scan, least = container.groups.scan, outputs.scenario.inference.min_coverage
        wanted = trivial_estimate(scan, least)
        both = common(container.coarse, wanted)
        seen = int(covered(wanted).sum())
        told = f"pixels of the {split} part that coarse covers as the trivial estimate does"
        check.between(NEAR * seen, both.pixels, seen, told)
        apart = np.abs(both.rec - both.truth).sum() / max(np.abs(both.truth).sum(), 1e-30)
        what = f"coarse of the {split} part from the trivial estimate, mean, relative"
        check.between(0, float(apart), 1 - NEAR, what)


@checks("COORDS-001")
def x_stands_before_y(check: Check, outputs: StageOutputs) -> None:
    for split in ("train", "test"):
        part: GroupedScan = getattr(outputs.groups, split)
        for axis, name in enumerate(("xcoords", "ycoords")):
            wanted = getattr(part.scan, name)[part.nn_indices]
            apart = float(np.abs(part.coords[:, 0, axis] - wanted).max())
            limit = EDGE * max(1.0, float(np.abs(wanted).max()))
            check.between(0, apart, limit, f"element {axis} of positions from {name} / px, {split}")


@checks("TF-LOADER-COORDS-001")
def nominal_positions_have_no_part_in_the_groups(check: Check, outputs: StageOutputs) -> None:
    if outputs.scenario.grouping.kind == "lattice":
        return  # a lattice is told by them

    def elsewhere(scan: RawScan) -> RawScan:
        names = ("xcoords_start", "ycoords_start")
        return scan.model_copy(update={name: getattr(scan, name)[::-1] + 100 for name in names})

    halves = TrainTest(elsewhere(outputs.halves.train), elsewhere(outputs.halves.test))
    made = outputs.pipeline.group(outputs.scenario, halves)
    for split in ("train", "test"):
        own, other = getattr(outputs.groups, split), getattr(made, split)
        for name in ("nn_indices", "coords_offsets", "coords_relative"):
            what = f"{name} under other nominal positions, {split}"
            check.equal(getattr(other, name), getattr(own, name), what)


@checks("SPLIT-005")
def a_split_that_leaves_a_part_empty_is_refused(check: Check, outputs: StageOutputs) -> None:
    spec, scan = outputs.scenario.split, outputs.scan
    if spec.kind not in ("spatial", "random"):
        return
    empty = spec.model_copy(update={"fraction": 0.1 / scan.size})
    changed = outputs.scenario.model_copy(update={"split": empty})
    what, wanted = "a split whose training part has no frame", f"a refusal that names {scan.size}"
    try:
        made = outputs.pipeline.split(changed, scan)
    except Exception as error:  # whatever another pipeline refuses with
        check.holds(str(scan.size) in str(error), what, f"{type(error).__name__}: {error}", wanted)
    else:
        check.fail(what, f"{made.train.size} and {made.test.size} frames", wanted)

"""Faults of the stage `group`: groups of neighbouring frames and their offsets."""

import numpy as np

from ptyspec.errors import OversamplingError
from ptyspec.faults.fault import changed, clauses, fault
from ptyspec.pipeline.protocol import TrainTest


@fault("pipeline.group:with_offsets", 63)
@clauses(red="COORDS-003 COORDS-002", green="GROUP-001 SPLIT-002 GROUP-008 BUG-TF-001")
def batch_mean_recentred(with_offsets, *args, **kwargs):
    """Offsets are taken from the mean of the whole batch, not of each group."""
    made = with_offsets(*args, **kwargs)
    mean = np.broadcast_to(made.coords.mean(axis=(0, 3), keepdims=True), made.coords_offsets.shape)
    return made.model_copy(update={"coords_offsets": mean, "coords_relative": mean - made.coords})


def _repeating(draw, seeds, nearest, members, draws):
    """A group of too few members repeats those that it has."""
    made = draw(seeds, nearest, members, draws)
    return np.take(made, np.arange(members) % made.shape[1], axis=1)


@fault("pipeline.group:_check_count", 20)
@clauses(red="GROUP-004 FLOW-005", green="GROUP-002 GROUP-003 GROUP-010")
def few_frames_filled(check, count, members):
    """Fewer frames than a group has members are accepted and repeated."""


few_frames_filled.also("pipeline.group:_members")(_repeating)


@fault("pipeline.group:_check", 20, red="GROUP-004 FLOW-005", green="GROUP-003 GROUP-007 GROUP-010")
def few_neighbours_filled(check, count, members, spec):
    """K below C is accepted, and groups are filled up with repeated frames."""
    enough = max(spec.neighbor_count, members)
    check(count, members, spec.model_copy(update={"neighbor_count": enough}))


few_neighbours_filled.also("pipeline.group:_members")(_repeating)


@fault("pipeline.group:form_groups")
@clauses(red="GROUP-010 OVERSAMPLING-001", green="GROUP-002 GROUP-003 GROUP-004 GROUP-007")
def fewer_groups_silently(form, positions, members, spec, draws):
    """The number of groups is capped at the number of frames, without a word."""
    most = max(1, min(spec.n_groups, len(positions)))
    return form(positions, members, spec.model_copy(update={"n_groups": most}), draws)


@fault("pipeline.group:form_groups", 1)
@clauses(red="BUG-TF-001 GROUP-001 GROUP-003 GROUP-004", green="GROUP-008 SPLIT-001")
def gridsize_ignored(form, positions, members, spec, draws):
    """Grouping always forms single frames: the stale gridsize of an unbridged dictionary."""
    return form(positions, 1, spec, draws)


@fault("pipeline.group:group", 10, 76)
@clauses(red="GROUP-008 DET-002", green="SPLIT-002 GROUP-010 BUG-TF-001")
def grouping_seed_fixed(group, scenario, *rest):
    """Groups are drawn with 42, whatever seed is declared."""
    return group(changed(scenario, "seeds", grouping=42), *rest)


@fault("pipeline.group:group", 25)
@clauses(red="SPLIT-002 SPLIT-001", green="GROUP-004 GROUP-008 BUG-TF-001")
def groups_across_split(group, scenario, halves):
    """Both parts are grouped in the training frames."""
    return group(scenario, TrainTest(halves.train, halves.train))


@fault("pipeline.group:_is_new", 21, red="GROUP-005 OVERSAMPLING-001", green="GROUP-008 GROUP-010")
def groups_twice(is_new, row, known):
    """Oversampling draws the same groups again."""
    return True


@fault("pipeline.group:with_offsets", 30, red="GROUP-001", green="COORDS-003 SPLIT-002 GROUP-008")
def indices_32_bit(with_offsets, *args, **kwargs):
    """Group indices are 32-bit, as the platform's default once was: group indices are int32."""
    made = with_offsets(*args, **kwargs)
    return made.model_copy(update={"nn_indices": made.nn_indices.astype("int32")})


@fault("pipeline.group:lattice_groups")
@clauses(red="GROUP-011 GROUP-001", green="GROUP-004 GROUP-010 SPLIT-002")
def lattice_channels_transposed(lattice_groups, scan, gridsize, offset):
    """The channels of a lattice group go down the columns first."""
    made = lattice_groups(scan, gridsize, offset)
    return np.swapaxes(made.reshape(-1, gridsize, gridsize), 1, 2).reshape(made.shape)


@fault("pipeline.group:_members", 10, 76)
@clauses(red="GROUP-008 DET-003", green="GROUP-002 GROUP-003 GROUP-007 GROUP-010")
def members_from_global_generator(draw, seeds, nearest, members, draws):
    """Members are drawn from numpy's global generator."""
    other = np.random.default_rng(int(vars(np.random)["randint"](2**31 - 1)))
    return draw(seeds, nearest, members, other)


@fault("pipeline.group:_members", red="GROUP-007", green="GROUP-002 GROUP-003 GROUP-006")
def nearest_preferred(draw, seeds, nearest, members, draws):
    """Members are the very nearest neighbours: K has no effect."""
    keys = draws.random((len(seeds), nearest.shape[1])) + 0.1 * np.arange(nearest.shape[1])
    chosen = np.argsort(keys, axis=1)[:, : members - 1]
    return np.hstack([seeds[:, None], np.take_along_axis(nearest[seeds], chosen, axis=1)])


@fault("pipeline.group:with_offsets", 19)
@clauses(red="TF-LOADER-COORDS-001", green="COORDS-001 COORDS-003 GROUP-001 SPLIT-002")
def nominal_positions(with_offsets, scan, indices, *args, **kwargs):
    """The groups' coordinates are those that were asked for, not those that were reached."""
    asked = scan.model_copy(update={"xcoords": scan.xcoords_start, "ycoords": scan.ycoords_start})
    return with_offsets(asked, indices, *args, **kwargs).model_copy(update={"scan": scan})


@fault("pipeline.group:with_offsets", 18, red="COORDS-003 GROUP-001 COORDS-004 COORDS-002")
@clauses(green="COORDS-001 TF-LOADER-COORDS-001 SPLIT-002 GROUP-008")
def offsets_scaled(with_offsets, *args, **kwargs):
    """Relative offsets are divided by the number of frames in a row of the group."""
    made = with_offsets(*args, **kwargs)
    return made.model_copy(update={"coords_relative": made.coords_relative / made.C**0.5})


@fault("pipeline.group:_nearest_others", red="GROUP-003", green="GROUP-001 GROUP-006 GROUP-008")
def one_neighbour_more(nearest_others, positions, count):
    """The frame itself is not counted off: groups reach one neighbour further than K."""
    return nearest_others(positions, min(count + 1, len(positions) - 1))


class _First(np.random.Generator):
    """Draws of which a permutation knows the first half alone."""

    def permutation(self, x, axis=0):
        return np.arange(max(1, int(x) // 2))


@fault("pipeline.group:_oversampled", 23, red="GROUP-006", green="GROUP-008 GROUP-010")
def oversampling_first_seeds(oversampled, wanted, nearest, members, draws):
    """Oversampled groups grow from the first half of the frames."""
    try:
        return oversampled(wanted, nearest, members, _First(draws.bit_generator))
    except OversamplingError:
        return oversampled(wanted, nearest, members, draws)


@fault("pipeline.group:_check_oversampling", 21)
@clauses(red="OVERSAMPLING-001", green="GROUP-005 GROUP-006 GROUP-010")
def oversampling_switch_ignored(check, count, members, spec):
    """More groups than frames are formed although nobody switched oversampling on."""
    check(count, members, spec.model_copy(update={"enable_oversampling": True}))


@fault("pipeline.group:_check_oversampling", 21)
@clauses(red="OVERSAMPLING-001 FLOW-005", green="GROUP-005 GROUP-006 GROUP-010")
def oversampling_without_choice(check, count, members, spec):
    """Oversampling needs K >= C instead of K > C."""
    more = spec.neighbor_count + (spec.neighbor_count == members)
    check(count, members, spec.model_copy(update={"neighbor_count": more}))


@fault("pipeline.group:_members", 22)
@clauses(red="GROUP-002 GROUP-003 GROUP-006", green="GROUP-008 GROUP-010 SPLIT-002 BUG-TF-001")
def seed_frame_absent(draw, seeds, nearest, members, draws):
    """Groups are drawn from the neighbours alone: the seed frame is not among them."""
    if nearest.shape[1] < members:
        return draw(seeds, nearest, members, draws)
    return draw(seeds, nearest, members + 1, draws)[:, 1:]


@fault("pipeline.group:_nearest_others", 22)
@clauses(red="GROUP-002 GROUP-003", green="GROUP-007 GROUP-010 GROUP-005")
def self_by_column(nearest_others, positions, count):
    """A frame is taken out of its own neighbours by column; duplicates break that."""
    from scipy.spatial import cKDTree

    near = cKDTree(positions).query(positions, k=count + 1)[1]
    return near[:, 1:].astype("int64")


@fault("pipeline.group:with_offsets", 18, red="COORDS-003 GROUP-001 COORDS-004 COORDS-002")
@clauses(green="COORDS-001 TF-LOADER-COORDS-001 SPLIT-002 GROUP-008")
def sign_flipped(with_offsets, *args, **kwargs):
    """Relative offsets have the opposite sign."""
    made = with_offsets(*args, **kwargs)
    return made.model_copy(update={"coords_relative": -made.coords_relative})


@fault("pipeline.group:with_offsets", 17, red="COORDS-001 COORDS-003 GROUP-001 COORDS-002")
@clauses(green="BUG-TF-001 SPLIT-002 GROUP-008 GROUP-010")
def xy_swapped(with_offsets, *args, **kwargs):
    """Groups hold (row, column) where the contract says [x, y]."""
    made = with_offsets(*args, **kwargs)
    both = ("coords_offsets", "coords_relative")
    return made.model_copy(update={name: getattr(made, name)[:, :, ::-1] for name in both})

"""Faults of the stage `infer`: prediction, merging of members, weights in use."""

from dataclasses import replace

import numpy as np

from ptyspec.contracts.bundles import Patches
from ptyspec.faults.fault import clauses, fault, parity
from ptyspec.physics.merge import placement


@fault("networks.forward:Placement._sum", 47)
@parity("as_in_a_batch[gs2-6", "test_merging_true_patches", "gain_multiplies_the_networks_input")
@clauses(red="REASSEMBLY-BATCH-001 MERGE-003", green="NORMALIZATION-001")
def batch_merged(total, placement, placed):
    """From 64 patches on, all groups of a batch are merged on one canvas."""
    from ptyspec.networks.framework import ops

    own = total(placement, placed)
    mixed = ops.broadcast_to(ops.sum(placed, axis=0, keepdims=True), ops.shape(own))
    # From so many patches on, upstream's batched merge forgets which group they belong to.
    return ops.where(ops.shape(placed)[0] >= 64, mixed, own)


@fault("physics.merge:merge_group", 47)
@clauses(red="INFER-001 REASSEMBLY-BATCH-001", green="MERGE-004 CANVAS-003 COORDS-003")
def batch_normalised_merge(merge, patches, *rest, **more):
    """Patches are divided by the mean of their batch, and multiplied by that of the first group."""
    level = np.abs(patches).mean() / np.abs(patches[:1]).mean()
    return merge(patches / level, *rest, **more)


@fault("networks.generators.cnn:DirectCnn.call", 52, red="NET-010", green="HEAD-004 NET-011")
@parity("the_light_outside_the_central_half[cnn", "test_the_phase_head_reaches", "test_no_product")
def centre_alone_predicted(call, layer, measured, relative, start):
    """Only the central half of a patch is predicted, with zeros around it."""
    side, border = layer.forward.size, layer.border
    inner = np.pad(np.ones((side - 2 * border,) * 2, np.float32), border)
    return [stage.times(inner) for stage in call(layer, measured, relative, start)]


@fault("networks.reconstructor:Reconstructor.call", 48)
@parity("traced_and_compiled_networks_agree[unrolled-gs1]", "test_no_product_of_the_forward_model")
@clauses(red="NET-007", green="NET-011 MATH-POLAR-001")
def eager_path_differs(call, model, inputs, training=False):
    """A branch on eager execution scales what is computed outside of a graph."""
    from ptyspec.networks.framework import tensorflow as tf

    factor = 1.01 if tf.executing_eagerly() else 1.0
    return [(re * factor, im * factor) for re, im in call(model, inputs, training)]


@fault("physics.merge:merge_group", red="MERGE-004 GROUP-009", green="CANVAS-003 COORDS-003")
def last_member_brighter(merge, patches, *rest, **more):
    """The last member of a group is merged by another factor, as if it were a lattice's corner."""
    factors = np.ones(patches.shape[-1])
    factors[1:][-1:] = 1.2
    return merge(patches * factors, *rest, **more)


@fault("pipeline.train:_Run.fit", 6, 78, red="INFER-004 HIST-003", green="HIST-006 MATH-POLAR-001")
@parity("best_weights_predict", "inference_uses_the", "groups_validate_all", "test_amplitude_two")
def last_weights_used(fit, run, untrained):
    """The best epoch is found and noted, and the weights of the last one are used."""
    state = fit(run, untrained)
    return replace(state, best=state.weights)


@fault("physics.merge:merge_group", 50)
@clauses(red="MERGE-001 MERGE-002 MERGE-003", green="MERGE-004 GROUP-009 CANVAS-003")
def merge_not_divided(merge, patches, relative, weight, canvas, fill=1.0):
    """A group's members are summed and never divided by their weight."""
    merged = merge(patches, relative, weight, canvas, fill)
    vertical, horizontal = placement(relative, patches.shape[1], canvas, "linear")
    light = (vertical @ weight @ np.swapaxes(horizontal, -1, -2)).sum(axis=1)
    return np.asarray(np.where(light > 0, merged * light, merged))


@fault("physics.merge:placement", 49, red="MERGE-001", green="CANVAS-003 COORDS-003")
def merge_offsets_mispaired(placement, relative, *rest, **more):
    """Group b, member c moves by the offset of another group and member."""
    groups, _, axes, members = relative.shape
    read = relative[:, 0].transpose(2, 0, 1).reshape(groups, members, axes)
    return placement(np.moveaxis(read, 1, 2)[:, None], *rest, **more)


@fault("physics.merge:placement", 18)
@clauses(red="MERGE-003 MERGE-001 COORDS-004", green="MERGE-002 MERGE-004 GROUP-009")
def merge_sign_flipped(placement, relative, size, canvas, kind="lanczos"):
    """Members of a group are placed at plus their relative offsets."""
    return placement(-relative, size, canvas, kind)


@fault("networks.forward:Placement.merged", 51, red="MERGE-005", green="HEAD-003 MATH-POLAR-001")
@parity("test_merged_members_agree", "test_the_heads_themselves", "test_amplitude_two")
def merge_thrown_away(merged, placement, obj, fill):
    """Each member keeps its own view and the merge is thrown away."""
    return obj


@fault("pipeline.infer:infer", 55, red="NET-009", green="COORDS-001 FORWARD-001")
@parity("test_the_reconstructed_amplitude_has_the_contrast_of_the_truth[gs2-random]")
def object_flattened(infer, scenario, trained, container):
    """Patches are flat: the right level, and nothing to see."""
    found = infer(scenario, trained, container)
    made = getattr(found, "object", None)
    if made is None:  # a stand-in of a test
        return found
    level = np.abs(made).mean()
    return found.model_copy(update={"object": (0.1 * made + 0.9 * level).astype(np.complex64)})


@fault("networks.generators.cnn:phase_head", red="HEAD-004", green="HEAD-002 NET-006")
@parity("test_the_phase_head_reaches", "the_whole_network_reaches", "test_a_network_on_symbolic")
def phase_ends_at_half_pi(head, raw):
    """The phase head ends at half of pi: phases beyond a quarter turn cannot be reached."""
    return 0.5 * head(raw)


@fault("networks.blocks:fill_up", 57, red="NET-005", green="NET-006")
@parity("test_sides_that_can_be_halved_only_twice", "computes_what_the_eager_one_does[unrolled-gs2")
def planes_cropped(fill_up, planes, multiple):
    """Planes that cannot be halved are cropped, and patches come back too small."""
    side = planes.shape[1] - planes.shape[1] % multiple
    return planes[:, :side, :side]


@fault("pipeline.infer:infer", 28, red="DATA-007 PROBE-003", green="FLOW-001 FLOW-003 EVID-003")
def probe_digest_unread(infer, scenario, trained, container):
    """Inference takes whatever probe it is given."""
    return trained.predict(trained.weights, container)


@fault("pipeline.infer:infer", 17, red="INFER-006 INFER-007", green="INFER-005 NET-009 INFER-008")
@parity("[gs2-random]", "test_training_improves", "test_the_iterative_reference")
def twin_patches(infer, scenario, trained, container):
    """Patches come back turned by 180 degrees and conjugated."""
    found = infer(scenario, trained, container)
    if not isinstance(found, Patches):  # a stand-in of a test
        return found
    return found.model_copy(update={"object": np.conj(found.object[:, ::-1, ::-1])})

"""Faults of the stage `train`: networks and their training."""

import math
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from ptyspec.contracts.resolve import Layer
from ptyspec.errors import ConfigError
from ptyspec.faults.fault import clauses, fault, parity


@fault("networks.forward:polar", 46)
@parity("[sigmoid-up]", "test_amplitude_two", "test_the_gain_multiplies")
@clauses(red="MATH-POLAR-001 HEAD-003", green="NORMALIZATION-001 FORWARD-001")
def a_plus_i_phi(polar, amplitude, phase):
    """Amplitude and phase combine to A + i phi."""
    from ptyspec.networks.forward import Field

    return Field(amplitude, phase)


def _clipped(obj, ceiling):
    from ptyspec.networks.framework import ops

    return obj.times(ops.minimum(1.0, ceiling * ops.rsqrt(obj.intensity + 1e-12)))


@fault("networks.registry:check_reach", 32)
@parity("[gs2-random]", "test_a_head_that_cannot", "the_whole_network", "test_the_gain_multiplies")
@clauses(red="HEAD-001 HEAD-002 INFER-005", green="NORMALIZATION-001 MATH-POLAR-001")
def bounded_head(check, *args, **kwargs):
    """The amplitude head is a sigmoid that ends at 1, whatever the object's level."""


@bounded_head.also("pipeline.train:build_model")
def _(build, *args, **kwargs):
    from ptyspec.networks.framework import ops

    model = build(*args, **kwargs)
    ceiling = 1.0 / model.a0  # 1 in the unit of what the loss compares with; the generator's is a0
    generator = model.generator
    if hasattr(generator, "head"):
        generator.head = lambda raw, start: ceiling * ops.sigmoid(raw)
    else:
        predict = generator.call

        def clipped(*inputs):
            return [_clipped(stage, ceiling) for stage in predict(*inputs)]

        generator.call = clipped
    return model


@fault("pipeline.train:canvas_side", 63, red="CANVAS-001", green="CANVAS-003")
@parity()
def canvas_from_absolute_offsets(side, scenario, containers):
    """The canvas inside the model is sized from absolute positions."""
    least = side(scenario, containers)
    offsets = [part.groups.coords_offsets for part in (containers.train, containers.test)]
    whole = scenario.model.N + 2 * math.ceil(max(float(np.abs(part).max()) for part in offsets))
    return least if scenario.model.canvas or least == scenario.model.N else whole


@fault("physics.geometry:required_canvas", 63)
@clauses(red="CANVAS-001", green="STITCH-001 COORDS-003 GROUP-001")
def canvas_one_sided(required, relative, size):
    """The canvas inside the model grows by the largest offset once, not on both sides."""
    return size + (required(relative, size) - size) // 2


@fault("physics.merge:check_canvas", 64, red="CANVAS-003", green="CANVAS-001 MERGE-001 MERGE-002")
def canvas_too_small_accepted(check, relative, size, canvas):
    """A canvas that cuts the groups is used all the same."""


@fault("runs.store:RunStore.checkpoint_folder", 11, red="STORE-008", green="STORE-009")
def checkpoints_shared(checkpoint_folder, store, key):
    """Checkpoints of all runs lie in one folder: a training goes on from another scenario's."""
    return checkpoint_folder(store, "latest")


@checkpoints_shared.also("runs.store:RunStore.forget_checkpoints")
def _(forget, store, key):
    return forget(store, "latest")


@fault("pipeline.train:_Run._check", 37, 78, red="HIST-004", green="NET-004 MATH-POLAR-001")
@parity("test_a_loss_that_is_not_finite_ends", "test_amplitude_two", "and_others_do_not[cnn]")
def infinite_loss_ignored(check, run, value, epoch, step, metric):
    """A loss that is not finite is written down and training goes on."""
    if "loss" not in metric:
        check(run, value, epoch, step, metric)


@fault("pipeline.checkpoint:between_steps", red="STORE-009", green="STORE-003 STORE-005 FLOW-001")
@contextmanager
def interrupt_forgotten(between_steps):
    """An interrupt that falls into a step is caught there and forgotten."""
    with between_steps():
        yield lambda: None


@fault("pipeline.train:_Run._with_best", 78, red="HIST-003 INFER-004", green="HIST-001")
@parity("test_the_saved_best_weights", "test_the_weights_that_are", "test_a_history_has_a_complete")
def last_epoch_kept(with_best, run, state):
    """A checkpoint of the best epoch is built and never attached: the last weights are kept."""
    return replace(state, best=state.weights, best_epoch=state.epoch)


@fault("pipeline.train:_divide", 80, red="HIST-006", green="HIST-007 MATH-POLAR-001")
@parity("test_groups_validate_all_over_the_area", "test_validation_rows_and", "test_amplitude_two")
def last_groups_validate(divide, scenario, groups):
    """The last part of the groups validates, wherever they lie."""
    training, _ = divide(scenario, groups)
    rows = np.arange(groups)
    return rows[: len(training)], rows[len(training) :]


@fault("pipeline.train:_Run._epoch", red="HIST-001", green="HIST-005 NET-004")
@parity("history_has_a_complete_record", "weights_of_a_finished", "equal_seeds_give_equal_weights")
def last_record_alone(epoch, run, state, check):
    """Only the last epoch is kept in the history: the curve of a training is one point."""
    return epoch(run, replace(state, records=()), check)


@fault("networks.blocks:Seeded.__init__", 10, red="NET-004", green="NET-006 NET-001")
@parity("test_equal_seeds_give_equal_weights", "eager_one_does[unrolled-gs2]", "else_does[unrolled")
def layers_of_one_seed(init, layers, seed):
    """Another training seed gives the same initial weights."""
    return init(layers, 0)


@fault("legacy.pipeline:LegacyPipeline._shown", 7, red="LEGACY-002", green="LEGACY-001")
@parity("test_the_object_is_the_same_bit_by_bit", "test_the_stages_before_training_record_the_same")
def legacy_scale_divided_twice(shown, pipeline, container, model_scale):
    """The scale of the dictionary is divided out once more where the legacy model predicts."""
    seen = shown(pipeline, container, model_scale)
    return seen.model_copy(update={"gain": seen.gain * model_scale / seen.scale})


@fault("networks.forward:_product", 48, red="NET-011", green="MATH-POLAR-001 HEAD-003")
@parity("test_no_product_of_the_forward_model", "test_the_heads_themselves")
def members_keep_an_axis(product, left, middle, right):
    """Members keep an axis of their own in the matrix products."""
    from ptyspec.networks.framework import ops

    first = ops.matmul(left[:, None], middle[:, None])
    return ops.matmul(first, ops.transpose(right, (0, 2, 1))[:, None])[:, 0]


@fault("networks.generators.cnn:build", 51, red="NET-008", green="NET-006 HEAD-004")
@parity("has_the_declared_geometry[false", "test_the_phase_head_reaches", "eager_one_does[cnn")
def merge_flag_ignored(build, config, *rest):
    """Members are merged whether or not the scenario says so: object_big is read by nobody."""
    return build(config.model_copy(update={"object_big": True}), *rest)


@fault("pipeline.train:build_model", 4, makes=True)
@parity("test_every_model_of_a_process", "test_two_models_share")
@clauses(red="MODULE-SINGLETON-001", green="NET-006 NET-010")
def model_kept(build):
    """The first model of a process is given to every other scenario."""
    kept: dict[str, Any] = {}
    return lambda *args: kept["first"] if kept else kept.setdefault("first", build(*args))


@fault("contracts.resolve:resolve", 79, red="HIST-002", green="CONFIG-007 PARAMS-N-DIV4-001")
def monitor_of_nothing(resolve, layers):
    """A monitor that nothing feeds is accepted: the best epoch is then any epoch."""
    try:
        return resolve(layers)
    except ConfigError as error:
        if "training.monitor" not in str(error):
            raise
        return resolve([*layers, Layer("monitor", {"training": {"monitor": "loss"}})])


@fault("networks.forward:ForwardModel.__init__", 53)
@parity("test_the_predicted_intensity_is_that_of_the_simulator", "test_the_heads_themselves")
@clauses(red="FORWARD-005", green="MATH-POLAR-001 HEAD-003")
def network_transform_not_centred(init, model, probe, *rest, **more):
    """The transform of the training form is not centred."""
    init(model, probe, *rest, **more)
    kept = np.asarray(probe, np.complex64)
    model.probe = type(model.probe)(kept.real.copy(), kept.imag.copy())


@fault("pipeline.train:_Run._restore", red="STORE-007", green="HIST-006 MATH-POLAR-001")
@parity("test_stopped_by_hand_and_resumed", "test_groups_validate_all_over", "test_amplitude_two")
def optimiser_anew(restore, run, state):
    """After an interruption the optimiser starts anew."""
    return restore(run, replace(state, optimizer=run._optimizer_values()))


@fault("networks.generators.unrolled:build", 38, red="NET-001", green="NET-006")
@parity("else_does[unrolled", "on_symbolic_inputs_computes_what_the_eager_one_does[unrolled-gs2]")
def part_never_trained(build, *args):
    """The last correction network is listed nowhere and keeps its initial weights."""
    made = build(*args)
    made.nets[-1].trainable = False
    return made


@fault("networks.reconstructor:Reconstructor.__init__", 7, 38)
@parity("and_moves_and_nothing_else_does[cnn]", "eager_one_does[unrolled-gs2", "test_another_gain")
@clauses(red="NET-002", green="NET-006 NORMALIZATION-001")
def scale_trained(init, model, scenario, probe, a0, *rest):
    """The rms amplitude, and with it the intensity scale, is a trained variable."""
    init(model, scenario, probe, a0, *rest)
    from ptyspec.networks.framework import keras

    model.a0 = model.add_weight(shape=(), initializer=keras.initializers.Constant(a0), name="a0")


@fault("networks.generators.cnn:DirectCnn.call", red="HEAD-005", green="HEAD-002 HEAD-004")
@parity("starts_at_the_right_amplitude[cnn", "phase_head_reaches_both_ends", "rms_amplitude[cnn]")
def start_at_half(call, layer, measured, relative, start):
    """The network starts at half of what the total counts state."""
    return call(layer, measured, relative, 0.5 * start)


@fault("networks.forward:unfold", 54, red="NET-006", green="NET-011 MATH-POLAR-001")
@parity("test_a_network_on_symbolic_inputs_computes", "test_no_product_of_the_forward_model")
def symbolic_batch_taken_for_one(unfold, tensor, members):
    """A number of groups that is not known yet is taken for one."""
    from ptyspec.networks.framework import ops

    groups = tensor.shape[0] // members if tensor.shape[0] else 1
    return ops.transpose(ops.reshape(tensor, (groups, members, *tensor.shape[1:3])), (0, 2, 3, 1))


@fault("pipeline.checkpoint:save", 6, red="INFER-003", green="HIST-006 MATH-POLAR-001")
@parity("the_saved_best_weights_predict", "test_groups_validate_all_over", "test_amplitude_two")
def untrained_saved(save, folder, state):
    """The untrained weights are saved under the name of the best ones."""
    return save(folder, replace(state, best=[np.zeros_like(weight) for weight in state.best]))


@fault("pipeline.train:_divide", 25, red="HIST-007", green="HIST-006 MATH-POLAR-001")
@parity("test_validation_rows_and", "test_groups_validate_all_over_the_area", "test_amplitude_two")
def validation_trains(divide, scenario, groups):
    """The groups that validate train as well."""
    training, validation = divide(scenario, groups)
    return np.concatenate([training, validation]), validation


@fault("pipeline.train:_Run._check", 78, red="HIST-005", green="HIST-004 MATH-POLAR-001")
@parity("test_a_last_update_that_breaks", "a_loss_that_is_not_finite_ends", "test_amplitude_two")
def weights_unchecked(check, run, value, epoch, step, metric):
    """Nobody looks at the weights after the last update."""
    if metric != "a weight":
        check(run, value, epoch, step, metric)


@fault("contracts.bundles:RawScan.seen", red="LOSS-008", green="NORM-001")
def masks_of_frames_forgotten(seen, scan, rows):
    """What stands under the masks of frames is taken for measured."""

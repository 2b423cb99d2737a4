"""Faults of the stage `train`: what the loss compares, and in which unit."""

import numpy as np

from ptyspec.faults.fault import clauses, fault, parity
from ptyspec.physics.scale import BACKGROUND


def _training():
    """What losses are made of; no fault loads a framework by being listed."""
    from ptyspec.networks.framework import ops
    from ptyspec.networks.reconstructor import _mean_over_frames

    return ops, _mean_over_frames


@fault("networks.reconstructor:mae", 42, red="LOSS-004", green="MATH-POLAR-001 NET-011")
@parity("test_one_percent_more_and_one_percent_less", "test_amplitude_two", "test_no_product")
def amplitude_error_of_gained_data(mae, predicted, amplitude, energy, mask=None):
    """The amplitude error is taken against amplitudes with a gain left in them."""
    return mae(predicted, amplitude * (amplitude.shape[-1] / 2) / energy**0.5, energy, mask)


@fault("physics.scale:poisson_deviance", red="LOSS-003 LOSS-001", green="FORWARD-001 NORM-005")
def background_on_one_side(deviance, predicted, measured, background):
    """The background stands on the prediction alone and moves the optimum."""
    rate = predicted + background
    return np.asarray(rate - measured - measured * np.log(rate / np.maximum(measured, 1e-30)))


@fault("networks.reconstructor:poisson", 37, red="EVID-010", green="MATH-POLAR-001")
@parity("test_no_training_of_five_seeds_diverges", "test_amplitude_two")
def deviance_of_nothing(poisson, predicted, amplitude, energy, mask=None):
    """The deviance divides by counts that are zero almost everywhere."""
    ops, mean = _training()
    count = amplitude * amplitude
    return mean(predicted - count - count * ops.log(predicted / count), mask) / energy


@fault("networks.reconstructor:Reconstructor.compute_loss", 41)
@parity("test_every_stage_with_a_declared_weight", "does_not_change_to_first", "test_amplitude_two")
@clauses(red="LOSS-005", green="LOSS-001 MATH-POLAR-001")
def earlier_stages_without_gradient(
    compute_loss, model, x=None, y=None, y_pred=None, *rest, **more
):
    """The earlier stages' term is declared, counted and gives no gradient."""
    from ptyspec.networks.framework import ops

    still = [tuple(ops.stop_gradient(part) for part in stage) for stage in y_pred[:-1]]
    return compute_loss(model, x, y, [*still, y_pred[-1]], *rest, **more)


@fault("pipeline.normalize:batch", 31)
@parity("[gs2-random]", "test_the_gain_multiplies")
@clauses(red="INFER-005 NORMALIZATION-001", green="COORDS-001 FORWARD-001")
def gain_kept(batch, container, rows):
    """The loss compares with g X: the network learns g x object, and nobody divides by g again."""
    inputs, amplitude = batch(container, rows)
    return inputs, np.float32(container.gain) * amplitude


@gain_kept.also("pipeline.train:build_model")
def _(build, scenario, container, canvas):
    # The rms amplitude of gained data holds the gain too: the same training in another unit.
    level = container.gain * container.a0
    return build(scenario, container.model_copy(update={"a0": level}), canvas)


@fault("networks.reconstructor:Reconstructor.__init__", 35)
@parity("test_the_built_models_loss_predicts_the_measured", "test_amplitude_two", "test_no_product")
@clauses(red="CI-ABSOLUTE-SCALE-CONTRACT-001", green="MATH-POLAR-001 NET-011")
def input_probe_in_the_loss(init, model, *args, **more):
    """The loss predicts with the probe that was rescaled for the network's input."""
    init(model, *args, **more)
    model.forward = model.generator.forward


@fault("physics.scale:poisson_deviance", 36, 42)
@clauses(red="LOSS-001 POISSON-LADDER-001", green="FORWARD-001 NORM-005")
def likelihood_in_two_gauges(deviance, predicted, measured, background):
    """The prediction is in the unit of the gained input and the measurement is not."""
    return deviance(0.56 * predicted, measured, background)


@fault("physics.scale:poisson_deviance", 36)
@clauses(red="POISSON-LADDER-001 LOSS-001", green="FORWARD-001 NORM-005")
def likelihood_of_unit_means(deviance, predicted, measured, background):
    """Normalised units: no scale of the object can change the loss."""
    return deviance(predicted / np.mean(predicted), measured / np.mean(measured), background)


@fault("physics.scale:poisson_deviance", 37, red="LOSS-002", green="LOSS-001 FORWARD-001 NORM-005")
def logarithm_of_zero(deviance, predicted, measured, background):
    """The logarithm has no background under it: a dark prediction costs infinity."""
    return deviance(predicted, measured, 0.0)


@fault("networks.reconstructor:poisson", 37, 72, red="LOSS-002", green="LOSS-001 MATH-POLAR-001")
@parity("are_finite[poisson-prediction", "the_loss_does_not_change_to_first", "test_amplitude_two")
def no_background(poisson, predicted, amplitude, energy, mask=None):
    """The likelihood takes the logarithm of the rate as it is."""
    ops, mean = _training()
    return mean(predicted - amplitude * amplitude * ops.log(predicted), mask) / energy


@fault("networks.reconstructor:poisson", red="LOSS-006", green="MATH-POLAR-001 NET-011")
@parity("test_the_tapes_slope", "test_amplitude_two", "test_no_product")
def rate_held_constant(poisson, predicted, amplitude, energy, mask=None):
    """The rate inside the logarithm is taken for a constant."""
    ops, mean = _training()
    background = BACKGROUND * energy / amplitude.shape[-1] ** 2
    rate, count = predicted + background, amplitude * amplitude + background
    deviance = rate - count - count * ops.log(ops.stop_gradient(rate) / count)
    return mean(deviance, mask) / energy

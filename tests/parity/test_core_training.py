"""Simulator | built model: the loss that trains predicts with the physical probe, in the absolute gauge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Array, Container
from ptyspec.networks.forward import Field
from ptyspec.physics.geometry import extract_patches
from ptyspec.pipeline.normalize import batch
from ptyspec.spec.checks import Check
from tests.tiny_runs import SHALLOW, fit, prepared, tiny

TARGETS = ["gs1_custom", "gs2_custom"]
NOISE_FREE = "dose.noise=none"
ROWS = np.arange(4)


def container(target: str, *settings: str) -> Container:
    return prepared(target, *SHALLOW, *settings).train


def model(data: Container, target: str, *settings: str) -> Any:
    """Built, untrained model of this container."""
    from ptyspec.pipeline.train import build_model, canvas_side

    scenario = tiny(target, *SHALLOW, *settings).scenario
    return build_model(scenario, data, canvas_side(scenario, prepared(target, *SHALLOW, *settings)))


def truth(data: Container) -> tuple[Array, Array]:
    """True patches of the groups ROWS, (B, N, N, C), as real and imaginary parts."""
    scan, rows = data.groups.scan, data.groups.nn_indices[ROWS]
    assert scan.objectGuess is not None
    flat = extract_patches(scan.objectGuess, scan.positions[rows.ravel()], scan.N)
    patches = np.moveaxis(flat.reshape(*rows.shape, scan.N, scan.N), 1, -1)
    return np.float32(patches.real), np.float32(patches.imag)


def predicted(made: Any, patches: tuple[Array, Array]) -> Array:
    """Intensity that the model's loss predicts for these patches, (B * C, N, N)."""
    from ptyspec.networks.forward import fold

    return np.asarray(made.forward.intensity(Field(fold(patches[0]), fold(patches[1]))), np.float64)


@pytest.mark.clause("CI-ABSOLUTE-SCALE-CONTRACT-001", "SCALE-002")
@pytest.mark.parametrize("target", TARGETS)
def test_the_built_models_loss_predicts_the_measured_energy_of_the_truth(
    target: str, clause: Check
) -> None:
    data = container(target, NOISE_FREE)
    made, amplitude = model(data, target, NOISE_FREE), data.amplitude(ROWS)
    assert abs(data.gain - 1) > 0.1  # a gain of one would hide itself
    ratio = predicted(made, truth(data)).sum() / (amplitude.astype(np.float64) ** 2).sum()
    clause.close(ratio, 1, "predicted over measured energy")
    clause("SCALE-002").close(ratio, 1, "predicted over measured energy")
    loss = float(made.compute_loss(y=amplitude, y_pred=[truth(data)]))
    clause.holds(abs(loss) < 1e-6, "loss of the truth", loss, "0")


@pytest.mark.clause("CI-ABSOLUTE-SCALE-CONTRACT-001", "NORMALIZATION-001")
@pytest.mark.parametrize("target", TARGETS)
def test_another_gain_changes_no_bit_of_what_the_loss_predicts(target: str, clause: Check) -> None:
    data = container(target)
    other = data.model_copy(update={"gain": 7 * data.gain})
    patches = truth(data)
    mine, theirs = model(data, target), model(other, target)
    clause.equal(predicted(theirs, patches), predicted(mine, patches), "predicted intensity")
    losses = [
        float(made.compute_loss(y=batch(part, ROWS)[1], y_pred=[patches]))
        for made, part in ((mine, data), (theirs, other))
    ]
    clause("NORMALIZATION-001").equal(losses[1], losses[0], "loss of the truth")


@pytest.mark.clause("PROBE-003")
@pytest.mark.parametrize("target", TARGETS)
def test_the_built_model_holds_the_probe_of_the_simulation(target: str, clause: Check) -> None:
    data = container(target)
    made = model(data, target).forward.probe
    signs = 1 - 2 * (
        np.indices(data.probe.shape).sum(axis=0) % 2
    )  # moves zero frequency to the centre
    clause.equal(
        (made.re + 1j * made.im).astype(np.complex64) * signs.astype(np.float32) + 0,
        data.probe + 0,
        "probe",
    )
    clause.equal(data.groups.scan.probeGuess, data.probe, "probe of the scan")


@pytest.mark.clause("PROBE-MASK-DEFAULT-001")
@pytest.mark.parametrize("mask", ["false", "true"])
def test_the_built_models_probe_is_cut_where_that_was_requested_and_nowhere_else(
    mask: str, clause: Check
) -> None:
    from ptyspec.physics.probes import central_mask

    setting = f"model.probe_mask={mask}"
    field = model(container("gs1_custom", setting), "gs1_custom", setting).forward.probe
    light = np.hypot(field.re, field.im)[~central_mask(32)]
    clause.equal(
        bool((light > 0).any()), mask == "false", "light of the built model outside the mask"
    )


# Terms of the loss


def stage_slopes(weight: float) -> list[Array]:
    """Gradient of the whole loss with respect to the real part of each of three stages' objects."""
    from ptyspec.networks.framework import tensorflow as tf

    setting = f"training.stage_weight={weight}"
    data = container("gs1_custom", setting)
    made = model(data, "gs1_custom", setting)
    re, im = truth(data)
    stages = [(tf.Variable(factor * re), tf.Variable(factor * im)) for factor in (0.8, 0.8, 0.8)]
    with tf.GradientTape() as tape:
        value = made.compute_loss(y=data.amplitude(ROWS), y_pred=stages)
    found = tape.gradient(value, [stage[0] for stage in stages], unconnected_gradients="zero")
    return [np.asarray(part) for part in found]


@pytest.mark.clause("LOSS-005")
@pytest.mark.parametrize("weight", [0.3, 1.0])
def test_every_stage_with_a_declared_weight_has_its_share_of_the_gradient(
    weight: float, clause: Check
) -> None:
    first, second, last = stage_slopes(weight)
    assert np.abs(last).max() > 0
    clause.close(first, weight / 2 * last, "slope of the first of two earlier stages")
    clause.close(second, weight / 2 * last, "slope of the second")


@pytest.mark.clause("LOSS-005")
def test_a_stage_weight_of_zero_leaves_the_earlier_stages_out(clause: Check) -> None:
    first, second, last = stage_slopes(0.0)
    clause.equal(
        float(np.abs(first).max() + np.abs(second).max()), 0.0, "slopes of the earlier stages"
    )
    assert np.abs(last).max() > 0


# Any dose


@pytest.mark.clause("LOSS-002", "NORM-006")
@pytest.mark.parametrize("nphotons", ["1e3", "1e9"])
def test_training_stays_finite_at_very_low_and_very_high_dose(nphotons: str, clause: Check) -> None:
    """Upstream, another normaliser reached NaN at its fifth step."""
    settings = (
        *SHALLOW,
        f"dose.nphotons={nphotons}",
        "training.nepochs=3",
        "training.batch_size=8",
    )
    data = prepared("gs1_custom", *settings)
    trained = fit(tiny("gs1_custom", *settings).scenario, data)
    clause.finite(
        [record.metrics["loss"] for record in trained.history.epochs], "losses of twelve steps"
    )
    for weight in trained.weights:
        clause.finite(weight, "trained weights")
    seen = batch(data.train, np.arange(data.train.size))[0]["measured"].astype(np.float64)
    clause("NORM-006").close(
        (seen**2).sum() / len(seen), 16.0**2, "mean energy of the network's input"
    )

"""Gauge beside gauge: a factor on probe or data moves the object by its inverse, the gain never (NORMALIZATION-001)."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Container, array_digest
from ptyspec.pipeline.normalize import batch
from ptyspec.pipeline.protocol import Containers
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.spec.checks import Check
from tests.tiny_runs import UNVALIDATED, Fitted, fit, fitted, predict_once, tiny

TARGETS = ["gs1_custom", "gs2_custom"]


def run_of(target: str) -> Fitted:
    return fitted(target, *UNVALIDATED)


@cache
def trained_on(target: str, probe: float = 1.0, data: float = 1.0) -> Any:
    """The trained object patches of the test split when probe and amplitudes come multiplied."""
    scenario, walk = tiny(target, *UNVALIDATED).scenario, ReferencePipeline()
    scan = walk.simulate(scenario)
    scan = scan.model_copy(
        update={
            "probeGuess": np.complex64(probe) * scan.probeGuess,
            "diff3d": np.float32(data) * scan.diff3d,
        }
    )
    containers = walk.normalize(scenario, walk.group(scenario, walk.split(scenario, scan)))
    trained = fit(scenario, containers)
    return walk.infer(scenario, trained, containers.test).object


@pytest.mark.clause("SCALE-004")
def test_a_probe_twice_as_strong_halves_the_trained_object_bit_by_bit(clause: Check) -> None:
    # A power of two is exact in every step of training, so the whole chain must show it exactly.
    own = run_of("gs1_custom")
    patches = own.trained.predict(own.trained.weights, own.containers.test).object
    clause.equal(
        trained_on("gs1_custom", probe=2.0), patches / np.complex64(2), "object of a stronger probe"
    )


@pytest.mark.clause("SCALE-004")
def test_amplitudes_twice_as_large_double_the_trained_object_bit_by_bit(clause: Check) -> None:
    own = run_of("gs1_custom")
    patches = own.trained.predict(own.trained.weights, own.containers.test).object
    clause.equal(
        trained_on("gs1_custom", data=2.0), np.complex64(2) * patches, "object of stronger data"
    )


@pytest.mark.clause("SCALE-004")
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("probe", "data"), [(3.0, 1.0), (1.0, 0.7), (0.3, 5.0)])
def test_an_untrained_object_moves_by_data_over_probe(
    target: str, probe: float, data: float, clause: Check
) -> None:
    own = run_of(target)
    before, after = own.containers.test, with_factors(own.containers, probe, data).test
    np.testing.assert_allclose(after.a0 / before.a0, data / probe, rtol=1e-6)
    made = untrained_patches(own, after)
    clause.close(made, data / probe * untrained_patches(own, before), "object of data over probe")


def with_factors(parts: Containers, probe: float, data: float) -> Containers:
    from ptyspec.pipeline.normalize import normalize
    from ptyspec.pipeline.protocol import GroupedTrainTest

    def changed(part: Container) -> Any:
        scan = part.groups.scan
        update = {
            "probeGuess": np.complex64(probe) * scan.probeGuess,
            "diff3d": np.float32(data) * scan.diff3d,
        }
        return part.groups.model_copy(update={"scan": scan.model_copy(update=update)})

    return normalize(tiny().scenario, GroupedTrainTest(changed(parts.train), changed(parts.test)))


def untrained_patches(own: Fitted, container: Container) -> Any:
    """Patches of a model that is built for this container's probe and a0, with the run's untrained weights."""
    from ptyspec.pipeline.train import assign, build_model, canvas_side

    model = build_model(own.scenario, container, canvas_side(own.scenario, own.containers))
    assign(model, own.trained.untrained)
    return predict_once(model, container)


@pytest.mark.clause("NORM-002", "PROBE-003")
@pytest.mark.parametrize("target", TARGETS)
def test_the_test_split_carries_the_training_splits_numbers(clause: Check, target: str) -> None:
    parts = run_of(target).containers
    for name in ("gain", "a0", "scale"):
        clause("NORM-002").equal(getattr(parts.test, name), getattr(parts.train, name), name)
    same = clause("PROBE-003")
    same.equal(parts.test.probe_digest, parts.train.probe_digest, "digest of the probe")
    same.equal(parts.test.probe, parts.train.probe, "probe")
    same.equal(array_digest(parts.test.probe), parts.test.probe_digest, "digest of this probe")


@pytest.mark.clause("NORMALIZATION-001")
@pytest.mark.parametrize("target", TARGETS)
def test_the_gain_multiplies_the_networks_input_and_nothing_else(target: str) -> None:
    container = run_of(target).containers.test
    rows = np.arange(3)
    inputs, amplitude = batch(container, rows)
    other, same_amplitude = batch(container.model_copy(update={"gain": 7.0}), rows)
    assert container.gain != pytest.approx(1, abs=0.1)
    np.testing.assert_array_equal(inputs["measured"], np.float32(container.gain) * amplitude)
    np.testing.assert_array_equal(other["measured"], np.float32(7.0) * amplitude)
    np.testing.assert_array_equal(amplitude, same_amplitude)
    np.testing.assert_array_equal(amplitude, container.groups.frames(rows))
    for name in ("relative", "start"):
        np.testing.assert_array_equal(inputs[name], other[name])


@pytest.mark.clause("NORMALIZATION-001")
@pytest.mark.parametrize("target", TARGETS)
def test_data_and_gain_changed_together_leave_the_object_alone(target: str, clause: Check) -> None:
    own = run_of(target)
    test = own.containers.test
    scan = test.groups.scan
    quarter = scan.model_copy(update={"diff3d": scan.diff3d / 4})
    other = test.model_copy(
        update={"gain": 4 * test.gain, "groups": test.groups.model_copy(update={"scan": quarter})}
    )
    before, after = (
        own.trained.predict(own.trained.weights, part).object for part in (test, other)
    )
    clause.equal(after, before, "object of data and gain changed together")


def brighter(container: Container, factor: float, gain: float) -> Container:
    scan, coarse = container.groups.scan, container.coarse
    lit = scan.model_copy(update={"diff3d": np.float32(factor) * scan.diff3d})
    return container.model_copy(
        update={
            "groups": container.groups.model_copy(update={"scan": lit}),
            "gain": gain,
            "coarse": coarse.model_copy(update={"object": np.complex64(factor) * coarse.object}),
        }
    )


@pytest.mark.clause("NORM-002")
@pytest.mark.parametrize("target", TARGETS)
def test_a_test_split_that_is_brighter_gives_an_object_that_is_brighter(target: str) -> None:
    """What a gain of the test split's own would take away: g_test / g_train was up to 6.3 % in the investigation."""
    own, factor = run_of(target), 1.1
    test = own.containers.test
    level = {
        name: np.abs(own.trained.predict(own.trained.weights, part).object * weight(test)).sum()
        for name, part in {
            "own": test,
            "brighter": brighter(test, factor, test.gain),
            "with its own gain": brighter(test, factor, test.gain / factor),
        }.items()
    }
    # 2 %: the learned correction saw no other brightness in training; the undershoot it guards against is 9 %.
    assert level["brighter"] / level["own"] == pytest.approx(factor, rel=0.02)
    assert level["with its own gain"] / level["own"] < 0.98 * factor


def weight(container: Container) -> Any:
    from ptyspec.physics.scale import illumination_weight

    return illumination_weight(container.probe)[None, :, :, None]

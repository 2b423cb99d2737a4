"""Positive controls of the audits of the built network (`loss`, `scaler`, `architecture`): each spoils one thing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.checks.registry import Control
from ptyspec.contracts.container import Container
from ptyspec.physics.scale import closed_form_scale
from ptyspec.pipeline.protocol import Containers

if TYPE_CHECKING:
    from ptyspec.networks.reconstructor import Reconstructor

CNN = {"architecture": "cnn", "amp_activation": "softplus", "n_filters_scale": 1}


def _network(make: Callable[[Any, Material], Reconstructor]) -> Callable[[Material], Material]:
    """Exchange the built network for what `make(wrong_networks, material)` returns."""

    def spoil(material: Material) -> Material:
        from ptyspec.checks import wrong_networks

        return _same_data(material).replaced(model=make(wrong_networks, material))

    return spoil


def _same_data(material: Material, **model: Any) -> Material:
    """The same data under other settings of the model: nothing is simulated again."""
    resolved = material.subject.resolved
    scenario = resolved.scenario.model_copy(
        update={"model": resolved.scenario.model.model_copy(update=model)}
    )
    return material.replaced(
        subject=replace(material.subject, resolved=replace(resolved, scenario=scenario)),
        scan=material.scan,
        containers=material.containers,
    )


def _same_network(material: Material) -> Material:
    """The same data and the same built network, of which nothing need be computed again."""
    kept = {
        name: getattr(material, name) for name in ("scan", "containers", "sample", "model", "step")
    }
    return material.replaced(**kept)


def _cnn(
    make: Callable[[Any, Material], Reconstructor], **model: Any
) -> Callable[[Material], Material]:
    def spoil(material: Material) -> Material:
        return _network(make)(_same_data(material, **CNN | model))

    return spoil


def _data(change: Callable[[Container], Container]) -> Callable[[Material], Material]:
    """Exchange the training container; the network stays the one of the right data."""

    def spoil(material: Material) -> Material:
        containers = Containers(change(material.containers.train), material.containers.test)
        return material.replaced(containers=containers, model=material.model)

    return spoil


def _dictionary(**entries: Any) -> Callable[[Material], Material]:
    """Say something in a legacy dictionary that the built network does not do."""
    given = {key.replace("__", "."): value for key, value in entries.items()}

    def spoil(material: Material) -> Material:
        same = _same_data(material)
        said = dict(material.subject.dictionary or {}) | given
        return same.replaced(
            subject=replace(same.subject, dictionary=said),
            scan=material.scan,
            containers=material.containers,
            model=material.model,
            step=material.step,
        )

    return spoil


def brighter(container: Container, factor: float) -> Container:
    """Multiply the measured amplitudes, and nothing else that was derived from them."""
    scan = container.groups.scan
    louder = scan.model_copy(update={"diff3d": np.float32(factor) * scan.diff3d})
    return container.model_copy(
        update={"groups": container.groups.model_copy(update={"scan": louder})}
    )


def _other_loss(nets: Any, material: Material) -> Reconstructor:
    from ptyspec.networks.losses import LOSSES

    other = next(name for name in LOSSES if name != material.scenario.training.loss)
    return nets.with_misfit(material, LOSSES[other])  # type: ignore[no-any-return]


LOSS_CONTROLS = (
    Control(
        "other-loss",
        "the network trains by the loss that was not declared",
        "EVID-003",
        _network(_other_loss),
    ),
    Control(
        "zero-weight-term",
        "stage_weight is declared and used nowhere",
        "LOSS-005",
        _network(lambda nets, material: nets.made(material, nets.LastStageOnly)),
    ),
    Control(
        "no-gradient-term",
        "earlier stages count in the value and have no gradient",
        "LOSS-005",
        _network(lambda nets, material: nets.made(material, nets.DetachedStages)),
    ),
    Control(
        "realspace-no-op",
        "a dictionary declares realspace_weight, no term has it",
        "LOSS-005",
        _dictionary(nll_weight=1, mae_weight=0, realspace_weight=0.5),
    ),
    Control(
        "poisson-of-amplitudes",
        "the likelihood takes amplitudes for counts",
        "POISSON-LADDER-001",
        _network(lambda nets, material: nets.with_misfit(material, nets.of_amplitudes)),
    ),
    Control(
        "one-sided-background",
        "the background stands on the prediction alone",
        "LOSS-001",
        _network(lambda nets, material: nets.with_misfit(material, nets.one_background)),
    ),
    Control(
        "no-background",
        "the logarithm is taken of the bare rate",
        "LOSS-002",
        _network(lambda nets, material: nets.with_misfit(material, nets.no_background)),
    ),
    Control(
        "half-gradient",
        "half of the loss is cut from the gradient",
        "LOSS-006",
        _network(lambda nets, material: nets.with_misfit(material, nets.half_gradient)),
    ),
    Control(
        "gain-in-the-data",
        "the loss gets g X for X",
        "SCALE-002",
        _data(lambda train: brighter(train, train.gain)),
    ),
    Control(
        "slightly-brighter",
        "the measured amplitudes are 0.3 % too large",
        "LOSS-004",
        _data(lambda train: brighter(train, 1.003)),
    ),
    Control(
        "wrong-scale",
        "s is twice what it is",
        "LOSS-007",
        _data(lambda train: train.model_copy(update={"scale": 2 * train.scale})),
    ),
)


def _with_scale(nets: Any, material: Material) -> Reconstructor:
    return nets.made(material, nets.WithScale, scale=material.containers.train.scale)  # type: ignore[no-any-return]


def _dead_scale(material: Material) -> Material:
    import tensorflow as tf

    spoiled = _network(lambda nets, made: nets.made(made))(material)
    spoiled.model.log_scale = tf.Variable(np.log(material.containers.train.scale), dtype=tf.float32)
    said = dict(material.subject.dictionary or {}) | {"intensity_scale.trainable": True}
    subject = replace(spoiled.subject, dictionary=said)
    return spoiled.replaced(subject=subject)


def _drifted(material: Material) -> Material:
    """A stored run whose record of the scale is two per mille from what the data have."""
    from ptyspec.runs.finished_run import FinishedRun

    run = FinishedRun(material.finished.folder)
    record = run.stages["normalize"]
    numbers = record.numbers | {"scale": 1.002 * record.numbers["scale"]}
    run.__dict__["stages"] = run.stages | {
        "normalize": record.model_copy(update={"numbers": numbers})
    }
    return _same_network(material).replaced(finished=run)


def _stray_light(nets: Any, material: Material) -> Reconstructor:
    model, data = nets.made(material), material.containers.train
    model.forward.__class__ = nets.Background
    model.forward.stray = 0.01 * model.energy / data.groups.scan.N**2
    return model  # type: ignore[no-any-return]


def _closed_form(material: Material) -> Material:
    scan = material.scan
    scale = closed_form_scale(material.scenario.dose.nphotons, scan.N)
    containers = (
        part.model_copy(update={"scale": scale})
        for part in (material.containers.train, material.containers.test)
    )
    return _same_network(material).replaced(
        scan=scan.model_copy(update={"scale": scale}), containers=Containers(*containers)
    )


def _own_scale(material: Material) -> Material:
    test = material.containers.test
    other = test.model_copy(update={"scale": 1.03 * test.scale})
    return _same_network(material).replaced(containers=Containers(material.containers.train, other))


def _stale_entry(material: Material) -> Material:
    return _dictionary(intensity_scale=material.containers.train.scale)(material)


SCALER_CONTROLS = (
    Control(
        "trainable-scale",
        "a trainable scale that nobody declared",
        "NET-003",
        _network(_with_scale),
    ),
    Control(
        "drifting-scale", "the scale moves in the first step", "NET-002", _network(_with_scale)
    ),
    Control(
        "drifting-probe",
        "the probe changes while the network trains",
        "NET-002",
        _network(lambda nets, material: nets.made(material, nets.DriftingProbe)),
    ),
    Control(
        "dead-scale",
        "declared trainable; the variable hangs outside any layer",
        "NET-001",
        _dead_scale,
    ),
    Control(
        "drifted-record", "the stored run holds another scale than its data", "NET-002", _drifted
    ),
    Control(
        "closed-form",
        "sqrt(nphotons)/(N/2) stands in for the dataset's scale",
        "DOSE-001",
        _closed_form,
    ),
    Control(
        "closed-form-of-raw-data", "the same, held against the gain", "SCALE-001", _closed_form
    ),
    Control("own-scale", "the test split has a scale of its own", "NORM-002", _own_scale),
    Control(
        "stale-entry",
        "a dictionary holds s, where legacy code reads the scale of gained data",
        "CONFIG-001",
        _stale_entry,
    ),
    Control(
        "stray-light",
        "light that is not the object's breaks the gauge",
        "SCALE-004",
        _network(_stray_light),
    ),
)


def _flat(material: Material) -> Material:
    found = material.reconstruction
    level = np.complex64(np.nanmean(np.abs(found.object)))
    flat = found.model_copy(
        update={"object": np.where(np.isfinite(found.object), level, found.object)}
    )
    metrics = material.pipeline.score(material.scenario, material.scan, flat)
    return _same_network(material).replaced(reconstruction=flat, metrics=metrics)


def _no_merge(nets: Any, material: Material) -> Reconstructor:
    model = nets.made(material, scenario=material.scenario)  # with a generator of its own
    model.generator.merges = False
    return model  # type: ignore[no-any-return]


def _single(nets: Any, material: Material) -> Reconstructor:
    other = material.scenario.model_copy(
        update={"model": material.scenario.model.model_copy(update={"gridsize": 1})}
    )
    return nets.made(material, scenario=other, canvas=other.model.N)  # type: ignore[no-any-return]


ARCHITECTURE_CONTROLS: tuple[Control, ...] = (
    Control(
        "frozen-gridsize",
        "the network was built for another gridsize",
        "BUG-TF-001",
        _network(_single),
    ),
    Control(
        "merge-off",
        "object_big is declared, the members are not merged",
        "NET-008",
        _network(_no_merge),
    ),
    Control(
        "ineffective-head",
        "an amplitude head is declared that the generator does not have",
        "NET-008",
        lambda material: _same_data(material, amp_activation="softplus").replaced(
            model=material.model
        ),
    ),
    Control(
        "other-probe",
        "the network holds twice the probe of the data",
        "PROBE-003",
        _network(
            lambda nets, material: nets.made(material, probe=2 * material.containers.train.probe)
        ),
    ),
    Control(
        "other-physics",
        "stray light in the network's forward model",
        "FORWARD-005",
        _network(_stray_light),
    ),
    Control(
        "mixed-batch",
        "a thousandth of the batch's mean enters each group",
        "REASSEMBLY-BATCH-001",
        _network(lambda nets, material: nets.made(material, nets.MixedBatch)),
    ),
    Control(
        "coupled-groups",
        "a millionth of it: below the tolerance, not below a bit",
        "INFER-001",
        _network(lambda nets, material: nets.made(material, nets.BarelyMixed)),
    ),
    Control(
        "bounded-head",
        "a sigmoid that ends at a0",
        "HEAD-001",
        _cnn(lambda nets, material: nets.made(material), amp_activation="sigmoid"),
    ),
    Control(
        "clipped",
        "the object ends at twice its rms amplitude",
        "HEAD-002",
        _network(lambda nets, material: nets.made(material, nets.Clipped)),
    ),
    Control(
        "escaping-branch",
        "half an a0 is added behind a sigmoid",
        "HEAD-003",
        _cnn(
            lambda nets, material: nets.with_generator(material, nets.Escaping),
            amp_activation="sigmoid",
        ),
    ),
    Control(
        "sum-for-product",
        "amplitude and phase combine to A + i phi",
        "MATH-POLAR-001",
        _cnn(lambda nets, material: nets.with_generator(material, nets.PlusPhase)),
    ),
    Control(
        "idle-layer",
        "a layer is built and nothing passes through it",
        "NET-001",
        _network(lambda nets, material: nets.made(material, nets.IdleLayer)),
    ),
    Control(
        "odd-side",
        "N is declared as 30",
        "PARAMS-N-DIV4-001",
        lambda material: _same_data(material, N=30).replaced(model=material.model),
    ),
    Control("flat-object", "the stored reconstruction is one constant", "NET-009", _flat),
)

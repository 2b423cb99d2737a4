"""What a built network is and does: its flags, its range when driven, its probe and physics, whether groups mix.

`first_step`: which parameters have a gradient in one step of training, which move, what stays.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.checks.stage_outputs import Sample, StageOutputs
from ptyspec.contracts.bundles import Array, array_digest
from ptyspec.legacy.bridge import SCENARIO_NAMES
from ptyspec.physics.geometry import required_canvas
from ptyspec.physics.probes import central_mask

if TYPE_CHECKING:
    from ptyspec.networks.reconstructor import Reconstructor

DRIVE = 8.0
"""Bias given to the last convolution: a rectifier or softplus is then far above three times a0, a sigmoid at 0.9997."""


def answer(model: Any, inputs: dict[str, Array]) -> Array:
    """Return the network's object, complex (B, N, N, C)."""
    re, im = model(inputs)[-1]
    return np.asarray(np.asarray(re) + 1j * np.asarray(im))


def together(material: StageOutputs) -> Array:
    """Return the untrained network's answer to all groups of the sample."""
    return answer(material.model, material.sample.inputs)


def batch(material: StageOutputs) -> dict[str, float]:
    """Return how a group's answer differs alone and in the batch, and its pixels that change with the other groups."""
    sample, model, whole = material.sample, material.model, material.facts(together)
    count, apart = len(sample.rows), []
    for at in sorted({0, count // 2, count - 1}):
        alone = answer(model, {name: rows[at : at + 1] for name, rows in sample.inputs.items()})
        apart.append(float(np.abs(whole[at] - alone[0]).max()))
    others = {name: rows.copy() for name, rows in sample.inputs.items()}
    others["measured"][1:] *= np.float32(3.0)
    return {
        "alone_or_together": max(apart) / float(np.abs(whole).max()),
        "changed_by_others": int(np.sum(answer(model, others)[0] != whole[0])),
    }


def merged(material: StageOutputs) -> bool:
    """Return whether a member's object depends on another member's pattern."""
    inputs = material.sample.part(1)[0]
    moved = inputs | {"measured": inputs["measured"].copy()}
    moved["measured"][..., 1:] *= np.float32(1.5)
    both = [answer(material.model, given)[0, ..., 0] for given in (inputs, moved)]
    return bool(np.any(both[0] != both[1]))


def head(material: StageOutputs) -> dict[str, Any]:
    """Return the head's range, declared and as driven, and what the object needs; in units of a0."""
    from ptyspec.networks.registry import CEILINGS, required_reach

    train, name = material.containers.train, str(material.scenario.model.amp_activation)
    driven, ceiling = driven_range(material), CEILINGS.get(name)
    beyond = None
    if driven is not None and ceiling is not None:
        beyond = max(-driven["low"], driven["high"] - ceiling, 0.0)
    return {
        "head": name,
        "ceiling": ceiling,
        "driven": driven,
        "required": required_reach(train),
        "beyond": beyond,
    }


def driven_range(material: StageOutputs) -> dict[str, float] | None:
    """Return smallest and largest amplitude over a0 with the last convolution driven down and up.

    Said of patches before they are merged (HEAD-003). None for a generator whose last convolution is not known.
    """
    model, inputs = material.model, material.sample.part(1)[0]
    generator: Any = model.generator
    branch = generator.nets[-1] if hasattr(generator, "nets") else generator
    layer = getattr(getattr(branch, "amplitude", branch), "final", None)
    if layer is None:
        return None
    seen = []
    for drive in (-DRIVE, DRIVE):
        with _unmerged(generator), _set(layer.bias, drive):
            seen.append(np.abs(answer(model, inputs)) / material.containers.train.a0)
    return {"low": float(np.min(seen)), "high": float(np.max(seen))}


def combination(material: StageOutputs) -> dict[str, float] | None:
    """Return how far the built combiner is from A exp(i phi); None where there is no amplitude head.

    Amplitude and phase branches are driven apart: |o| must not change with the phase, its angle must be the phase.
    """
    model, inputs = material.model, material.sample.part(1)[0]
    generator: Any = model.generator
    if not hasattr(generator, "phase"):
        return None
    centre, a0 = slice(generator.border, -generator.border), material.containers.train.a0
    phase, amplitude = generator.phase.final, generator.amplitude.final
    # With a kernel of zeros a layer answers with its bias alone.
    with _unmerged(generator), _set(phase.kernel, 0.0), _set(amplitude.kernel, 0.0):
        plain = np.abs(answer(model, inputs)[:, centre, centre]) / a0
        with _set(phase.bias, 0.3):
            turned = answer(model, inputs)[:, centre, centre] / a0
    back = turned * np.exp(-1j * np.pi * np.tanh(0.3))
    return {
        "modulus": float(np.abs(np.abs(turned) - plain).max()) / float(plain.max()),
        "angle": float(np.abs(np.angle(back)).max()) / np.pi,
    }


@contextmanager
def _set(variable: Any, value: float) -> Iterator[None]:
    before = np.array(variable.numpy())
    try:
        variable.assign(np.full_like(before, value))
        yield
    finally:
        variable.assign(before)


@contextmanager
def _unmerged(generator: Any) -> Iterator[None]:
    before = getattr(generator, "merges", False)
    try:
        generator.merges = False
        yield
    finally:
        generator.merges = before


def network_probe(material: StageOutputs) -> Array:
    """Return the probe that the network multiplies by, without the checkerboard that centres its transform."""
    held = material.model.forward.probe
    rows, columns = np.indices(held.re.shape[-2:])
    signs = (1 - 2 * ((rows + columns) % 2)).astype(np.float32)
    re, im = (np.asarray(part) * signs for part in (held.re, held.im))
    return np.asarray(re + 1j * im, np.complex64)


def probe(material: StageOutputs) -> dict[str, Any]:
    """Return which probe the network multiplies by, and whether its patterns are those of physics/."""
    from ptyspec.networks.forward import Field, fold

    model, train, sample = material.model, material.containers.train, material.sample
    held, mask = network_probe(material), train.groups.seen(sample.rows)
    re, im = (fold(part.astype(np.float32)) for part in (sample.truth.real, sample.truth.imag))
    seen = np.sqrt(np.asarray(model.forward.intensity(Field(re, im)), np.float64))
    seen = seen if mask is None else seen * np.moveaxis(mask, -1, 1).reshape(seen.shape)
    wanted = np.moveaxis(sample.expected, -1, 1).reshape(seen.shape).astype(np.float64)
    return {
        "network": array_digest(held),
        "container": array_digest(train.probe),
        "energy": float(np.sum(np.abs(held.astype(complex)) ** 2)),
        "pattern_difference": float(np.abs(seen - wanted).max() / wanted.max()),
        "loss_to_counts": train.scale**2 * float(model.energy),
    }


def flags(material: StageOutputs) -> dict[str, dict[str, Any]]:
    """Return {flag: {requested, effective, read_from}}: each flag from what the network is or does.

    With a legacy dictionary, what that says of the flag stands beside it.
    """
    from ptyspec.networks.generators.cnn import WIDTHS
    from ptyspec.networks.reconstructor import LOSSES

    asked, model = material.scenario.model, material.model
    amplitude = np.abs(material.facts(together))
    shape, edge = amplitude.shape, amplitude.shape[1] // 4
    outside = np.ones(shape[1:3], bool)
    outside[edge:-edge, edge:-edge] = False
    beyond = bool(amplitude[:1, outside].mean() > 0.05 * amplitude[:1].mean())
    forward, dictionary, mask = model.forward, material.subject.dictionary or {}, material.scan.mask
    generator: Any = model.generator
    module = type(generator).__module__.rpartition(".")[2]
    function = getattr(getattr(generator, "head", None), "__name__", "cartesian")
    loss = [name for name, misfit in LOSSES.items() if misfit is model.misfit] or ["another"]
    found: dict[str, tuple[Any, Any, str]] = {
        "model.N": (asked.N, shape[1], "side of the answer"),
        "model.gridsize": (asked.gridsize, round(shape[-1] ** 0.5), "root of the channels"),
        "model.canvas": (_canvas(material), int(forward.canvas), "side of the merge's canvas"),
        "model.probe_mask": (asked.probe_mask, _masked(material), "light outside the mask"),
        "model.probe_big": (asked.probe_big, beyond, "object outside the central half"),
        "model.architecture": (asked.architecture, module, "its module"),
        "model.amp_activation": (asked.amp_activation, function, "the head's function"),
        "training.loss": (material.scenario.training.loss, loss[0], "function that trains"),
        "detector mask": (mask is not None, forward.mask is not None, "the loss"),
    }
    if asked.gridsize > 1:
        source = "does a member depend on the others"
        found["model.object_big"] = (asked.object_big, merged(material), source)
    if hasattr(generator, "nets"):
        widths = [int(conv.kernel.shape[-1]) for conv in generator.nets[0].down]
        found["model.stages"] = (asked.stages, len(generator.nets), "number of correcting networks")
        found["model.filters"] = (list(asked.filters), widths, "kernels")
    if hasattr(generator, "encoder"):
        width = int(generator.encoder[0][0].kernel.shape[-1]) // WIDTHS[0]
        found["model.n_filters_scale"] = (asked.n_filters_scale, width, "kernels")
    if dictionary:
        border = 4 * generator.border == forward.size
        found["pad_object"] = (True, border, "border of the network's region, N/4")
        found["gaussian_smoothing_sigma"] = (0.0, 0.0, "no smoothing in the forward model")
    rows: dict[str, dict[str, Any]] = {}
    for name, (requested, effective, source) in found.items():
        rows[name] = {"requested": requested, "effective": effective, "read_from": source}
        entry = dictionary.get(SCENARIO_NAMES.get(name, name))
        rows[name] |= {} if entry is None else {"dictionary": entry}
    return rows


def _canvas(material: StageOutputs) -> int:
    """The declared side, else the smallest that holds both splits; the patch itself where nothing is merged."""
    asked, parts = material.scenario.model, (material.containers.train, material.containers.test)
    if asked.gridsize == 1 or not asked.object_big:
        return asked.N
    sides = [required_canvas(part.groups.coords_relative, asked.N) for part in parts]
    return asked.canvas or max(sides)


def _masked(material: StageOutputs) -> bool:
    """Whether the network's probe is dark outside the mask where nobody darkened it, or as was asked for."""
    asked, held = material.scenario.model, network_probe(material)
    if asked.probe_mask:
        return not np.any(held[..., ~central_mask(held.shape[-1], asked.probe_mask_diameter)])
    return bool(np.any((held == 0) & (material.containers.train.probe != 0)))


@dataclass(frozen=True)
class FirstStep:
    """What a step did.

    - parameters: by path every variable, listed or not: its first value, shape, whether it is trained, its largest
      |gradient| (None where the loss does not depend on it) and its largest change.
    - fixed: largest change of what no parameter is: probe, weights of the merge, a0, mean energy.
    """

    parameters: dict[str, dict[str, Any]]
    fixed: dict[str, float]

    @property
    def idle(self) -> list[str]:
        """Parameters without gradient or motion, and kernels and biases that are not even listed."""
        return [
            path
            for path, row in self.parameters.items()
            if row["trainable"] or path.split("/")[-1] in ("kernel", "bias")
            if not (row["trainable"] and row["gradient"] and row["moved"])
        ]


def first_step(model: "Reconstructor", sample: Sample) -> FirstStep:
    """Take one step of Adam on two groups and give the network its weights back."""
    from ptyspec.networks.framework import keras
    from ptyspec.networks.framework import tensorflow as tf

    inputs, amplitude = sample.part(2)
    # Those that Keras knows, and those that hang on the network unknown to Keras.
    known, listed = model.variables, list(model.trainable_variables)
    everything = {one.path: one for one in known if not one.path.startswith("optimizer/")} | {
        f"{part}.{name} (outside any layer)": value
        for part in ("model", "generator", "forward")
        for name, value in vars(model if part == "model" else getattr(model, part)).items()
        if isinstance(value, tf.Variable)
    }
    before = {path: np.array(variable.numpy()) for path, variable in everything.items()}
    fixed = _fixed_parts(model)
    with tf.GradientTape() as tape:
        loss = model.compute_loss(y=amplitude, y_pred=model(inputs, training=True))
    found = tape.gradient(loss, [variable.value for variable in listed])
    gradients = {variable.path: by for variable, by in zip(listed, found, strict=True)}
    pairs = [pair for pair in zip(found, listed, strict=True) if pair[0] is not None]
    optimizer = keras.optimizers.Adam(1e-3)
    try:
        if pairs:
            optimizer.apply_gradients(pairs)
        parameters = {
            path: {
                "value": float(was.ravel()[0]),
                "shape": list(was.shape),
                "trainable": path in gradients,
                "gradient": None if gradients.get(path) is None else _largest(gradients[path]),
                "moved": _largest(everything[path].numpy() - was),
            }
            for path, was in before.items()
        }
        kept = _fixed_parts(model)
    finally:
        for path, variable in everything.items():
            variable.assign(before[path])
    return FirstStep(
        parameters, {name: _largest(kept[name] - value) for name, value in fixed.items()}
    )


def _fixed_parts(model: "Reconstructor") -> dict[str, Array]:
    """Copies of what training must leave alone."""
    forward = model.forward
    return {
        "probe, real": np.array(forward.probe.re),
        "probe, imaginary": np.array(forward.probe.im),
        "merge weight": np.array(forward.weight),
        "a0": np.array(model.a0),
        "mean energy": np.array(model.energy),
    }


def _largest(values: Any) -> float:
    return float(np.max(np.abs(np.asarray(values)), initial=0.0))

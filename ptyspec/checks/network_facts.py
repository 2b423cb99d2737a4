"""What a built network does: its range when driven, its probe and physics, whether groups mix in a batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scan import array_digest

DRIVE = 8.0
"""Bias given to the last convolution: a rectifier or softplus is then far above three times a0, a sigmoid at 0.9997."""


def answer(model: Any, inputs: dict[str, Array]) -> Array:
    """Return the network's object, complex (B, N, N, C)."""
    re, im = model(inputs)[-1]
    return np.asarray(np.asarray(re) + 1j * np.asarray(im))


def together(material: StageOutputs) -> Array:
    """Return the untrained network's answer to all groups of the sample."""
    return answer(material.model, material.sample.inputs)


def batch(material: StageOutputs) -> dict[str, Any]:
    """Return how a group's answer differs alone and in the batch, and when the other groups change.

    `merged`: whether a member's object depends on the other members; None for a single member.
    """
    sample, model, whole = material.sample, material.model, material.facts(together)
    count, largest, apart = len(sample.rows), float(np.abs(whole).max()), []
    for at in sorted({0, count // 2, count - 1}):
        alone = answer(model, {name: rows[at : at + 1] for name, rows in sample.inputs.items()})
        apart.append(float(np.abs(whole[at] - alone[0]).max()) / largest)
    others = {name: rows.copy() for name, rows in sample.inputs.items()}
    others["measured"][1:] *= np.float32(3.0)
    changed, merged = answer(model, others)[0], None
    if changed.shape[-1] > 1:
        first = sample.part(1)[0]
        moved = first | {"measured": first["measured"].copy()}
        moved["measured"][..., 1:] *= np.float32(1.5)
        both = [answer(model, inputs)[0, ..., 0] for inputs in (first, moved)]
        merged = bool(np.any(both[0] != both[1]))
    return {
        "groups": count,
        "patches": sample.frames,
        "alone_or_together": max(apart),
        "changed_by_others": int(np.sum(changed != whole[0])),
        "merged": merged,
    }


def head(material: StageOutputs) -> dict[str, Any]:
    """Return the head's range, declared and as driven, and what the object needs; in units of a0."""
    from ptyspec.networks.reach import CEILINGS, required_reach

    train, name = material.containers.train, str(material.scenario.model.amp_activation)
    need, driven = required_reach(train), driven_range(material)
    ceiling, untrained = CEILINGS.get(name), np.abs(material.facts(together)) / train.a0
    beyond = None
    if driven is not None and ceiling is not None:
        beyond = max(-driven["low"], driven["high"] - ceiling, 0.0)
    return {
        "head": name,
        "a0": train.a0,
        "declared": [0.0, ceiling],
        "driven": driven,
        "untrained": [float(untrained.min()), float(untrained.max())],
        "required": need,
        "upstream_required": train.gain * need * train.a0,
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
    from ptyspec.networks.field import Field
    from ptyspec.networks.forward import fold

    model, train, sample = material.model, material.containers.train, material.sample
    generator: Any = model.generator
    held, conditioned, mask = (
        network_probe(material),
        generator.forward.probe,
        train.groups.scan.mask,
    )
    energy = float(np.sum(np.asarray(conditioned.re) ** 2 + np.asarray(conditioned.im) ** 2))
    re, im = (fold(part.astype(np.float32)) for part in (sample.truth.real, sample.truth.imag))
    seen = np.sqrt(np.asarray(model.forward.intensity(Field(re, im)), np.float64))
    seen = seen if mask is None else seen * mask
    wanted = np.moveaxis(sample.expected, -1, 1).reshape(seen.shape).astype(np.float64)
    return {
        "network": array_digest(held),
        "container": array_digest(train.probe),
        "energy": float(np.sum(np.abs(held.astype(complex)) ** 2)),
        "conditioned": energy / (train.groups.scan.N / 2) ** 2,
        "pattern_difference": float(np.abs(seen - wanted).max() / wanted.max()),
        "loss_to_counts": train.scale**2 * float(model.energy),
    }

"""What the built network can put out: its last convolution is driven to both ends and its answer is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.contracts.arrays import Array

DRIVE = 8.0
"""Bias given to the last convolution: a rectifier or softplus is then far above three times a0, a sigmoid at 0.9997."""
RANGES = {
    "softplus": (0.0, None),
    "relu": (0.0, None),
    "sigmoid": (0.0, 1.0),
    "swish": (0.0, None),
    "cartesian": (0.0, None),
}
"""Modulus that each head declares, over a0; None: no upper end."""


def answer(model: Any, inputs: dict[str, Array]) -> Array:
    """The network's object, complex (B, N, N, C)."""
    re, im = model(inputs)[-1]
    return np.asarray(np.asarray(re) + 1j * np.asarray(im))


def driven_range(material: Material) -> dict[str, float] | None:
    """Smallest and largest amplitude over a0 with the last convolution driven down and up; None where it is not found.

    Said of patches before they are merged (HEAD-003).
    """
    model, inputs = material.model, material.sample.part(1)[0]
    layer = _final(model.generator)
    if layer is None:
        return None
    seen = []
    with _unmerged(model.generator):
        for drive in (-DRIVE, DRIVE):
            with _biased(layer, drive):
                seen.append(np.abs(answer(model, inputs)) / material.containers.train.a0)
    return {
        "low": float(min(part.min() for part in seen)),
        "high": float(max(part.max() for part in seen)),
    }


def combination(material: Material) -> dict[str, float] | None:
    """How far the built combiner is from A exp(i phi); None where there is no amplitude head.

    Amplitude and phase branches are driven apart: |o| must not change with the phase, its angle must be the phase.
    """
    inputs, model = material.sample.part(1)[0], material.model
    generator: Any = model.generator
    if not hasattr(generator, "phase"):
        return None
    centre = slice(generator.border, -generator.border)
    a0 = material.containers.train.a0
    with _unmerged(generator), _still(generator.phase.final), _still(generator.amplitude.final):
        plain = np.abs(answer(model, inputs)[:, centre, centre]) / a0
        with _biased(generator.phase.final, 0.3):
            turned = answer(model, inputs)[:, centre, centre] / a0
    angle, largest = np.pi * np.tanh(0.3), float(plain.max())
    modulus = float(np.abs(np.abs(turned) - plain).max()) / largest
    return {
        "modulus": modulus,
        "angle": float(np.abs(np.angle(turned * np.exp(-1j * angle))).max()) / np.pi,
    }


def _final(generator: Any) -> Any | None:
    if hasattr(generator, "nets"):
        return generator.nets[-1].final
    return getattr(getattr(generator, "amplitude", None), "final", None)


@contextmanager
def _biased(layer: Any, drive: float) -> Iterator[None]:
    before = np.array(layer.bias.numpy())
    try:
        layer.bias.assign(np.full_like(before, drive))
        yield
    finally:
        layer.bias.assign(before)


@contextmanager
def _still(layer: Any) -> Iterator[None]:
    """While open, the layer answers with its bias alone."""
    before = np.array(layer.kernel.numpy())
    try:
        layer.kernel.assign(np.zeros_like(before))
        yield
    finally:
        layer.kernel.assign(before)


@contextmanager
def _unmerged(generator: Any) -> Iterator[None]:
    before = getattr(generator, "merges", False)
    try:
        generator.merges = False
        yield
    finally:
        generator.merges = before

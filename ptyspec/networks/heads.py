"""Amplitude heads and their reach, in units of the rms amplitude a0."""

from __future__ import annotations

import math
from collections.abc import Callable

from keras import ops

from ptyspec.networks.field import Tensor

START = 1.0
"""Amplitude of an untrained head in units of a0: the rms amplitude that the counts give."""


def amplitude_head(name: str) -> Callable[[Tensor], Tensor]:
    """Return the head that maps raw outputs to amplitudes / a0; starts near 1 where its range allows."""
    return HEADS[name]


def softplus(raw: Tensor) -> Tensor:
    """Positive and unbounded; 1 at raw = 0."""
    return ops.softplus(raw + math.log(math.expm1(START)))


def sigmoid(raw: Tensor) -> Tensor:
    """Bounded by 1 (a0): cannot reach brighter spots, refused unless the object is known to be darker."""
    return ops.sigmoid(raw)


def swish(raw: Tensor) -> Tensor:
    """Unbounded above, slightly negative below."""
    return ops.silu(raw + 1.2784645)


def relu(raw: Tensor) -> Tensor:
    """Unbounded above, zero below (and dead there)."""
    return ops.relu(raw + START)


HEADS: dict[str, Callable[[Tensor], Tensor]] = {
    "softplus": softplus,
    "sigmoid": sigmoid,
    "swish": swish,
    "relu": relu,
}

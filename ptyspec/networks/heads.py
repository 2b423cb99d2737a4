"""Amplitude heads, in units of the rms amplitude a0: raw output and coarse start in, amplitude out.

The unbounded heads give the start itself at raw = 0, so that an untrained network shows what the counts alone say.
"""

from __future__ import annotations

from collections.abc import Callable

from keras import ops

from ptyspec.errors import ConfigError
from ptyspec.networks.field import Tensor

Head = Callable[[Tensor, Tensor], Tensor]


def amplitude_head(name: str) -> Head:
    """Return the head of this name; raises ConfigError for `cartesian`, which has no amplitude of its own."""
    if name not in HEADS:
        raise ConfigError(
            "this generator needs an amplitude head",
            value=name,
            limit=", ".join(HEADS),
            source="model.amp_activation",
            next_step="set model.amp_activation=softplus",
        )
    return HEADS[name]


def softplus(raw: Tensor, start: Tensor) -> Tensor:
    """Positive and unbounded."""
    return ops.softplus(raw + ops.log(ops.expm1(ops.maximum(start, 1e-3))))


def sigmoid(raw: Tensor, start: Tensor) -> Tensor:
    """Bounded by 1 (a0), whatever the start: cannot reach brighter spots and is refused before training."""
    return ops.sigmoid(raw)


def swish(raw: Tensor, start: Tensor) -> Tensor:
    """Unbounded above, slightly negative below zero."""
    return ops.silu(raw) + start


def relu(raw: Tensor, start: Tensor) -> Tensor:
    """Unbounded above, zero (and dead) below."""
    return ops.relu(raw + start)


HEADS: dict[str, Head] = {"softplus": softplus, "sigmoid": sigmoid, "swish": swish, "relu": relu}

"""Generators by name: one file in generators/ each, found when asked for."""

from __future__ import annotations

import importlib
import pkgutil
from typing import TYPE_CHECKING, Protocol

from ptyspec.contracts.scenario import ModelConfig
from ptyspec.errors import UnknownNameError
from ptyspec.networks import generators

if TYPE_CHECKING:
    from ptyspec.networks.field import Field, Tensor
    from ptyspec.networks.forward import ForwardModel


class Generator(Protocol):
    """A Keras layer from normalised amplitudes to object patches.

    Called with the network input g X (B, N, N, C), relative positions (B, 1, 2, C) and the coarse start
    (B, N, N, C), an amplitude in units of a0; returns the object estimates of its stages, each a Field of (B * C, N, N) in units of a0, members already merged; the last is
    the answer. No group may influence another.
    """

    def __call__(self, measured: Tensor, relative: Tensor, start: Tensor) -> list[Field]:
        """Predict."""


class Builder(Protocol):
    """What a generator's file offers as `build`."""

    def __call__(self, config: ModelConfig, forward: ForwardModel, seed: int) -> Generator:
        """Return an untrained generator; equal arguments give equal weights."""


def generator_names() -> list[str]:
    """Names of all registered generators."""
    return sorted(module.name for module in pkgutil.iter_modules(generators.__path__))


def builder(name: str) -> Builder:
    """Return the builder of this generator; raises UnknownNameError listing the known ones."""
    if name not in generator_names():
        raise UnknownNameError(
            f"no generator is called {name}",
            value=name,
            limit=", ".join(generator_names()),
            source="model.architecture",
            next_step="add ptyspec/networks/generators/<name>.py with a build function",
        )
    module = importlib.import_module(f"{generators.__name__}.{name}")
    return module.build  # type: ignore[no-any-return]

"""Generators by name, one file in generators/ each; and whether an amplitude head can reach the object."""

import importlib
import math
import pkgutil
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ptyspec.contracts.bundles import Container
from ptyspec.contracts.scenario import ModelConfig, Scenario
from ptyspec.errors import HeadRangeError, UnknownNameError
from ptyspec.networks import generators
from ptyspec.physics.coarse import frame_levels

if TYPE_CHECKING:
    from ptyspec.networks.forward import Field, ForwardModel, Tensor


class Generator(Protocol):
    """A Keras layer from normalised amplitudes to object patches.

    Called with the network input g X (B, N, N, C), relative positions (B, 1, 2, C) and the coarse start
    (B, N, N, C), an amplitude in units of a0; returns the object estimates of its stages, each a Field of
    (B * C, N, N) in units of a0, members already merged; the last is the answer. No group may influence another.
    """

    def __call__(self, measured: "Tensor", relative: "Tensor", start: "Tensor") -> "list[Field]":
        """Predict."""


def generator_names() -> list[str]:
    """Names of all registered generators."""
    return sorted(module.name for module in pkgutil.iter_modules(generators.__path__))


def builder(name: str) -> "Callable[[ModelConfig, ForwardModel, int], Generator]":
    """Return `build` of this generator's file; raises UnknownNameError listing the known ones.

    It takes configuration, forward model and seed, and makes an untrained generator: equal arguments, equal weights.
    """
    if name not in generator_names():
        what = f"no generator is called {name}"
        step = "add ptyspec/networks/generators/<name>.py with a build function"
        limit, source = ", ".join(generator_names()), "model.architecture"
        raise UnknownNameError(what, value=name, limit=limit, source=source, next_step=step)
    module = importlib.import_module(f"{generators.__name__}.{name}")
    return module.build  # type: ignore[no-any-return]


CEILINGS = {"sigmoid": 1.0}
"""Largest amplitude / a0 of the bounded heads; the others have none."""


def required_reach(container: Container) -> float:
    """Smallest ceiling / a0 that can be right: max|O| where the object is known, else the brightest frame's rms."""
    scan = container.groups.scan
    if scan.objectGuess is not None:
        return float(np.abs(scan.objectGuess).max()) / container.a0
    return float(frame_levels(scan).max()) / container.a0


def check_reach(scenario: Scenario, container: Container) -> None:
    """Raise HeadRangeError, before training, when the head's ceiling lies below what the object needs."""
    head = scenario.model.amp_activation
    ceiling = CEILINGS.get(head, math.inf)
    need = required_reach(container) if math.isfinite(ceiling) else 0.0
    if need > ceiling:
        raise HeadRangeError(
            f"the amplitude head {head} cannot reach the object",
            value=f"ceiling {ceiling * container.a0:.3g}",
            limit=f">= {need * container.a0:.3g} (brightest object amplitude in the absolute gauge)",
            source=f"model.amp_activation; a0 = {container.a0:.4g}",
            next_step="set model.amp_activation=softplus (generator cnn) or use the unrolled generator",
        )

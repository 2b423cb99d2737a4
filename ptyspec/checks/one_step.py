"""One step of training on a built network: which parameters have a gradient, which move, what stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ptyspec.checks.sampled_groups import Sample
from ptyspec.contracts.bundles import Array

if TYPE_CHECKING:
    from ptyspec.networks.reconstructor import Reconstructor

GROUPS = 2
RATE = 1e-3


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


def first_step(model: Reconstructor, sample: Sample) -> FirstStep:
    """Take one step of Adam on two groups and give the network its weights back."""
    import keras
    import tensorflow as tf

    inputs, amplitude = sample.part(GROUPS)
    listed, everything = list(model.trainable_variables), _variables(model)
    before = {path: np.array(variable.numpy()) for path, variable in everything.items()}
    fixed = _fixed_parts(model)
    with tf.GradientTape() as tape:
        loss = model.compute_loss(y=amplitude, y_pred=model(inputs, training=True))
    found = tape.gradient(loss, [variable.value for variable in listed])
    gradients = {variable.path: by for variable, by in zip(listed, found, strict=True)}
    pairs = [pair for pair in zip(found, listed, strict=True) if pair[0] is not None]
    optimizer = keras.optimizers.Adam(RATE)
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


def _variables(model: Reconstructor) -> dict[str, Any]:
    """Every variable of a network by path: those that Keras knows, and those that hang on it unknown to Keras."""
    import tensorflow as tf

    known = {
        variable.path: variable
        for variable in model.variables
        if not variable.path.startswith("optimizer/")
    }
    parts = {"model": model, "generator": model.generator, "forward": model.forward}
    loose = {
        f"{part}.{name} (outside any layer)": value
        for part, owner in parts.items()
        for name, value in vars(owner).items()
        if isinstance(value, tf.Variable)
    }
    return known | loose


def _fixed_parts(model: Reconstructor) -> dict[str, Array]:
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

"""Where a prediction is exactly dark, and what the likelihood and its gradient make of it: the mechanism of the NaN.

The Nyquist row and column of a transform vanish identically for a probe that is symmetric about the middle between
pixels times a constant: 2 N - 1 pixels (upstream baseline 5e). The log of such a rate is not finite, nor is any gradient.
"""

from contextlib import nullcontext

import numpy as np

from ptyspec.experiments.observations import chosen, stage_outputs
from ptyspec.faults.apply import applied
from ptyspec.seeds import generator

SETTINGS = ("object.size=128", "scan.n_images=40", "grouping.n_groups=20")


def rates(seed: int, probe: str, object: str, background: bool) -> dict[str, float]:
    """Return how many predicted rates are exactly zero, and how many gradient values of the loss are not finite.

    - probe: ideal or custom; object: flat (amplitude 1), dead (0), saturated (1 exp(2.03 i) in the central box), or
      textured (flat with a thousandth of noise). background: whether the loss has one.
    - Numbers: `zeros` of N^2, `gradients` of 2 N^2, `losses` pixels of the loss, `finite` 1 where the loss is.
    Raises ConfigError for another object.
    """
    from ptyspec.networks import reconstructor
    from ptyspec.networks.forward import Field, ForwardModel
    from ptyspec.networks.framework import keras
    from ptyspec.networks.framework import tensorflow as tf

    scan = stage_outputs(f"gs1_{probe}", seed, SETTINGS).scan
    forward = ForwardModel(scan.probeGuess, 1, scan.N)
    flat = np.ones((scan.N, scan.N), np.complex64)
    box, draws = np.zeros_like(flat), generator(seed, "texture")
    box[scan.N // 4 : -(scan.N // 4), scan.N // 4 : -(scan.N // 4)] = np.exp(2.0347j)
    objects = {
        "flat": flat,
        "dead": 0 * flat,
        "saturated": box,
        "textured": flat + 1e-3 * draws.standard_normal(flat.shape).astype(np.float32),
    }
    start = chosen(objects, object, "object")
    measured = scan.diff3d[:1]
    energy = float((scan.diff3d.astype(np.float64) ** 2).sum(axis=(1, 2)).mean())
    parts = [tf.Variable(part[None].astype(np.float32)) for part in (start.real, start.imag)]
    with tf.GradientTape() as tape:
        predicted = forward.intensity(Field(*parts))
        # The project's likelihood, or the one without a background: that of the fault.
        with nullcontext() if background else applied("no-background"):
            amplitude = keras.ops.convert_to_tensor(measured)
            loss = reconstructor.poisson(predicted, amplitude, energy)
    slopes = np.array([np.asarray(slope) for slope in tape.gradient(loss, parts)])
    return {
        "zeros": float((np.asarray(predicted) == 0).sum()),
        "gradients": float((~np.isfinite(slopes)).sum()),
        "finite": float(np.isfinite(float(loss))),
    }

"""What training minimises: the misfit of predicted and measured diffraction in the absolute gauge."""

from __future__ import annotations

from keras import ops

from ptyspec.networks.field import Tensor
from ptyspec.physics.scale import BACKGROUND


def poisson(
    predicted: Tensor, amplitude: Tensor, energy: float, mask: Tensor | None = None
) -> Tensor:
    """Poisson deviance per frame over the mean energy, averaged over frames; 0 for a perfect prediction.

    `predicted` intensity and measured `amplitude` are (M, N, N) in field units, `energy` the training split's
    mean sum X^2. The same background e = 1e-3 of the mean pixel energy stands on both sides, so the optimum is
    unmoved and a zero field is finite. Times s^2 the bracket is the negative log-likelihood of counts minus its
    saturated value.
    """
    size = amplitude.shape[-1]
    background = BACKGROUND * energy / size**2
    rate, count = predicted + background, amplitude * amplitude + background
    deviance = rate - count - count * ops.log(rate / count)
    return _mean_over_frames(deviance, mask) / energy


def mae(predicted: Tensor, amplitude: Tensor, energy: float, mask: Tensor | None = None) -> Tensor:
    """Mean absolute error of the amplitude, over the rms pixel amplitude."""
    size = amplitude.shape[-1]
    error = ops.abs(ops.sqrt(predicted + 1e-9 * energy / size**2) - amplitude)
    return _mean_over_frames(error, mask) / (size * energy**0.5)


def _mean_over_frames(value: Tensor, mask: Tensor | None) -> Tensor:
    seen = value if mask is None else value * mask
    return ops.mean(ops.sum(seen, axis=(1, 2)))


LOSSES = {"poisson": poisson, "mae": mae}

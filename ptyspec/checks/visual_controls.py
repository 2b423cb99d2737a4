"""Positive controls of the audit `visual`: pictures with one fault each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ptyspec.checks.spoil import control, with_canvas
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.arrays import Array
from ptyspec.seeds import generator

TILES, MOVED, CROPPED = 0.05, 2, 8
"""Amplitude of the checkerboard over the object's; pixels."""


def _image(material: StageOutputs, change: Callable[[Array], Array]) -> StageOutputs:
    """The object changed where it is, with the same pixels left out."""
    made = material.reconstruction.object
    known = np.isfinite(made)
    image = np.where(known, change(np.where(known, made, 0)), np.nan)
    return with_canvas(material, object=image)


@control("SCALE-005")
def blank(material: StageOutputs) -> StageOutputs:
    """Nothing is there."""
    return _image(material, np.zeros_like)


@control("NET-009")
def flat(material: StageOutputs) -> StageOutputs:
    """A constant of the right level."""
    level = np.sqrt(np.nanmean(np.abs(material.reconstruction.object).astype(np.float64) ** 2))
    return _image(material, lambda image: np.full_like(image, level))


@control("STITCH-003")
def holes(material: StageOutputs) -> StageOutputs:
    """Five pixels in the middle of the light are NaN."""
    image = material.reconstruction.object.copy()
    image.ravel()[np.argsort(material.reconstruction.coverage, axis=None)[-5:]] = np.nan
    return with_canvas(material, object=image)


@control("STITCH-003")
def zero_filled(material: StageOutputs) -> StageOutputs:
    """Uncovered pixels are zero instead of NaN."""
    return with_canvas(material, object=np.nan_to_num(material.reconstruction.object))


@control("STITCH-007")
def tiled(material: StageOutputs) -> StageOutputs:
    """A checkerboard of the patch's size: groups set side by side, each with a level of its own."""
    half = material.scenario.model.N // 2

    def change(image: Array) -> Array:
        rows, columns = np.indices(image.shape) // half
        return np.asarray(image * (1 + TILES * np.where((rows + columns) % 2, 1, -1)))

    return _image(material, change)


@control("STITCH-001")
def shifted(material: StageOutputs) -> StageOutputs:
    """The object lies two pixels further right than its light and its origin say."""

    def change(image: Array) -> Array:
        filled = np.where(image == 0, image[image != 0].mean(), image)
        return np.asarray(np.roll(filled, MOVED, axis=1))

    return _image(material, change)


@control("STITCH-002")
def cropped(material: StageOutputs) -> StageOutputs:
    """The canvas ends eight rows early, light and all."""
    made = material.reconstruction
    return with_canvas(material, object=made.object[:-CROPPED], coverage=made.coverage[:-CROPPED])


@control("STITCH-001")
def framed(material: StageOutputs) -> StageOutputs:
    """The canvas has eight rows too many, without light."""
    made, wider = material.reconstruction, ((0, CROPPED), (0, 0))
    image = np.pad(made.object, wider, constant_values=np.nan)
    return with_canvas(material, object=image, coverage=np.pad(made.coverage, wider))


def _scrambled(image: Array) -> Array:
    known = image != 0
    amplitude = np.abs(image[known])
    filled = np.where(known, np.abs(image), amplitude.mean()) - amplitude.mean()
    noise = generator(11, "phases of the spectrum").standard_normal(image.shape)
    # Phases of a real image, so that the result is real.
    phases = np.exp(1j * np.angle(np.fft.fft2(noise)))
    made = np.fft.ifft2(np.abs(np.fft.fft2(filled)) * phases).real
    made = (made - made[known].mean()) * (amplitude.std() / made[known].std())
    return np.asarray(np.where(known, amplitude.mean() + made, 0))


@control("INFER-006")
def scrambled(material: StageOutputs) -> StageOutputs:
    """Noise with the object's own spectrum, level and contrast: a picture of nothing."""
    return _image(material, _scrambled)


OF_VISUAL = (
    *(blank, flat, holes, zero_filled, cropped, framed, shifted, tiled, scrambled),
    replace(scrambled, name="pretty", clause="INFER-007"),  # and no frame is explained
)

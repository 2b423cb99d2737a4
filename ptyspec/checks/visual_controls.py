"""Positive controls of the audit `visual`: pictures with one fault each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.checks.registry import Control
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Reconstruction
from ptyspec.seeds import generator

TILES, MOVED, CROPPED = 0.05, 2, 8
"""Amplitude of the checkerboard over the object's; pixels."""


def _with(material: Material, change: Callable[[Reconstruction], Reconstruction]) -> Material:
    return material.replaced(reconstruction=change(material.reconstruction))


def _image(material: Material, change: Callable[[Array], Array]) -> Material:
    """The object changed where it is, with the same pixels left out."""

    def changed(made: Reconstruction) -> Reconstruction:
        known = np.isfinite(made.object)
        image = change(np.where(known, made.object, 0))
        return made.model_copy(
            update={"object": np.where(known, image, np.nan).astype(np.complex64)}
        )

    return _with(material, changed)


def _blank(material: Material) -> Material:
    return _image(material, np.zeros_like)


def _flat(material: Material) -> Material:
    """Every pixel the rms amplitude: the level is right, and nothing else is there."""
    level = np.sqrt(np.nanmean(np.abs(material.reconstruction.object).astype(np.float64) ** 2))
    return _image(material, lambda image: np.full_like(image, level))


def _holes(material: Material) -> Material:
    """Five pixels in the middle of the light without a number."""

    def changed(made: Reconstruction) -> Reconstruction:
        image = made.object.copy()
        brightest = np.argsort(made.coverage, axis=None)[-5:]
        image.ravel()[brightest] = np.nan
        return made.model_copy(update={"object": image})

    return _with(material, changed)


def _tiled(material: Material) -> Material:
    """A checkerboard of the patch's size: groups set side by side, each with a level of its own."""
    size = material.scenario.model.N

    def change(image: Array) -> Array:
        rows, columns = np.indices(image.shape)
        sign = np.where(((rows // (size // 2)) + (columns // (size // 2))) % 2, 1, -1)
        return np.asarray(image * (1 + TILES * sign))

    return _image(material, change)


def _shifted(material: Material) -> Material:
    """The object lies two columns further right than its light and its origin say."""

    def change(image: Array) -> Array:
        filled = np.where(image == 0, image[image != 0].mean(), image)
        return np.asarray(np.roll(filled, MOVED, axis=1))

    return _image(material, change)


def _cropped(material: Material) -> Material:
    """The canvas ends eight rows early, light and all."""
    return _with(
        material,
        lambda made: made.model_copy(
            update={"object": made.object[:-CROPPED], "coverage": made.coverage[:-CROPPED]}
        ),
    )


def _framed(material: Material) -> Material:
    """The canvas has eight rows too many, without light."""

    def changed(made: Reconstruction) -> Reconstruction:
        wider = ((0, CROPPED), (0, 0))
        return made.model_copy(
            update={
                "object": np.pad(made.object, wider, constant_values=np.nan),
                "coverage": np.pad(made.coverage, wider),
            }
        )

    return _with(material, changed)


def _zero_filled(material: Material) -> Material:
    return _with(
        material, lambda made: made.model_copy(update={"object": np.nan_to_num(made.object)})
    )


def _scrambled(material: Material) -> Material:
    """Noise with the object's own spectrum, level and contrast: a picture of nothing."""

    def change(image: Array) -> Array:
        known = image != 0
        amplitude = np.abs(image[known])
        filled = np.where(known, np.abs(image), amplitude.mean()) - amplitude.mean()
        noise = generator(11, "phases of the spectrum").standard_normal(image.shape)
        phases = np.exp(
            1j * np.angle(np.fft.fft2(noise))
        )  # of a real image, so that the result is real
        made = np.fft.ifft2(np.abs(np.fft.fft2(filled)) * phases).real
        part = made[known]
        made = amplitude.mean() + (made - part.mean()) * (amplitude.std() / part.std())
        return np.asarray(np.where(known, made, 0))

    return _image(material, change)


CONTROLS = (
    Control("blank", "nothing is there", "SCALE-005", _blank),
    Control("flat", "a constant of the right level", "NET-009", _flat),
    Control("holes", "five pixels in the light are NaN", "STITCH-003", _holes),
    Control("zero-filled", "uncovered pixels are zero instead of NaN", "STITCH-003", _zero_filled),
    Control("cropped", "the canvas ends eight rows early", "STITCH-002", _cropped),
    Control("framed", "the canvas has eight rows too many", "STITCH-001", _framed),
    Control("shifted", "the object lies two pixels beside its place", "STITCH-001", _shifted),
    Control("tiled", "a checkerboard of the patch's size", "STITCH-007", _tiled),
    Control(
        "scrambled",
        "noise with the object's own spectrum, level and contrast",
        "INFER-006",
        _scrambled,
    ),
    Control("pretty", "the same noise: no frame is explained", "INFER-007", _scrambled),
)

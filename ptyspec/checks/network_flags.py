"""Flags of a built network, each read from what the network is or does, beside what was asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.contracts.arrays import Array
from ptyspec.physics.geometry import required_canvas
from ptyspec.physics.probes import central_mask

DICTIONARY = {
    "model.N": "N",
    "model.gridsize": "gridsize",
    "model.object_big": "object.big",
    "model.probe_big": "probe.big",
    "model.probe_mask": "probe.mask",
    "model.amp_activation": "amp_activation",
    "pad_object": "pad_object",
    "model.n_filters_scale": "n_filters_scale",
    "gaussian_smoothing_sigma": "gaussian_smoothing_sigma",
}
"""Settings and the keys under which the legacy dictionary holds them."""


def flags(
    material: Material, shape: tuple[int, ...], merged: bool | None
) -> dict[str, dict[str, Any]]:
    """Return {flag: {requested, effective, read_from}} and, with a dictionary, what that says.

    `shape` is the shape of the network's answer, `merged` whether a member was seen to depend on the others.
    """
    asked, model = material.scenario.model, material.model
    forward = model.forward
    generator: Any = model.generator
    found: dict[str, tuple[Any, Any, str]] = {
        "model.N": (asked.N, shape[1], "side of the answer"),
        "model.gridsize": (
            asked.gridsize,
            round(shape[-1] ** 0.5),
            "root of the answer's channels",
        ),
        "model.canvas": (_canvas(material), int(forward.canvas), "side of the merge's canvas"),
        "model.probe_mask": (
            asked.probe_mask,
            _masked(material),
            "light of the network's probe outside the mask",
        ),
        "model.probe_big": (
            asked.probe_big,
            _beyond_the_centre(material),
            "object outside the patch's central half",
        ),
        "model.architecture": (
            asked.architecture,
            type(generator).__module__.rpartition(".")[2],
            "its module",
        ),
        "model.amp_activation": (
            asked.amp_activation,
            _head(generator),
            "the head's function; none: cartesian",
        ),
        "training.loss": (
            material.scenario.training.loss,
            _loss(model),
            "the function that trains",
        ),
        "detector mask": (material.scan.mask is not None, forward.mask is not None, "the loss"),
    }
    if asked.gridsize > 1:
        found["model.object_big"] = (asked.object_big, merged, "does a member depend on the others")
    if hasattr(generator, "nets"):
        widths = [int(conv.kernel.shape[-1]) for conv in generator.nets[0].down]
        found["model.stages"] = (asked.stages, len(generator.nets), "number of correcting networks")
        found["model.filters"] = (list(asked.filters), widths, "kernels")
    if hasattr(generator, "encoder"):
        found["model.n_filters_scale"] = (asked.n_filters_scale, _width(generator), "kernels")
    if material.subject.dictionary:
        found["pad_object"] = (
            True,
            4 * generator.border == forward.size,
            "border of the network's region, N/4",
        )
        found["gaussian_smoothing_sigma"] = (0.0, 0.0, "no smoothing in the forward model")
    return {name: _row(material, name, *row) for name, row in found.items()}


def _row(
    material: Material, name: str, asked: Any, effective: Any, read_from: str
) -> dict[str, Any]:
    row = {"requested": asked, "effective": effective, "read_from": read_from}
    entry = (material.subject.dictionary or {}).get(DICTIONARY.get(name, ""))
    return row if entry is None else row | {"dictionary": entry}


def differing(rows: dict[str, dict[str, Any]]) -> list[str]:
    """Return the flags whose effective value is not the requested one, or not the dictionary's."""
    return [
        name
        for name, row in rows.items()
        if row["effective"] != row["requested"]
        or row.get("dictionary", row["effective"]) != row["effective"]
    ]


def _canvas(material: Material) -> int:
    """The declared side, else the smallest that holds both splits; the patch itself where nothing is merged."""
    asked, parts = material.scenario.model, (material.containers.train, material.containers.test)
    if asked.gridsize == 1 or not asked.object_big:
        return asked.N
    return asked.canvas or max(
        required_canvas(part.groups.coords_relative, asked.N) for part in parts
    )


def network_probe(material: Material) -> Array:
    """The probe that the built network multiplies by, without the checkerboard that centres its transform."""
    probe = material.model.forward.probe
    size = int(probe.re.shape[-1])
    signs = (1 - 2 * (np.indices((size, size)).sum(axis=0) % 2)).astype(np.float32)
    return np.asarray(
        np.asarray(probe.re) * signs + 1j * (np.asarray(probe.im) * signs), np.complex64
    )


def _masked(material: Material) -> bool:
    """Whether the network's probe is dark outside the mask where nobody darkened it, or as was asked for."""
    asked, probe = material.scenario.model, network_probe(material)
    outside = ~central_mask(len(probe), asked.probe_mask_diameter)
    if asked.probe_mask:
        return not np.any(probe[outside])
    return bool(np.any((probe == 0) & (material.containers.train.probe != 0)))


def _beyond_the_centre(material: Material) -> bool:
    re, im = material.model(material.sample.part(1)[0])[-1]
    amplitude, border = np.hypot(np.asarray(re), np.asarray(im)), re.shape[1] // 4
    frame = np.ones(amplitude.shape[1:3], bool)
    frame[border:-border, border:-border] = False
    return bool(amplitude[:, frame].mean() > 0.05 * amplitude.mean())


def _head(generator: Any) -> str:
    return str(generator.head.__name__) if hasattr(generator, "head") else "cartesian"


def _loss(model: Any) -> str:
    from ptyspec.networks.losses import LOSSES

    return next(
        (name for name, misfit in LOSSES.items() if misfit is model.misfit), model.misfit.__name__
    )


def _width(generator: Any) -> int | float:
    from ptyspec.networks.generators.cnn import WIDTHS

    return int(generator.encoder[0][0].kernel.shape[-1]) // WIDTHS[0]

"""Flags of a built network, each read from what the network is or does, beside what was asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.checks.network_facts import batch, network_probe, together
from ptyspec.checks.stage_outputs import StageOutputs
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


def flags(material: StageOutputs) -> dict[str, dict[str, Any]]:
    """Return {flag: {requested, effective, read_from}} and, with a dictionary, what that says."""
    asked, model, shape = material.scenario.model, material.model, material.facts(together).shape
    forward, dictionary = model.forward, material.subject.dictionary or {}
    generator: Any = model.generator
    module, mask = type(generator).__module__.rpartition(".")[2], material.scan.mask
    found: dict[str, tuple[Any, Any, str]] = {
        "model.N": (asked.N, shape[1], "side of the answer"),
        "model.gridsize": (asked.gridsize, round(shape[-1] ** 0.5), "root of the channels"),
        "model.canvas": (_canvas(material), int(forward.canvas), "side of the merge's canvas"),
        "model.probe_mask": (asked.probe_mask, _masked(material), "light outside the mask"),
        "model.probe_big": (asked.probe_big, _beyond(material), "object outside the central half"),
        "model.architecture": (asked.architecture, module, "its module"),
        "model.amp_activation": (asked.amp_activation, _head(generator), "the head's function"),
        "training.loss": (material.scenario.training.loss, _loss(model), "function that trains"),
        "detector mask": (mask is not None, forward.mask is not None, "the loss"),
    }
    if asked.gridsize > 1:
        merged = material.facts(batch)["merged"]
        found["model.object_big"] = (asked.object_big, merged, "does a member depend on the others")
    if hasattr(generator, "nets"):
        widths = [int(conv.kernel.shape[-1]) for conv in generator.nets[0].down]
        found["model.stages"] = (asked.stages, len(generator.nets), "number of correcting networks")
        found["model.filters"] = (list(asked.filters), widths, "kernels")
    if hasattr(generator, "encoder"):
        found["model.n_filters_scale"] = (asked.n_filters_scale, _width(generator), "kernels")
    if dictionary:
        border = 4 * generator.border == forward.size
        found["pad_object"] = (True, border, "border of the network's region, N/4")
        found["gaussian_smoothing_sigma"] = (0.0, 0.0, "no smoothing in the forward model")
    rows: dict[str, dict[str, Any]] = {}
    for name, (requested, effective, source) in found.items():
        rows[name] = {"requested": requested, "effective": effective, "read_from": source}
        entry = dictionary.get(DICTIONARY.get(name, ""))
        rows[name] |= {} if entry is None else {"dictionary": entry}
    return rows


def differing(rows: dict[str, dict[str, Any]]) -> list[str]:
    """Return the flags whose effective value is not the requested one, or not the dictionary's."""
    return [
        name
        for name, row in rows.items()
        if row["effective"] != row["requested"]
        or row.get("dictionary", row["effective"]) != row["effective"]
    ]


def _canvas(material: StageOutputs) -> int:
    """The declared side, else the smallest that holds both splits; the patch itself where nothing is merged."""
    asked, parts = material.scenario.model, (material.containers.train, material.containers.test)
    if asked.gridsize == 1 or not asked.object_big:
        return asked.N
    sides = [required_canvas(part.groups.coords_relative, asked.N) for part in parts]
    return asked.canvas or max(sides)


def _masked(material: StageOutputs) -> bool:
    """Whether the network's probe is dark outside the mask where nobody darkened it, or as was asked for."""
    asked, probe = material.scenario.model, network_probe(material)
    if asked.probe_mask:
        return not np.any(probe[~central_mask(len(probe), asked.probe_mask_diameter)])
    return bool(np.any((probe == 0) & (material.containers.train.probe != 0)))


def _beyond(material: StageOutputs) -> bool:
    """Whether there is an object outside the patch's central half."""
    amplitude = np.abs(material.facts(together)[:1])
    border = amplitude.shape[1] // 4
    frame = np.ones(amplitude.shape[1:3], bool)
    frame[border:-border, border:-border] = False
    return bool(amplitude[:, frame].mean() > 0.05 * amplitude.mean())


def _head(generator: Any) -> str:
    return str(generator.head.__name__) if hasattr(generator, "head") else "cartesian"


def _loss(model: Any) -> str:
    from ptyspec.networks.losses import LOSSES

    known = [name for name, misfit in LOSSES.items() if misfit is model.misfit]
    return known[0] if known else str(model.misfit.__name__)


def _width(generator: Any) -> int:
    from ptyspec.networks.generators.cnn import WIDTHS

    return int(generator.encoder[0][0].kernel.shape[-1]) // WIDTHS[0]

"""Positive controls of the audit `bias`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ptyspec.checks.material import Material
from ptyspec.checks.registry import Control
from ptyspec.contracts.arrays import Array
from ptyspec.contracts.container import Reconstruction
from ptyspec.contracts.scan import RawScan
from ptyspec.contracts.scenario import Scenario
from ptyspec.pipeline.reference import ReferencePipeline


def with_object(material: Material, image: Array, *, scored: bool) -> Material:
    """Return the material with another object; `scored`: by a run that scored just that one."""
    made = material.reconstruction.model_copy(update={"object": np.asarray(image, np.complex64)})
    changed = material.replaced(reconstruction=made)
    if not scored:
        return changed
    scores = material.pipeline.score(material.scenario, material.halves.test, made)
    return changed.replaced(metrics={**material.metrics, **scores})


def gain_left(material: Material) -> Material:
    """The network's object is g O: the investigation's amplitude bias."""
    return with_object(
        material, material.reconstruction.object * material.containers.train.gain, scored=True
    )


def _rescaled_after(material: Material) -> Material:
    return with_object(material, material.reconstruction.object * 1.9, scored=False)


def _flat(material: Material) -> Material:
    """All structure squeezed to a tenth, the level kept."""
    made = material.reconstruction.object
    level = np.nanmean(np.abs(made))
    amplitude = level + 0.1 * (np.abs(made) - level)
    return with_object(material, amplitude * np.exp(1j * np.angle(made)), scored=True)


class _Rescaling(ReferencePipeline):
    """Its evaluator divides by the ratio of the means first, as upstream's does."""

    name = "rescaling evaluator"

    def score(
        self, scenario: Scenario, scan: RawScan, reconstruction: Reconstruction
    ) -> dict[str, Any]:
        ratio = super().score(scenario, scan, reconstruction)["amplitude"]["mean_ratio"]
        scaled = reconstruction.model_copy(
            update={"object": reconstruction.object / np.float32(ratio)}
        )
        return super().score(scenario, scan, scaled)


def _evaluator(material: Material) -> Material:
    return material.replaced(pipeline=_Rescaling())


CONTROLS = (
    Control("gain-left", "the loader's gain stays in the object", "INFER-005", gain_left),
    Control(
        "rescaled-after",
        "the stored object was multiplied by 1.9 after it had been scored",
        "EVID-004",
        _rescaled_after,
    ),
    Control("flat", "all structure is squeezed to a tenth around the right mean", "NET-009", _flat),
    Control(
        "rescaling-evaluator",
        "the evaluator divides by the ratio of the means first",
        "SCORE-003",
        _evaluator,
    ),
)

"""How positive controls spoil what an audit sees: one thing of a material exchanged, the rest kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ptyspec.checks.registry import Control
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.bundles import Array, Container
from ptyspec.pipeline.protocol import Containers

Spoil = Callable[[StageOutputs], StageOutputs]


def control(clause: str) -> Callable[[Spoil], Control]:
    """Return a decorator: the function's name is the control's, its docstring the story, `clause` turns red."""

    def make(spoil: Spoil) -> Control:
        story = (spoil.__doc__ or "").strip().rstrip(".")
        name = spoil.__name__.strip("_").replace("_", "-")
        return Control(name, story[:1].lower() + story[1:], clause, spoil)

    return make


def by_fault(name: str, clause: str, fault: str, **model: Any) -> Control:
    """Return a control that is a fault of the catalogue, on the same subject under these settings of the model."""
    spoil = (lambda material: with_model(material, **model)) if model else None
    return Control(name, "", clause, spoil, fault)


def with_object(material: StageOutputs, image: Array) -> StageOutputs:
    """Return the material with another object, by a run that scored just that one."""
    changed = with_canvas(material, object=image)
    made, test = changed.reconstruction, material.halves.test
    scores = material.pipeline.score(material.scenario, test, made)
    return changed.replaced(metrics={**material.metrics, **scores})


def with_canvas(material: StageOutputs, **arrays: Array) -> StageOutputs:
    """Return the material with object, coverage or both exchanged on its canvas, which nobody scored."""
    if "object" in arrays:
        arrays["object"] = np.asarray(arrays["object"], np.complex64)
    return material.replaced(reconstruction=material.reconstruction.model_copy(update=arrays))


def with_containers(
    material: StageOutputs, change: Callable[[Container], dict[str, Any]], *splits: str
) -> StageOutputs:
    """Return the material with fields of its containers exchanged, of both or of the splits that are named."""
    both = {split: getattr(material.containers, split) for split in ("train", "test")}
    for split in splits or both:
        both[split] = both[split].model_copy(update=change(both[split]))
    return material.replaced(containers=Containers(**both))


def with_scan(material: StageOutputs, **update: Any) -> StageOutputs:
    """Return the material with fields of its scan exchanged."""
    return material.replaced(scan=material.scan.model_copy(update=update))


def with_model(material: StageOutputs, **model: Any) -> StageOutputs:
    """Return the same data under other settings of the model: nothing is simulated again."""
    resolved = material.subject.resolved
    settings = resolved.scenario.model.model_copy(update=model)
    changed = resolved.scenario.model_copy(update={"model": settings})
    subject = replace(material.subject, resolved=replace(resolved, scenario=changed))
    return material.replaced(subject=subject, scan=material.scan, containers=material.containers)


def same_network(material: StageOutputs) -> StageOutputs:
    """Return the same data and the same built network, of which nothing need be computed again."""
    names = ("scan", "containers", "sample", "model", "step")
    return material.replaced(**{name: getattr(material, name) for name in names})


def with_dictionary(material: StageOutputs, **entries: Any) -> StageOutputs:
    """Return the material with something in a legacy dictionary that the built network does not do."""
    given = {key.replace("__", "."): value for key, value in entries.items()}
    said = dict(material.subject.dictionary or {}) | given
    return same_network(material).replaced(subject=replace(material.subject, dictionary=said))

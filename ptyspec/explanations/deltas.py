"""The difference between two runs: one row a setting, a fault or a pipeline, and the stages where it acts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ptyspec.contracts.stages import STAGES
from ptyspec.explanations.explanation import Difference
from ptyspec.explanations.search import Subset
from ptyspec.faults.catalogue import fault
from ptyspec.runs.run_spec import FAULT

ACTS = {
    "object probe scan dose": "simulate",
    "split": "split",
    "grouping": "group",
    "model training": "train",
    "model.N model.probe_scale model.probe_mask model.probe_mask_diameter": "simulate",
    "model.gridsize": "group train",
    "object.images_train": "simulate split",
    "inference.batch_size": "infer",
    "inference.synchronise_phase": "stitch",
    "inference.min_coverage": "normalize stitch",
    "inference.refine inference.iterative_sweeps inference.iterative_alpha": "score",
    "seeds.object seeds.probe seeds.scan seeds.noise": "simulate",
    "seeds.split": "split",
    "seeds.grouping": "group",
    "seeds.training": "train",
}
"""Stages at which settings act: sections, and single keys that say otherwise than their section."""
STAGES_OF: dict[str, Any] = {
    key: tuple(stages.split()) for keys, stages in ACTS.items() for key in keys.split()
}


def differences(good: Mapping[str, Any], bad: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return what differs between two effective settings: faults first, then by stage and name."""
    found = [
        Difference(name=name, good=good.get(name), bad=bad.get(name), stages=stages_of(name))
        for name in {**good, **bad}
        if good.get(name) != bad.get(name)
    ]
    return tuple(
        sorted(found, key=lambda one: (not one.is_fault, STAGES.index(one.stages[0]), one.name))
    )


def stages_of(name: str) -> Any:
    """Return the stages at which a setting or a fault acts; all of them where nobody can say."""
    if name.startswith(FAULT):
        stage = fault(name.removeprefix(FAULT)).stage
        return (stage,) if stage in STAGES else STAGES
    return STAGES_OF.get(name, STAGES_OF.get(name.partition(".")[0], STAGES))


def settings_with(
    good: Mapping[str, Any], deltas: Iterable[Difference], subset: Subset
) -> dict[str, Any]:
    """Return GOOD's settings with these differences taken over from BAD."""
    return {**good, **{delta.name: delta.bad for delta in deltas if delta.name in subset}}


def acting_at(deltas: Sequence[Difference], stage: str) -> list[str]:
    """Return the names of what acts at one stage; those that may act anywhere are not told apart by it."""
    return [delta.name for delta in deltas if stage in delta.stages and delta.stages != STAGES]

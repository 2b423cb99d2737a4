"""The difference between two variants: one delta a setting, a fault or a pipeline, and the stages where it acts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ptyspec.contracts.stages import STAGES
from ptyspec.explanations.plan import Subset

FAULT, PIPELINE = "fault.", "pipeline"
ACTS = {
    "object": ("simulate",),
    "probe": ("simulate",),
    "scan": ("simulate",),
    "dose": ("simulate",),
    "split": ("split",),
    "grouping": ("group",),
    "model": ("train",),
    "training": ("train",),
}
"""Stage that a section of the settings acts at, where no single key says otherwise."""
ACTS_ALONE = {
    "model.N": ("simulate",),
    "model.probe_scale": ("simulate",),
    "model.probe_mask": ("simulate",),
    "model.probe_mask_diameter": ("simulate",),
    "model.gridsize": ("group", "train"),
    "object.images_train": ("simulate", "split"),
    "inference.batch_size": ("infer",),
    "inference.synchronise_phase": ("stitch",),
    "inference.min_coverage": ("normalize", "stitch"),
    "inference.refine": ("score",),
    "inference.iterative_sweeps": ("score",),
    "inference.iterative_alpha": ("score",),
    "seeds.object": ("simulate",),
    "seeds.probe": ("simulate",),
    "seeds.scan": ("simulate",),
    "seeds.noise": ("simulate",),
    "seeds.split": ("split",),
    "seeds.grouping": ("group",),
    "seeds.training": ("train",),
}


class Named:
    """A setting, a fault or a pipeline, and its value on each side; a fault that is not active has the value None."""

    name: str
    good: Any
    bad: Any

    @property
    def is_fault(self) -> bool:
        """True for a fault of the catalogue."""
        return self.name.startswith(FAULT)

    def text(self) -> str:
        """Return it in words."""
        if self.is_fault:
            name = self.name.removeprefix(FAULT)
            return f"fault {name}" if self.bad else f"without fault {name}"
        return f"{self.name}: {self.good} → {self.bad}"


@dataclass(frozen=True)
class Delta(Named):
    """One thing in which BAD differs from GOOD."""

    name: str
    good: Any
    bad: Any
    stages: tuple[str, ...]


def differences(good: Mapping[str, Any], bad: Mapping[str, Any]) -> tuple[Delta, ...]:
    """Return the deltas between two effective settings: faults first, then by stage and name."""
    names = [name for name in {**good, **bad} if good.get(name) != bad.get(name)]
    found = [Delta(name, good.get(name), bad.get(name), stages_of(name)) for name in names]
    return tuple(sorted(found, key=lambda delta: (not delta.is_fault, _place(delta), delta.name)))


def stages_of(name: str) -> tuple[str, ...]:
    """Return the stages at which a setting or a fault acts; all of them where nobody can say."""
    if name.startswith(FAULT):
        from ptyspec.faults.catalogue import fault

        stage = fault(name.removeprefix(FAULT)).stage
        return (stage,) if stage in STAGES else STAGES
    return ACTS_ALONE.get(name, ACTS.get(name.partition(".")[0], STAGES))


def settings_with(
    good: Mapping[str, Any], deltas: Iterable[Delta], subset: Subset
) -> dict[str, Any]:
    """Return GOOD's settings with these deltas taken over from BAD."""
    return {**good, **{delta.name: delta.bad for delta in deltas if delta.name in subset}}


def acting_at(deltas: Sequence[Delta], stage: str) -> list[str]:
    """Return the names of the deltas that act at one stage; those that may act anywhere are not told apart by it."""
    return [delta.name for delta in deltas if stage in delta.stages and delta.stages != STAGES]


def _place(delta: Delta) -> int:
    return STAGES.index(delta.stages[0])

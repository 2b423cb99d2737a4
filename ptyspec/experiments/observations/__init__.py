"""Probes: one file a question that needs no training; each a function of a seed and an arm's values that returns numbers.

Here stands what several need: the stage outputs of a small scenario, and the choice that an arm names.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypeVar

from ptyspec.errors import ConfigError
from ptyspec.pipeline.reference import ReferencePipeline
from ptyspec.runs.request import request
from ptyspec.runs.walk import Walk

SMALL = ("model.N=32", "object.size=96", "scan.n_images=80", "grouping.n_groups=40")
T = TypeVar("T")


_shared: dict[str, Walk] | None = None


@contextmanager
def sharing() -> Iterator[None]:
    """Arms that ask for equal scenarios within get one walk: what they observe differs, not its scan."""
    global _shared
    _shared = {}
    try:
        yield
    finally:
        _shared = None


def stage_outputs(
    target: str, seed: int, settings: Sequence[str] = (), profile: str = "quick"
) -> Walk:
    """Return the reference's walk of a scenario: each output is computed when it is asked for."""
    scenario = request(target, profile=profile, seed=seed, settings=settings).scenario
    walk = Walk(ReferencePipeline(), scenario, recording=False)
    return walk if _shared is None else _shared.setdefault(scenario.model_dump_json(), walk)


def chosen(known: Mapping[str, T], name: str, what: str) -> T:
    """Return what an arm names; raises ConfigError where it is not known."""
    if name not in known:
        raise ConfigError(f"no such {what}", value=name, limit=", ".join(known), source="arm")
    return known[name]

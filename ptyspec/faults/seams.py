"""Replacements that several faults share; a fault that stands alone keeps its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ptyspec.contracts.arrays import Array
from ptyspec.contracts.scenario import Scenario

Make = Callable[[Callable[..., Any]], Callable[..., Any]]


def with_setting(section: str, **values: object) -> Make:
    """Return what makes a stage see `section.NAME` as given, whatever the scenario declares."""

    def make(stage: Callable[..., Any]) -> Callable[..., Any]:
        def wrong(scenario: Scenario, *rest: Any) -> Any:
            changed = getattr(scenario, section).model_copy(update=values)
            return stage(scenario.model_copy(update={section: changed}), *rest)

        return wrong

    return make


def key_without(section: str) -> Make:
    """Return what makes the run key forget the settings of a section."""

    def make(run_key: Callable[..., str]) -> Callable[..., str]:
        def wrong(values: Mapping[str, Any], *rest: Any) -> str:
            return run_key(
                {key: value for key, value in values.items() if key.partition(".")[0] != section},
                *rest,
            )

        return wrong

    return make


def repeating_members(draw: Callable[..., Array]) -> Callable[..., Array]:
    """A group of too few members repeats those that it has."""

    def wrong(seeds: Array, nearest: Array, members: int, draws: np.random.Generator) -> Array:
        made = draw(seeds, nearest, members, draws)
        return np.asarray(np.take(made, np.arange(members) % made.shape[1], axis=1))

    return wrong


def lenient(when: Callable[[Any], bool]) -> Make:
    """Return what makes a legacy pipeline enter a stage as if it only observed, where `when(dictionary)`."""

    def make(enter: Callable[..., Any]) -> Callable[..., Any]:
        def wrong(pipeline: Any, *args: Any, **kwargs: Any) -> Any:
            strict, pipeline.strict = pipeline.strict, pipeline.strict and not when(pipeline.cfg)
            try:
                return enter(pipeline, *args, **kwargs)
            finally:
                pipeline.strict = strict

        return wrong

    return make


class Walk:
    """A pipeline some of whose stages a subclass replaces; `inner` is the one that was asked for."""

    def __init__(self, pipeline: Any) -> None:
        from ptyspec.pipeline.reference import ReferencePipeline

        self.inner = pipeline or ReferencePipeline()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def walking(walk: Callable[[Any], Walk]) -> Make:
    """Return what makes `pipeline.run.run` walk another pipeline."""

    def make(run: Callable[..., Any]) -> Callable[..., Any]:
        def wrong(resolved: Any, *, pipeline: Any = None, session: Any = None) -> Any:
            return run(resolved, pipeline=walk(pipeline), session=session)

        return wrong

    return make

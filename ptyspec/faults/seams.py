"""What several faults need: other settings for one stage, another stage for one run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ptyspec.contracts.scenario import Scenario


def changed(scenario: Scenario, section: str, **values: object) -> Scenario:
    """Return the scenario with some settings of a section replaced, unchecked."""
    other = getattr(scenario, section).model_copy(update=values)
    return scenario.model_copy(update={section: other})


class Instead:
    """A pipeline whose stages can be replaced; `inner` is the one that was asked for."""

    def __init__(self, pipeline: Any) -> None:
        # Where it is needed, and not to list faults: it loads scipy.
        from ptyspec.pipeline.reference import ReferencePipeline

        self.inner = pipeline or ReferencePipeline()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def having(self, **stages: Callable[..., Any]) -> Instead:
        """Replace these stages and return this pipeline."""
        vars(self).update(stages)
        return self

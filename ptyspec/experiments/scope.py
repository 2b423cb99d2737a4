"""The scope of an experiment: factors that its arms vary, those they hold, and those that it never touched.

A result says something of the varied factors at the held ones, and nothing of the rest; the investigation read more into
a comparison than it had varied, and took it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ptyspec.experiments.hypothesis import Hypothesis
from ptyspec.experiments.records import Scope

SEEDS = "seeds."
"""Settings that differ from pair to pair, as they have to."""


def scope(hypothesis: Hypothesis, settings: Mapping[str, Mapping[str, Any]]) -> Scope:
    """Return the scope of arms with these settings, each at the same seed, and of what the file declares beside them.

    Arms that only a control compares are left out: what they vary is not what the claim is about.
    """
    claimed = {arm for contrast in hypothesis.contrast for arm in contrast.arms}
    arms = {name: values for name, values in settings.items() if name in claimed}
    every = {key: None for arm in arms.values() for key in arm if not key.startswith(SEEDS)}
    by_arm = {key: {name: arm.get(key) for name, arm in arms.items()} for key in every}
    differ = {key: row for key, row in by_arm.items() if len({*map(repr, row.values())}) > 1}
    same = {key: next(iter(row.values())) for key, row in by_arm.items() if key not in differ}
    declared = hypothesis.scope
    return Scope(
        varied=differ | {name: {} for name in declared.varied},
        held=same | dict.fromkeys(declared.held),
        not_exercised=(*declared.not_exercised, *_targets_left_out(hypothesis)),
    )


def lists(found: Scope) -> dict[str, list[str]]:
    """Return the scope as texts: factors varied with their values, factors held, factors not exercised."""
    varied = {key: dict.fromkeys(map(_shown, row.values())) for key, row in found.varied.items()}
    return {
        "varied": [f"{key}: {' | '.join(row)}" if row else key for key, row in varied.items()],
        "held": [key if value is None else f"{key} = {value}" for key, value in found.held.items()],
        "not_exercised": list(found.not_exercised),
    }


def _shown(value: Any) -> str:
    return "off" if value is None else str(value)


def _targets_left_out(hypothesis: Hypothesis) -> list[str]:
    """Return the shipped scenarios that no arm runs."""
    if hypothesis.probe is not None:
        return []
    from ptyspec.runs.request import scenario_names

    used = {str(words).partition(":")[0] for words in hypothesis.arms.values()}
    return [f"scenario {name}" for name in scenario_names() if name not in used]

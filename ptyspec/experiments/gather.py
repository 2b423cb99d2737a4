"""Run what a hypothesis asks for: variants from the store or in spawned processes, probes here; the result is evidence.

Its scope: factors that the arms vary, those they hold, and those that they never touched. A result says something of
the varied factors at the held ones, and nothing of the rest; the investigation read more into a comparison than it had
varied, and took it back.
"""

import importlib
import inspect
import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from typing import Any

from ptyspec.experiments.hypothesis import Hypothesis
from ptyspec.experiments.observations import sharing
from ptyspec.experiments.observe import (
    OUTCOME,
    Watch,
    ended_as,
    forget,
    known,
    observe_all,
    value,
    variant,
)
from ptyspec.experiments.records import Evidence, Row, Scope, design_of
from ptyspec.experiments.registry import ProbeFunctionError
from ptyspec.runs.environment import environment
from ptyspec.runs.request import scenario_names
from ptyspec.runs.run_spec import RunSpec

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
    used = {str(words).partition(":")[0] for words in hypothesis.arms.values()}
    # Of a probe's arms, which run no scenario, none is left out.
    unused = [name for name in scenario_names() if name not in used] if not hypothesis.probe else []
    return Scope(
        varied=differ | {name: {} for name in declared.varied},
        held=same | dict.fromkeys(declared.held),
        not_exercised=(*declared.not_exercised, *(f"scenario {name}" for name in unused)),
    )


def lists(found: Scope) -> dict[str, list[str]]:
    """Return the scope as texts: factors varied with their values, factors held, factors not exercised."""
    varied = {
        key: dict.fromkeys("off" if value is None else str(value) for value in row.values())
        for key, row in found.varied.items()
    }
    return {
        "varied": [f"{key}: {' | '.join(row)}" if row else key for key, row in varied.items()],
        "held": [key if value is None else f"{key} = {value}" for key, value in found.held.items()],
        "not_exercised": list(found.not_exercised),
    }


def gather(
    hypothesis: Hypothesis,
    *,
    processes: int = 2,
    progress: Watch | None = None,
    fresh: bool = False,
) -> Evidence:
    """Return the evidence: every arm at every seed. A run that is refused or diverges is a row like any other.

    `fresh` makes runs again that are in the store.

    Raises ProbeFunctionError for a probe that is none, and ConfigError for an arm that is no variant.
    """
    if hypothesis.probe is None:
        asked = variants_of(hypothesis)
        for one in asked.values() if fresh else ():
            forget(one)
        missing = sum(not known(one) for one in asked.values())
        if missing and progress is not None:
            progress(0, missing)
        seen = observe_all(list(asked.values()), processes=processes, progress=progress)
        rows = [
            _row(hypothesis, one, arm=arm, seed=seed, faults=asked[arm, seed].faults)
            for (arm, seed), one in zip(asked, seen, strict=True)
        ]
        first = hypothesis.design.seeds[0]
        settings = {arm: asked[arm, first].settings() for arm in hypothesis.arms}
    else:
        rows, settings = _probed(hypothesis, progress)
    facts = environment({})
    return Evidence(
        id=hypothesis.id,
        made=facts.pop("time"),
        design=design_of(hypothesis),
        environment=facts,
        scope=scope(hypothesis, settings),
        rows=tuple(rows),
    )


def variants_of(hypothesis: Hypothesis) -> dict[tuple[str, int], RunSpec]:
    """Return the pipeline of every arm at every seed."""
    how = {"profile": hypothesis.profile, "settings": hypothesis.settings}
    return {
        (arm, seed): variant(str(words), seed=seed, **how)
        for arm, words in hypothesis.arms.items()
        for seed in hypothesis.design.seeds
    }


def _row(hypothesis: Hypothesis, found: Mapping[str, Any], **where: Any) -> Row:
    """The row of an observation; one that broke by an error of nobody's making has no numbers."""
    broke, whole = found["outcome"] == "failed", found["outcome"] == "finished"
    values: dict[str, float | None] = dict.fromkeys(hypothesis.paths)
    for path in values:
        number = None if broke and not path.startswith(OUTCOME) else value(found, path)
        values[path] = number if number is not None and math.isfinite(number) else None
    return Row(
        **where,
        values=values,
        outcome=found["outcome"],
        key=found["key"],
        stage=None if whole else found["stage"],
        error=None if whole else str(found["error"])[:500],
        seconds=found["seconds"],
    )


def _probed(hypothesis: Hypothesis, progress: Watch | None) -> tuple[list[Row], dict[str, Any]]:
    function = probe(str(hypothesis.probe))
    arms: dict[str, Any] = dict(hypothesis.arms)
    for arm, arguments in arms.items():
        try:
            inspect.signature(function).bind(0, **arguments)
        except TypeError as problem:
            raise ProbeFunctionError(
                f"the probe does not take the values of arm {arm}: {problem}",
                value=arguments,
                source=hypothesis.probe,
                next_step="a probe is a function (seed, **values of the arm) -> dict of numbers",
            ) from problem
    repeats = range(2 if hypothesis.design.deterministic else 1)
    asked = list(product(hypothesis.design.seeds, repeats))
    rows: list[Row] = []
    for seed, repeat in asked:
        # A repeat shares nothing with the one before: that it gives the same is what it is for.
        with sharing():
            for arm, values in arms.items():
                start = time.perf_counter()
                outcome, error, numbers = ended_as(partial(function, seed, **values))
                seconds = round(time.perf_counter() - start, 3)
                told = {"outcome": outcome, "error": error, "seconds": seconds}
                found = {
                    **told,
                    "numbers": numbers or {},
                    "metrics": {},
                    "stage": None,
                    "key": None,
                }
                rows.append(_row(hypothesis, found, arm=arm, seed=seed, repeat=repeat))
                if progress is not None:
                    progress(len(rows), len(arms) * len(asked))
    return sorted(rows, key=lambda row: [*arms].index(row.arm)), arms


def probe(words: str) -> Callable[..., Mapping[str, float]]:
    """Return the function `module:function` of the probes; raises ProbeFunctionError where there is none."""
    module, _, name = words.partition(":")
    package = "ptyspec.experiments.observations"
    try:
        found = getattr(importlib.import_module(f"{package}.{module}"), name)
    except (ModuleNotFoundError, AttributeError) as error:
        what = "there is no such probe"
        step = f"write it: ptyspec/experiments/observations/{module}.py"
        raise ProbeFunctionError(what, value=words, source=package, next_step=step) from error
    return found  # type: ignore[no-any-return]

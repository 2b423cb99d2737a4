"""Run what a hypothesis asks for: variants from the store or in spawned processes, probes here; the result is evidence."""

from __future__ import annotations

import importlib
import inspect
import math
import time
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from ptyspec.experiments.errors import ProbeFunctionError
from ptyspec.experiments.hypothesis import Hypothesis
from ptyspec.experiments.observe import OUTCOME, ended_as, forget, known, observe_all, value
from ptyspec.experiments.records import Evidence, Row, design_of
from ptyspec.experiments.scope import scope
from ptyspec.experiments.variant import variant
from ptyspec.runs.environment import environment
from ptyspec.runs.run_spec import RunSpec

PROBES = "ptyspec.experiments.observations"
Watch = Callable[[int, int], None]
Probe = Callable[..., Mapping[str, float]]


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
        rows, settings = _variants(hypothesis, processes, progress, fresh)
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


def _variants(
    hypothesis: Hypothesis, processes: int, progress: Watch | None, fresh: bool
) -> tuple[list[Row], dict[str, Any]]:
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
    return rows, {arm: asked[arm, first].settings() for arm in hypothesis.arms}


def _row(hypothesis: Hypothesis, found: Mapping[str, Any], **where: Any) -> Row:
    """The row of an observation; one that broke by an error of nobody's making has no numbers."""
    broke, whole = found["outcome"] == "failed", found["outcome"] == "finished"
    values = {
        path: None if broke and not path.startswith(OUTCOME) else _finite(value(found, path))
        for path in hypothesis.paths
    }
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
    _check_arguments(hypothesis, function)
    repeats = range(2 if hypothesis.design.deterministic else 1)
    asked = list(product(hypothesis.arms, hypothesis.design.seeds, repeats))
    rows = []
    for done, (arm, seed, repeat) in enumerate(asked, start=1):
        found = _observed(function, seed, hypothesis.arms[arm])
        rows.append(_row(hypothesis, found, arm=arm, seed=seed, repeat=repeat))
        if progress is not None:
            progress(done, len(asked))
    return rows, dict(hypothesis.arms)


def _observed(function: Probe, seed: int, arguments: Any) -> dict[str, Any]:
    """What a probe came to, as an observation."""
    start = time.perf_counter()
    outcome, error, found = ended_as(lambda: function(seed, **arguments))
    seconds = round(time.perf_counter() - start, 3)
    told = {"outcome": outcome, "error": error, "seconds": seconds, "numbers": found or {}}
    return {**told, "metrics": {}, "stage": None, "key": None}


def _check_arguments(hypothesis: Hypothesis, function: Probe) -> None:
    for arm, arguments in hypothesis.arms.items():
        try:
            inspect.signature(function).bind(0, **arguments)  # type: ignore[arg-type]
        except TypeError as problem:
            raise ProbeFunctionError(
                f"the probe does not take the values of arm {arm}: {problem}",
                value=arguments,
                source=hypothesis.probe,
                next_step="a probe is a function (seed, **values of the arm) -> dict of numbers",
            ) from problem


def probe(words: str) -> Probe:
    """Return the function `module:function` of the probes; raises ProbeFunctionError where there is none."""
    module, _, name = words.partition(":")
    try:
        found = getattr(importlib.import_module(f"{PROBES}.{module}"), name)
    except (ModuleNotFoundError, AttributeError) as error:
        raise ProbeFunctionError(
            "there is no such probe",
            value=words,
            source=PROBES,
            next_step=f"write it: ptyspec/experiments/observations/{module}.py",
        ) from error
    return found  # type: ignore[no-any-return]


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)

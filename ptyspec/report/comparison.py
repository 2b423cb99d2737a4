"""Finished runs side by side, as one JSON document: scores beside controls, settings, stages, and what they share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ptyspec.contracts.records import StageRecord
from ptyspec.contracts.resolve import flatten
from ptyspec.report.comparison_runs import Compared
from ptyspec.scores import headline as scores
from ptyspec.scores.agreement import agreement

SCHEMA_VERSION = 1
NOT_COMPARED = ("schema_version", "time", "seeds")
"""Parts of environment.json that always differ, or stand among the settings."""
DRAWN = 6
"""Runs in the figure; the tables hold all."""


def comparison(runs: Sequence[Compared]) -> dict[str, Any]:
    """Return the document (docs/schemas/comparison.schema.json).

    `status` is `violation` where a run is wrong by its own scores, `incomplete` where the runs show different objects,
    so that only their scores, settings and stages are compared, else `ok`. `agreement` holds each later run beside the
    first, on the pixels both cover, without any rescaling.
    """
    one_object = runs[0].object_id is not None and len({one.object_id for one in runs}) == 1
    wrong = {one.name: scores.violations(one.run.metrics) for one in runs}
    stages = _stages(runs)
    return {
        "schema_version": SCHEMA_VERSION,
        "status": "violation" if any(wrong.values()) else "ok" if one_object else "incomplete",
        "runs": [_identity(one, wrong[one.name]) for one in runs],
        "same_object": one_object,
        "same_data": _same_data(runs),
        "limits": _limits(runs, one_object),
        "scores": {one.name: _scores(one) for one in runs},
        "agreement": _agreement(runs) if one_object else {},
        "settings": _settings(runs),
        "environment": _environment(runs),
        "first_stage_that_differs": next((row["stage"] for row in stages if row["differs"]), None),
        "stages": stages,
        "cost": {one.name: _cost(one) for one in runs},
        "training": {one.name: _training(one) for one in runs},
    }


def _identity(one: Compared, wrong: list[str]) -> dict[str, Any]:
    scenario = one.run.resolved.scenario
    return {
        "name": one.name,
        "scenario": scenario.name,
        "folder": str(one.run.folder),
        "object": one.object_id,
        "status": "violation" if wrong else "ok",
        "violations": wrong,
        "faults": list(one.run.environment.get("faults") or []),
    }


def _limits(runs: Sequence[Compared], one_object: bool) -> list[str]:
    """What must not be read out of this comparison."""
    lines = []
    if not one_object:
        lines.append(
            "The runs show different objects, or it is not known which: reconstructions are not subtracted from each other "
            "and each has its own colour scale; a score is against the run's own truth."
        )
    without = [one.name for one in runs if not scores.has_truth(one.run.metrics)]
    if without and len(without) < len(runs):
        lines.append(
            f"No object is known for {', '.join(without)}: scores against a truth are missing there."
        )
    broken = [
        f"{one.name}: {', '.join(found)}"
        for one in runs
        if (found := one.run.environment.get("faults"))
    ]
    if broken:
        lines.append(f"Faults were active on purpose in {'; '.join(broken)}.")
    if len({one.run.environment.get("commit") for one in runs}) > 1:
        lines.append("The runs were made at different commits: a difference may be the code's.")
    if len(runs) > DRAWN:
        lines.append(f"The figure shows the first {DRAWN} of {len(runs)} runs.")
    return lines


def _same_data(runs: Sequence[Compared]) -> bool | None:
    """True where the first stage recorded the same frames, to the last digit of their energy and extremes; None: no record."""
    found = [
        one.run.stages["simulate"].arrays.get("diff3d") if "simulate" in one.run.stages else None
        for one in runs
    ]
    return None if None in found else all(stats == found[0] for stats in found)


def _scores(one: Compared) -> dict[str, dict[str, float | None]]:
    wanted = scores.columns(one.run.metrics)
    return {
        name: scores.headline(block, wanted)
        for name, block in scores.blocks(one.run.metrics).items()
    }


def _agreement(runs: Sequence[Compared]) -> dict[str, Any]:
    found = {}
    for one in runs[1:]:
        made = agreement(one.run.reconstruction, runs[0].run.reconstruction)
        raw = made["raw"]
        found[one.name] = {
            "with": runs[0].name,
            "pixels": made["pixels"],
            "reason": made["reason"],
            **{
                key: raw.get(key)
                for key in ("amplitude_ratio", "amplitude_pearson_r", "phase_pearson_r", "nrmse")
            },
        }
    return found


def _settings(runs: Sequence[Compared]) -> list[dict[str, Any]]:
    """Settings that differ, with value and source of each run, in the scenario's order."""
    rows = {one.name: one.run.resolved.as_json()["values"] for one in runs}
    keys = list(
        dict.fromkeys(
            key for values in rows.values() for key in values if key not in ("name", "description")
        )
    )
    found: list[dict[str, Any]] = [
        {"key": key, "values": {name: values.get(key) for name, values in rows.items()}}
        for key in keys
    ]
    return [
        row
        for row in found
        if _differ([value and value["value"] for value in row["values"].values()])
    ]


def _environment(runs: Sequence[Compared]) -> list[dict[str, Any]]:
    facts = {}
    for one in runs:
        kept = {key: value for key, value in one.run.environment.items() if key not in NOT_COMPARED}
        facts[one.name] = dict(flatten(kept))
    keys = list(dict.fromkeys(key for values in facts.values() for key in values))
    found: list[dict[str, Any]] = [
        {"key": key, "values": {name: values.get(key) for name, values in facts.items()}}
        for key in keys
    ]
    return [row for row in found if _differ(list(row["values"].values()))]


def _stages(runs: Sequence[Compared]) -> list[dict[str, Any]]:
    """One row a stage's number or array mean, in the order of the stages; `differs` unless all are equal bit by bit."""
    names = list(dict.fromkeys(name for one in runs for name in one.run.stages))
    found = []
    for stage in names:
        records = {one.name: one.run.stages.get(stage) for one in runs}
        for what, read in _quantities(
            [record for record in records.values() if record is not None]
        ).items():
            values = {
                name: None if record is None else read(record) for name, record in records.items()
            }
            row = {
                "stage": stage,
                "quantity": what,
                "values": values,
                "differs": _differ(list(values.values())),
            }
            found.append(row)
    return found


def _quantities(records: Sequence[StageRecord]) -> dict[str, Callable[[StageRecord], float | None]]:
    """What can be compared of a stage, by name: its numbers, and the mean of each array."""
    numbers = dict.fromkeys(key for record in records for key in record.numbers)
    arrays = dict.fromkeys(key for record in records for key in record.arrays)
    found: dict[str, Callable[[StageRecord], float | None]] = {key: _number(key) for key in numbers}
    return found | {f"mean of {key}": _mean(key) for key in arrays}


def _number(key: str) -> Callable[[StageRecord], float | None]:
    return lambda record: record.numbers.get(key)


def _mean(key: str) -> Callable[[StageRecord], float | None]:
    return lambda record: record.arrays[key].mean if key in record.arrays else None


def _differ(values: Sequence[object]) -> bool:
    return any(value != values[0] for value in values[1:])


def _cost(one: Compared) -> dict[str, float]:
    stages = one.run.stages.values()
    return {
        "seconds": sum(record.seconds for record in stages),
        "cpu_seconds": sum(record.cpu_seconds for record in stages),
        "peak_rss_mb": max((record.peak_rss_mb for record in stages), default=0.0),
    }


def _training(one: Compared) -> Mapping[str, Any] | None:
    history = one.run.history
    if history is None or not history.epochs:
        return None
    best = next(
        (row for row in history.epochs if row.epoch == history.best_epoch), history.epochs[-1]
    )
    return {
        "epochs": len(history.epochs),
        "best_epoch": best.epoch,
        "monitor": history.monitor,
        "best": best.metrics.get(history.monitor),
    }

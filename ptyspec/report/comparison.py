"""Finished runs side by side as one document, compare.json: which runs, scores beside controls, settings, stages."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from ptyspec.checks.verdict import verdict_of
from ptyspec.contracts.base import Record
from ptyspec.contracts.bundles import Array
from ptyspec.contracts.records import Number, Setting, StageRecord
from ptyspec.contracts.resolve import flatten
from ptyspec.errors import ConfigError
from ptyspec.faults import catalogue
from ptyspec.files.zipped_arrays import NpzArchive
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.runs.run_spec import KEY_DIGITS, Options, run_specs
from ptyspec.runs.store import RunStore
from ptyspec.scores import headline as scores
from ptyspec.scores.agreement import agreement


@dataclass(frozen=True)
class Compared:
    """One finished run under the name that tables and figures give it."""

    name: str
    run: FinishedRun

    @cached_property
    def truth(self) -> Array | None:
        """The known object (H, W) complex64 that the run was scored against, or None."""
        if not scores.has_truth(self.run.metrics):
            return None
        with NpzArchive(self.run.folder / "scan.npz") as archive:
            return archive.read("objectGuess") if "objectGuess" in archive else None

    @cached_property
    def object_id(self) -> str | None:
        """What names the object: a digest of the truth's values, else that of the measured file; None if neither."""
        if self.truth is not None:
            digest = hashlib.sha256(np.ascontiguousarray(self.truth).tobytes())
            digest.update(str(self.truth.shape).encode())
            return digest.hexdigest()
        return self.run.resolved.scenario.scan.sha256 or None


def runs(targets: Sequence[str], options: Options, store: RunStore | None = None) -> list[Compared]:
    """Return the runs under names that differ; nothing is run for it.

    A target is what `ptyspec run` takes, or a run's folder or key; `options` are for the former. Raises ConfigError where
    fewer than two runs, or one run twice, are named, and InputFileError for a run that is not finished or is damaged.
    """
    kept = store or RunStore()
    asked = run_specs(targets, options, faults=catalogue.names(), store=kept)
    folders = [one.stored(kept) for one in asked]
    where = "command line"
    if len(folders) < 2:
        wrong = "a comparison takes two runs or more"
        more = "ptyspec compare RUN RUN: folders, keys, or scenarios that are finished"
        raise ConfigError(wrong, value=len(folders), source=where, next_step=more)
    for target, folder in zip(targets, folders, strict=True):
        if folders.count(folder) > 1:
            more = "name runs that differ, such as SCENARIO:KEY=VALUE, or a run's folder"
            wrong = "the same run is named twice"
            raise ConfigError(wrong, value=target, source=where, next_step=more)
    found: dict[str, Compared] = {}
    for folder in folders:
        run = FinishedRun(folder).check()
        name = f"{run.resolved.scenario.name}@{folder.name[:KEY_DIGITS]}"
        name = name if name not in found else f"{name}#{len(found) + 1}"
        found[name] = Compared(name, run)
    return list(found.values())


DRAWN = 6
"""Runs in the figure; the tables hold all."""
DIFFERENT = (
    "The runs show different objects, or it is not known which: reconstructions are not subtracted from each other "
    "nor drawn side by side; a score is against the run's own truth."
)

Status = Literal["ok", "doubtful", "violation", "incomplete"]
ByRun = dict[str, Number]
"""A number of each run, by the names that `runs` lists."""


class Identity(Record):
    """One run; object: the digest of its truth or of the measured file."""

    name: str
    scenario: str
    folder: str
    object: str | None
    status: Literal["right", "doubtful", "wrong", "incomplete"]
    verdict: str
    violations: list[str]
    faults: list[str]


class DiffersRow(Record):
    """A fact that differs, with what it is in each run; None where one has none."""

    key: str
    values: dict[str, Any]


class StageRow(Record):
    """A number of a stage, or the mean of an array; differs: unless all are equal bit by bit."""

    stage: str
    quantity: str
    values: ByRun
    differs: bool


class Beside(Record):
    """A reconstruction beside that of the first run, on the pixels both cover, without any rescaling."""

    first: str = Field(alias="with")
    pixels: Annotated[int, Field(ge=0)]
    reason: str | None
    amplitude_ratio: Number = None
    amplitude_pearson_r: Number = None
    phase_pearson_r: Number = None
    nrmse: Number = None


class Cost(Record):
    """What all stages of a run took together."""

    seconds: float
    cpu_seconds: float
    peak_rss_mb: float


class Training(Record):
    """The epoch whose weights were kept, and the smallest value of what was watched."""

    epochs: int
    best_epoch: int
    monitor: str
    best: Number


class Comparison(Record):
    """compare.json: finished runs side by side; what is keyed by run has the names that `runs` lists.

    - status: `violation` where a run is wrong; `incomplete` where one cannot be judged or the runs
      show different objects, so that only their scores, settings and stages are compared;
      `doubtful` where a run is doubtful; else `ok`.
    - same_data: None where no record tells.
    - scores: by run, by estimator, by score.
    - agreement: each later run beside the first.
    - settings: value and source of those that differ.
    """

    schema_version: Literal[1] = 1
    status: Status
    runs: Annotated[list[Identity], Field(min_length=2)]
    same_object: bool
    same_data: bool | None
    limits: list[str]
    scores: dict[str, dict[str, ByRun]]
    agreement: dict[str, Beside]
    settings: list[DiffersRow]
    environment: list[DiffersRow]
    first_stage_that_differs: str | None
    stages: list[StageRow]
    cost: dict[str, Cost]
    training: dict[str, Training | None]


def comparison(runs: Sequence[Compared]) -> Comparison:
    """Return the runs side by side."""

    def settings(run: FinishedRun) -> dict[str, Setting]:
        return {key: Setting(**row) for key, row in run.resolved.as_json()["values"].items()}

    moving = ("schema_version", "time", "seeds")  # these always differ, or stand among the settings
    one_object = runs[0].object_id is not None and len({one.object_id for one in runs}) == 1
    verdicts = [verdict_of(one.run) for one in runs]
    identities = [
        Identity(
            name=one.name,
            scenario=one.run.resolved.scenario.name,
            folder=str(one.run.folder),
            object=one.object_id,
            status=verdict.status,
            verdict=verdict.line,
            violations=[f"{row.clause} at {row.stage}" for row in verdict.failed],
            faults=list(one.run.environment.get("faults") or []),
        )
        for one, verdict in zip(runs, verdicts, strict=True)
    ]
    # The same frames, to the last digit of their energy and extremes; None where a run has no record.
    records = [one.run.stages.get("simulate") for one in runs]
    frames = [record and record.arrays.get("diff3d") for record in records]
    stages = _stages(runs)
    return Comparison(
        status=_status([row.status for row in identities], one_object),
        runs=identities,
        same_object=one_object,
        same_data=None if None in frames else not _differ(frames),
        limits=_limits(runs, one_object),
        scores={one.name: scores.headlines(one.run.metrics) for one in runs},
        agreement=_agreement(runs) if one_object else {},
        settings=_differing(runs, settings, ("name", "description")),
        environment=_differing(runs, lambda run: dict(flatten(run.environment)), moving),
        first_stage_that_differs=next((row.stage for row in stages if row.differs), None),
        stages=stages,
        cost={one.name: _cost(one) for one in runs},
        training={one.name: _training(one) for one in runs},
    )


def _status(verdicts: Sequence[str], one_object: bool) -> Status:
    if "wrong" in verdicts:
        return "violation"
    if not one_object or "incomplete" in verdicts:
        return "incomplete"
    return "doubtful" if "doubtful" in verdicts else "ok"


def _limits(runs: Sequence[Compared], one_object: bool) -> list[str]:
    """What must not be read out of this comparison."""
    lines = [] if one_object else [DIFFERENT]
    without = [one.name for one in runs if not scores.has_truth(one.run.metrics)]
    if without and len(without) < len(runs):
        named = ", ".join(without)
        lines.append(f"No object is known for {named}: scores against a truth are missing there.")
    faults = {one.name: one.run.environment.get("faults") for one in runs}
    broken = [f"{name}: {', '.join(active)}" for name, active in faults.items() if active]
    if broken:
        lines.append(f"Faults were active on purpose in {'; '.join(broken)}.")
    if len({one.run.environment.get("commit") for one in runs}) > 1:
        lines.append("The runs were made at different commits: a difference may be the code's.")
    if one_object and len(runs) > DRAWN:
        lines.append(f"The figure shows the first {DRAWN} of {len(runs)} runs.")
    return lines


def _agreement(runs: Sequence[Compared]) -> dict[str, Beside]:
    first, found = runs[0], {}
    for one in runs[1:]:
        seen = agreement(one.run.reconstruction, first.run.reconstruction)
        kept = {key: value for key, value in seen["raw"].items() if key in Beside.model_fields}
        row = {"with": first.name, "pixels": seen["pixels"], "reason": seen["reason"], **kept}
        found[one.name] = Beside.model_validate(row)
    return found


def _differing(
    runs: Sequence[Compared],
    facts: Callable[[FinishedRun], Mapping[str, Any]],
    left_out: Sequence[str],
) -> list[DiffersRow]:
    """What differs between the runs, in the order of the first."""
    rows = _beside({one.name: facts(one.run) for one in runs})
    return [
        DiffersRow(key=key, values=values)
        for key, values in rows.items()
        if key.partition(".")[0] not in left_out and _differ(list(values.values()))
    ]


def _stages(runs: Sequence[Compared]) -> list[StageRow]:
    """One row a stage's number or array mean, in the order of the stages."""
    rows = []
    for stage in dict.fromkeys(name for one in runs for name in one.run.stages):
        numbers = {one.name: _numbers(one.run.stages.get(stage)) for one in runs}
        for what, values in _beside(numbers).items():
            differs = _differ(list(values.values()))
            rows.append(StageRow(stage=stage, quantity=what, values=values, differs=differs))
    return rows


def _numbers(record: StageRecord | None) -> dict[str, float | None]:
    """What can be compared of a stage, by name: its numbers, and the mean of each array."""
    if record is None:
        return {}
    means = {f"mean of {name}": stats.mean for name, stats in record.arrays.items()}
    return {**record.numbers, **means}


def _beside(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The values of all runs by key; None where one has none."""
    keys = dict.fromkeys(key for values in rows.values() for key in values)
    return {key: {name: values.get(key) for name, values in rows.items()} for key in keys}


def _differ(values: Sequence[Any]) -> bool:
    """Whether they differ; a setting by its value, whoever set it."""
    known = [one.value if isinstance(one, Setting) else one for one in values]
    return any(value != known[0] for value in known[1:])


def _cost(one: Compared) -> Cost:
    stages = one.run.stages.values()
    return Cost(
        seconds=sum(record.seconds for record in stages),
        cpu_seconds=sum(record.cpu_seconds for record in stages),
        peak_rss_mb=max((record.peak_rss_mb for record in stages), default=0.0),
    )


def _training(one: Compared) -> Training | None:
    history = one.run.history
    if history is None or not history.epochs:
        return None
    kept = [row for row in history.epochs if row.epoch == history.best_epoch]
    best = (kept or history.epochs)[-1]
    return Training(
        epochs=len(history.epochs),
        best_epoch=best.epoch,
        monitor=history.monitor,
        best=best.metrics.get(history.monitor),
    )

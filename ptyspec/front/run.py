"""`ptyspec.run`: one call from a scenario or a file to a finished run that shows itself."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ptyspec.pipeline.protocol import Progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ptyspec.checks.verdict import Verdict
    from ptyspec.contracts.bundles import Array, RawScan
    from ptyspec.contracts.records import StageRecord
    from ptyspec.contracts.resolve import Resolved
    from ptyspec.contracts.scenario import Scenario
    from ptyspec.pipeline.protocol import Pipeline
    from ptyspec.runs.run_spec import RunSpec
    from ptyspec.runs.store import RunStore


Changes = Mapping[str, Any] | Sequence[str]
"""Settings by dotted key, or KEY=VALUE as on the command line."""


def begin() -> None:
    """Fix the threads of numerical libraries, unless somebody has done so or TensorFlow already runs with its own."""
    from ptyspec.runs.threads import default_threads, set_threads

    if "TF_NUM_INTRAOP_THREADS" not in os.environ and "tensorflow" not in sys.modules:
        set_threads(default_threads())


def settings_of(changes: Changes | None) -> list[str]:
    """Return settings as KEY=VALUE."""
    if not isinstance(changes, Mapping):
        return list(changes or ())
    plain = {key: one.item() if hasattr(one, "item") else one for key, one in changes.items()}
    return [f"{key}={json.dumps(value, default=str)}" for key, value in plain.items()]


class Run:
    """A finished run: its verdict, its scores beside baselines, its object, and what each stage did.

    In a notebook it shows itself with pictures. Each part is read from `folder` when it is first asked for.
    """

    def __init__(self, folder: Path | str) -> None:
        from ptyspec.runs.finished_run import FinishedRun

        self.folder = Path(folder)
        self._files = FinishedRun(self.folder)

    @cached_property
    def verdict(self) -> "Verdict":
        """Right, doubtful, wrong or incomplete; with the first broken clause, its stage, and the next command."""
        from ptyspec.checks.verdict import verdict_of

        return verdict_of(self._files)

    @cached_property
    def scores(self) -> dict[str, dict[str, float | None]]:
        """Headline scores of the network and of each baseline, by its name; None where a score has no value."""
        from ptyspec.scores import headline

        return headline.headlines(self.metrics)

    @property
    def metrics(self) -> Mapping[str, Any]:
        """Every score, as in metrics.json."""
        return self._files.metrics

    @property
    def stages(self) -> "dict[str, StageRecord]":
        """What each stage did, in order: seconds, memory, numbers, and a summary of each array."""
        return self._files.stages

    @property
    def scenario(self) -> "Scenario":
        """The settings that were effective."""
        return self._files.resolved.scenario

    @property
    def object(self) -> "Array":
        """The reconstructed object of the network, (H, W) complex64, NaN where no light fell."""
        return self._files.reconstruction.object

    @property
    def scan(self) -> "RawScan":
        """The scan that was reconstructed."""
        return self._files.scan

    @property
    def report(self) -> Path:
        """The page for a browser, made now where it is not there yet."""
        from ptyspec.report import pages

        return pages.ensure(self.folder) / "report.html"

    def baseline(self, name: str) -> "Array":
        """Return the object of a baseline: trivial, untrained, or iterative."""
        return self._files.control(name).object

    def plot(self) -> "Figure":
        """Return a figure of amplitude and phase: the reference, the network, and the trivial baseline."""
        from ptyspec.front.view import picture

        return picture(self._files.result())

    def __repr__(self) -> str:
        from ptyspec.front.view import text

        return text(self)

    def _repr_html_(self) -> str:
        from ptyspec.front.view import html

        return html(self)


class _Told(Progress):
    """Tells of each stage on stderr, so that nobody waits in silence."""

    def stage_finished(self, record: "StageRecord") -> None:
        """Print a line."""
        print(f"{record.name:<10} {record.seconds:6.1f} s", file=sys.stderr)

    def message(self, text: str) -> None:
        """Print it."""
        print(text, file=sys.stderr)


def run(
    target: "str | Path | Scenario",
    *,
    profile: str | None = None,
    recipe: str | None = None,
    seed: int | None = None,
    set: Changes | None = None,
    refine: int | None = None,
    pipeline: "Pipeline | type[Pipeline] | None" = None,
    out: Path | str | None = None,
    force: bool = False,
    resume: bool = False,
    progress: Progress | bool = True,
    store: "RunStore | None" = None,
) -> Run:
    """Reconstruct, and return the finished run; an equal request is answered from the store.

    Args:
        target: a shipped scenario's name, a scenario file or a scan, with `:OPTION,...` behind it where only this
            run is meant; a `Scenario`; or a finished run's folder or key, which is read and not run.
        profile: size of a simulated scan: quick, standard, stable.
        recipe: how the network is trained.
        seed: for everything that is drawn.
        set: settings by dotted key, such as {"dose.nphotons": 1e5}.
        refine: sweeps of the iterative reference that start from the network's object.
        pipeline: who walks the stages; the reference where nobody is named.
        out: a folder that receives a copy, with its report.
        force: make the run again, and replace a run in `out`.
        resume: go on from the checkpoint of an interrupted training.
        progress: True tells of each stage on stderr; or an object that is told.

    Raises:
        PtyspecError: with the value, the limit, its source and the next step.
    """
    begin()
    from ptyspec.files.disk import publish
    from ptyspec.runs.finished_run import FinishedRun

    changes = settings_of(set)
    if refine is not None:
        changes.insert(0, f"inference.refine={refine}")
    spec = _meant(target, profile=profile, recipe=recipe, seed=seed, settings=changes)
    place = None if out is None else Path(out)
    if spec.folder is not None:
        FinishedRun(spec.folder).check()
        return Run(spec.folder if place is None else publish(spec.folder, place, force))
    walk = spec.make_pipeline() if pipeline is None else pipeline
    how: dict[str, Any] = {"pipeline": walk() if isinstance(walk, type) else walk}
    how |= {"resume": resume, "store": store, "force": force, "faults": spec.faults}
    how |= {"out": place, "report": place is not None}
    return Run(produce(spec.resolved, progress=told_by(progress), **how))


def told_by(progress: Progress | bool) -> Progress | None:
    """Return who is told: for True, whoever reads stderr."""
    return progress if not isinstance(progress, bool) else _Told() if progress else None


def _meant(target: "str | Path | Scenario", **options: Any) -> "RunSpec":
    from ptyspec.contracts.resolve import Layer, resolve
    from ptyspec.contracts.scenario import Scenario
    from ptyspec.experiments.observe import variant
    from ptyspec.runs.run_spec import RunSpec

    if not isinstance(target, Scenario):
        return variant(str(target), **options)
    if any(options.values()):
        from ptyspec.errors import ConfigError

        raise ConfigError("a Scenario has its settings already", value=target.name, source="run()")
    return RunSpec(resolve([Layer("scenario", target.model_dump())]), name=target.name)


def produce(
    resolved: "Resolved",
    *,
    out: Path | None = None,
    force: bool = False,
    progress: Progress | None = None,
    faults: Sequence[str] = (),
    report: bool = True,
    **how: Any,
) -> Path:
    """Return the folder of the finished run, with its report if asked for; `how` goes to `runs.run.produce`.

    `faults` are active while the run is made, and no longer: its pages are made by the code as it
    is. `out` receives a copy; OutputExistsError, before any work, where it holds something and not `force`.
    """
    from ptyspec.faults.apply import applied_once
    from ptyspec.files.disk import check_output, publish
    from ptyspec.report import pages
    from ptyspec.runs import run as data

    if out is not None:
        check_output(out, force)
    if resolved.scenario.measured:
        from ptyspec.checks.preflight import admit

        how["look"] = partial(admit, resolved.scenario, (progress or Progress()).message)
    with applied_once(*faults):
        folder = data.produce(resolved, force=force, progress=progress, **how)
    if report:
        pages.ensure(folder, progress)
    return folder if out is None else publish(folder, out, force)

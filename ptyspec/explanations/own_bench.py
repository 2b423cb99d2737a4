"""Where subsets of a foreign pipeline's own settings become answers: of a black box, of a command, or of eight stages."""

import hashlib
import math
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path
from time import monotonic
from typing import Any

import ptyspec
from ptyspec.checks.box import SCENE, box_beside
from ptyspec.checks.judge import judge, registered
from ptyspec.checks.stage_outputs import StageOutputs
from ptyspec.contracts.resolve import Resolved
from ptyspec.errors import ConfigError, PtyspecError
from ptyspec.experiments.black_box import box_observation
from ptyspec.experiments.observe import walked
from ptyspec.explanations.explanation import ChainRow, SeedRun
from ptyspec.explanations.laboratory import SILENT, TRAINING_SEED, Bench, Tell
from ptyspec.explanations.own_differences import mixed, own_differences
from ptyspec.explanations.search import NOTHING, Outcome, Run, Subset, Symptom, unread
from ptyspec.explanations.splice import Splicer, digest_of
from ptyspec.pipeline.protocol import Pipeline
from ptyspec.runs.limits import Limits
from ptyspec.runs.own_settings import declared, own_settings, read_own, with_own
from ptyspec.runs.pipelines import is_box, maker, pipeline_code
from ptyspec.runs.remote import Remote
from ptyspec.runs.request import request
from ptyspec.runs.run_spec import Options, RunSpec
from ptyspec.runs.store import answer, code_version, source_digest
from ptyspec.runs.variables import Variables, variables
from ptyspec.runs.walk import Walk
from ptyspec.spec.clause import specification
from ptyspec.spec.finding import Finding, State, worst

JUDGES = ("checks", "scores", "spec", "experiments/black_box.py", "experiments/observe.py")
"""What makes an answer of what a pipeline returned."""
UNNAMED = "nothing names the code of this pipeline: its answers last for one search"
Observation = dict[str, Any]


@dataclass(frozen=True)
class Side(RunSpec):
    """A pipeline of stages with own settings, as the splice takes a side."""

    made: Any = field(default=None, compare=False)

    def make_pipeline(self) -> Pipeline:
        """Return who walks the stages."""
        pipeline: Pipeline = self.made
        return pipeline


class OwnBench(Bench):
    """Asks one pipeline with the settings between two dictionaries; a context manager, so that its processes end.

    - pipeline: MODULE:ATTR, `cmd:COMMAND`, or an object; good, bad: its own settings, files or dictionaries.
    - symptom: comparisons of scores, or the id of a clause.
    - options: change the scan of a black box (that of `ptyspec check`), or the scenario gs1_custom of stages.

    A command is asked in as many processes as the user allows, anything else in this process, one call at a time.
    Answers are kept in the store where the pipeline's code can be named, and in memory otherwise.
    """

    def __init__(
        self,
        pipeline: Any,
        good: Path | str | Mapping[str, Any],
        bad: Path | str | Mapping[str, Any],
        symptom: Symptom | str,
        options: Options,
        processes: int = 2,
        tell: Tell = SILENT,
        limits: Limits | None = None,
    ) -> None:
        sides = read_own(good), read_own(bad)
        self.pipeline, self.limits = pipeline, limits
        first = self._first = self._new({})
        self._local, self._opened = threading.local(), list[Remote]()
        if isinstance(first, Remote):
            self._local.remote, self._opened = first, [first]
        self.good, self.bad = (declared(first, side) for side in sides)
        self.seed, self.symptom = str(getattr(first, "seed", "") or ""), symptom
        processes = processes if isinstance(first, Remote) else 1
        super().__init__(own_differences(self.good, self.bad), processes, tell)
        settings = (*(SCENE if is_box(first) else ()), *options.settings)
        how: Any = {"profile": options.profile or "quick", "seed": options.seed}
        self.resolved = request("gs1_custom", settings=settings, **how)
        for values in (self.good, self.bad):
            with_own(first, own_settings(values).settings)  # refused where nothing reads them
        if isinstance(symptom, str):
            self._concerned(symptom)
        if self._code is None:
            tell(UNNAMED)
        self._threads = ThreadPoolExecutor(self.processes)
        self._ended = False
        self.kept: dict[str, Observation] = {}
        self.said: dict[Subset, Observation] = {}

    def __enter__(self) -> "OwnBench":
        return self

    def __exit__(self, *error: object) -> None:
        if error[0] is not None:  # nobody waits for the answers that are under way
            self._ended = True
            for remote in self._opened:
                remote.process.abandon()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for remote in self._opened:
            remote.close()

    def runs(self, subsets: Sequence[Subset]) -> list[Run]:
        """Ask with the settings of each subset and say how each ended."""
        return self._each(lambda subset: self._run(subset), subsets)

    def repeated(self, subsets: Sequence[Subset], count: int) -> dict[Subset, list[SeedRun]]:
        """Return how the same subsets end with `count` other seeds.

        A black box is seeded by the setting that it names; none where it names none, or where both sides differ in it.
        Stages are seeded by the scenario where they name none.
        """
        name = self.seed or ("" if is_box(self._first) else TRAINING_SEED)
        if not name or any(delta.name == name for delta in self.deltas):
            return super().repeated(subsets, count)
        first = self.good.get(name, 0) if self.seed else self.resolved.scenario.seeds.training
        if not isinstance(first, int):
            return super().repeated(subsets, count)
        asked = [(one, first + step) for one in subsets for step in range(1, count + 1)]
        self.tell(f"{len(asked)} runs with other seeds")
        ended = self._each(lambda pair: self._run(*pair), asked)
        found = super().repeated(subsets, count)
        for (subset, seed), run in zip(asked, ended, strict=True):
            found[subset].append(SeedRun(seed=seed, **dict(run)))
        return found

    def chain(self, bad: Run, good: Run) -> ChainRow:
        """Return where the symptom enters, by splicing the stages of both sides; a black box has none."""
        if is_box(self._first):
            return ChainRow(reason="a black box has no stages")
        if isinstance(self.symptom, str):
            return ChainRow(reason="a clause is judged on the stages of one side")
        if pipeline_code(self._first) is None:
            return ChainRow(reason="the source of this pipeline is in no file")
        own = [own_settings(values) for values in (self.good, self.bad)]
        if any(one.environment for one in own):
            return ChainRow(reason="environment variables belong to a whole call")
        made = [with_own(self._new({}), one.settings) for one in own]
        first, second = (Side(self.resolved, pipeline=one.name, made=one) for one in made)
        return Splicer(first, second).chain(self.symptom, bad, good, self.tell)

    def left(self, best: Subset | None) -> dict[str, str]:
        """Return what an interrupted search leaves: its answers where the pipeline's code has a name, else words."""
        if self._code is not None:
            return super().left(best)
        smallest = "none was found" if best is None else ", ".join(sorted(best))
        value = f"{self.told} runs, which are not kept; the smallest failing set: {smallest}"
        step = "name a MODULE:ATTR of a file"
        if isinstance(self._first, Remote):
            step = "let the handshake say `code`, such as a commit (docs/process-door.md)"
        return {"value": value, "limit": UNNAMED, "next_step": step}

    def unreadable(self, side: str, subset: Subset) -> PtyspecError:
        """Return the error for a GOOD or BAD from which the symptom cannot be read."""
        seen = self.said[subset]
        if not isinstance(self.symptom, str):
            return unread(self.symptom, seen, side)
        what = f"the clause cannot be judged in {side}"
        step = f"name a {side} that runs, or a symptom such as 'outcome.failed==1'"
        return ConfigError(what, value=seen["words"], source=self.symptom, next_step=step)

    def notes(self, causes: Sequence[Sequence[str]]) -> tuple[str, ...]:
        """Return what a clause said of GOOD, BAD and GOOD with each cause, and which combinations gave no answer."""
        told = []
        if isinstance(self.symptom, str):
            whole = frozenset(delta.name for delta in self.deltas)
            named = {NOTHING: "GOOD", whole: "BAD"}
            for one in causes:
                named.setdefault(frozenset(one), f"GOOD with {', '.join(one)}")
            told = [
                f"{name}: {self.said[subset]['words']}."
                for subset, name in named.items()
                if subset in self.said
            ]
        lost: dict[str, list[Subset]] = {}
        for subset, seen in self.said.items():
            if self._read(seen).outcome is Outcome.UNRESOLVED:
                lost.setdefault(seen["words"], []).append(subset)
        for words, subsets in lost.items():
            least = min(subsets, key=len)
            with_ = ", ".join(one.text() for one in self.deltas if one.name in least)
            told.append(
                f"{len(subsets)} combinations gave no answer, such as GOOD with {with_}: {words}."
            )
        return tuple(told)

    def _each(self, work: Callable[[Any], Run], asked: Sequence[Any]) -> list[Run]:
        if self.processes == 1 or len(asked) < 2:
            return [work(one) for one in asked]
        return list(self._threads.map(work, asked))

    def _run(self, subset: Subset, seed: int | None = None) -> Run:
        begun = monotonic()
        seen = self._seen(subset, seed)
        if seed is None:
            self.said[subset] = seen
        run = self._read(seen)
        self.tell_of(subset, run, monotonic() - begun, seed)
        return run

    def _read(self, seen: Observation) -> Run:
        if not isinstance(self.symptom, str):
            return self.symptom.read(seen)
        outcome = {State.PASSED.value: Outcome.PASS, State.FAILED.value: Outcome.FAIL}
        return Run(outcome=outcome.get(seen["outcome"], Outcome.UNRESOLVED), number=seen["number"])

    def _seen(self, subset: Subset, seed: int | None = None) -> Observation:
        """Return what the pipeline came to with these settings; asked once."""
        values, resolved = mixed(self.good, self.bad, subset), self.resolved
        if seed is not None and self.seed:
            values[self.seed] = seed
        elif seed is not None:
            scenario = resolved.scenario
            seeds = scenario.seeds.model_copy(update={"training": seed})
            resolved = replace(resolved, scenario=scenario.model_copy(update={"seeds": seeds}))
        key = self._key(values, resolved)
        if key in self.kept:
            return self.kept[key]
        if self._code is None:
            seen = self._asked(values, resolved)
        else:
            # A process that ended, hung or lacked memory may answer next time.
            make = partial(self._asked, values, resolved)
            seen = answer("own", key, make, lambda made: "broke" not in made)
        self.kept[key] = seen
        return seen

    @cached_property
    def _code(self) -> str | None:
        return pipeline_code(self._first)

    def _key(self, values: Mapping[str, Any], resolved: Resolved) -> str:
        judges = source_digest(Path(ptyspec.__file__).parent, JUDGES)
        clause = self.symptom if isinstance(self.symptom, str) else ""
        told = repr(specification()[clause]) if clause else ""
        parts = (code_version(), judges, self._code, told, digest_of(dict(values)))
        scene = resolved.scenario.model_dump_json()
        return hashlib.sha256(repr((*parts, scene)).encode()).hexdigest()[:32]

    def _asked(self, values: Mapping[str, Any], resolved: Resolved) -> Observation:
        self.made += 1
        own = own_settings(values)
        if isinstance(self._first, Remote):
            return self._answered(self._remote(own.environment), own.settings, resolved)
        with variables(own.environment):
            return self._judged(self._new({}), own.settings, resolved)

    def _answered(
        self, remote: Remote, settings: dict[str, Any], resolved: Resolved
    ) -> Observation:
        """Return what a process came to; `broke` where it gave no answer on the way."""
        process, lives = remote.process, remote.process.lives
        seen = self._judged(remote, settings, resolved)
        if self._ended:
            raise CancelledError
        broke = process.deaths > 0 or process.lives != lives
        return {**seen, "broke": True} if broke else seen

    def _new(self, environment: Variables) -> Any:
        """Return the pipeline: made anew where it can be."""
        if isinstance(self.pipeline, str):
            return maker(self.pipeline, self.limits, environment)()
        return self.pipeline() if isinstance(self.pipeline, type) else self.pipeline

    def _remote(self, environment: dict[str, str | None]) -> Remote:
        """Return this thread's process, started with these variables; a new one after it ended."""
        remote: Remote | None = getattr(self._local, "remote", None)
        if remote is not None:
            if remote.process.environment == environment and not remote.process.deaths:
                return remote
            remote.close()
            self._opened.remove(remote)
        self._local.remote = None
        remote = self._local.remote = self._new(environment)
        self._opened.append(remote)
        if self._ended:  # while it started
            raise CancelledError
        return remote

    def _judged(self, pipeline: Any, settings: dict[str, Any], resolved: Resolved) -> Observation:
        """Return an observation with its `words`; of a clause, its `outcome` is the clause's state."""
        scenario = resolved.scenario
        if isinstance(self.symptom, str):
            found = judge(self._outputs(pipeline, settings, resolved), [self.symptom])
            state = worst(one.state for one in found)
            return {"outcome": state.value, "number": _number(found), "words": _words(state, found)}
        if is_box(pipeline):
            seen = box_observation(box_beside(with_own(pipeline, settings), scenario))
        else:
            seen = walked(Walk(with_own(pipeline, settings), scenario))
        words = "no such number" if seen["outcome"] == "finished" else str(seen["error"])[:500]
        return {**seen, "words": words}

    def _outputs(self, pipeline: Any, settings: dict[str, Any], resolved: Resolved) -> Any:
        asked = with_own(pipeline, settings)
        if is_box(asked):
            return box_beside(asked, resolved.scenario)
        subject = RunSpec(resolved, name=resolved.scenario.name, source=resolved.scenario.name)
        return StageOutputs(subject, pipeline=asked)

    def _concerned(self, clause: str) -> None:
        """Raise ConfigError where no check of this clause can judge this pipeline."""
        outputs = self._outputs(self._first, self.good, self.resolved)
        checks = [check for check in registered() if check.clause == clause]
        if not any(check.concerns(outputs) for check in checks):
            what = "this clause says nothing of this pipeline"
            step = "name one that `ptyspec check PIPELINE` judges, or a score such as 'amplitude.mean_ratio<0.9'"
            kind = "a black box" if is_box(self._first) else "eight stages"
            raise ConfigError(what, value=clause, limit=kind, source="--symptom", next_step=step)


def _words(state: State, found: Sequence[Finding]) -> str:
    """The first finding that made the clause's state, in words."""
    one = next((one for one in found if one.state is state), None)
    if one is None:
        return "the clause has nothing to say of this scenario"
    wanted = f", expected {one.expected}" if one.expected else ""
    return f"{one.clause} {state.value}, {one.what}: {one.observed}{wanted}"


def _number(found: Sequence[Finding]) -> float | None:
    """What a clause of one comparison observed, where that is a number."""
    try:
        number = float(found[0].observed) if len(found) == 1 else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None

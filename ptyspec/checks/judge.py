"""Clauses judged on the outputs of the stages: one function a clause, and everything that judges calls it.

A case of pytest calls the function with its `clause` fixture, and fails at the first violation. `judge` calls all of
them and returns every comparison as a `Finding`: for `ptyspec check`, audits, reports and `explain`. A tolerance is the
clause's own, `check.clause.tolerance`, which `close` and `within_ratio` take by themselves.
"""

import sysconfig
import traceback
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ptyspec
from ptyspec.contracts.stages import STAGES
from ptyspec.errors import (
    MissingPackageError,
    NotReachedError,
    OutputFileError,
    PtyspecError,
    TrainingInterruptedError,
)
from ptyspec.spec.checks import Check, shown, within
from ptyspec.spec.clause import PLACES, Tolerance, specification
from ptyspec.spec.finding import Finding, State

if TYPE_CHECKING:
    from ptyspec.contracts.scenario import Scenario

Judge = Callable[[Check, Any], None]
"""A check and the outputs of a subject's stages, a `StageOutputs`."""


DOORS = {
    "stages": "it looks at the outputs of stages",
    "scan": "it looks at a measured scan",
    "box": "it asks a function that reconstructs",
    "network": "it asks a network: an adapter with `fit`",
    "seeded": "it needs a `seed`: the name of the setting that seeds the adapter",
    "watched": "a process of its own does not say what it changed",
    "untrained": "it needs `untrained`: settings with which the adapter learns nothing",
}
"""What a check looks at, and why it says nothing of a pipeline without it."""


@dataclass(frozen=True)
class ClauseCheck:
    """One clause's check of stage outputs.

    - trains: it looks at what training made.
    - network: it looks into the network that this project builds, and says nothing of a pipeline with another one.
    - door: what it looks at, a key of `DOORS`.
    - of: the stages that it judges where it is not `stage` alone: one of them must be the pipeline's own.
    - watched: it looks at what a stage changed, which a process must say.
    """

    clause: str
    function: Judge
    stage: str
    trains: bool = False
    network: bool = False
    door: str = "stages"
    of: tuple[str, ...] = ()
    watched: bool = False

    def concerns(self, outputs: Any) -> bool:
        """Return whether it says something of the pipeline that these outputs come from."""
        return not self.why_not(outputs)

    def why_not(self, outputs: Any) -> str:
        """Return why it says nothing of this pipeline; empty where it does.

        What stands beside the stages (settings, files) is judged of a pipeline that has them all.
        """
        if self.door not in outputs.doors:
            return DOORS[self.door]
        if self.network and not outputs.own_network:
            return "it looks into the network that ptyspec builds"
        if self.door != "stages":
            return ""
        if self.watched and not outputs.watched:
            return DOORS["watched"]
        place = self.stage or specification()[self.clause].place
        wanted = self.of or ((place,) if place in STAGES else STAGES)
        own = set(outputs.declared)
        if place in STAGES or self.of:
            fits = bool(own & set(wanted))
            return "" if fits else f"the pipeline declares no {' or '.join(wanted)}"
        return "" if own == set(STAGES) else f"{place}: only a pipeline of all eight stages has it"

    def at(self, outputs: Any) -> str:
        """Return the stage where a violation shows: a pipeline that lacks it broke it at a stage of its own."""
        place = self.stage or specification()[self.clause].place
        own = getattr(outputs, "declared", ())
        return next((one for one in self.of if place not in own and one in own), place)

    def __call__(self, check: Check, outputs: Any) -> None:
        """Check the outputs; a case that is bound to several clauses may hand in the check of any."""
        self.function(check if check.clause.id == self.clause else check(self.clause), outputs)


REGISTRY: list[ClauseCheck] = []
"""In the order in which the modules were loaded: `registered()` loads them all."""


def checks(
    clauses: str,
    stage: str = "",
    *,
    trains: bool = False,
    network: bool = False,
    door: str = "stages",
    of: str = "",
    watched: bool = False,
) -> Callable[[Judge], ClauseCheck]:
    """Register a function as a check of one clause, or of several that `check.clause` tells apart.

    `stage`: where a violation shows, else the clause's own place; `of`: the stages that it judges, if others.
    """
    if stage not in ("", *PLACES):
        raise ValueError(f"{stage} is no stage: {', '.join(PLACES)}")

    def register(function: Judge) -> ClauseCheck:
        REGISTRY.extend(
            ClauseCheck(clause, function, stage, trains, network, door, tuple(of.split()), watched)
            for clause in clauses.split()
        )
        return REGISTRY[-1]

    return register


OF_STAGES = ("handovers", "simulated", "normalized", "placed", "light", "company", "scored")
"""Modules of checks that no audit shows: they ask a pipeline's stages themselves."""
SCAN = ("preflight",)
"""Modules whose checks look at a scan before it is reconstructed."""
BOX = ("box_run", "box_relations", "box_truth")
"""Modules whose checks ask a black box."""


def registered() -> tuple[ClauseCheck, ...]:
    """Return every check there is."""
    from ptyspec.checks.registry import KINDS

    for kind in (*KINDS, *OF_STAGES, *SCAN, *BOX):
        import_module(f"ptyspec.checks.{kind}")
    return tuple(REGISTRY)


def judge(
    outputs: Any,
    clauses: Collection[str] | None = None,
    *,
    among: Iterable[ClauseCheck] | None = None,
    trains: bool = True,
    progress: Callable[[int, int, str], None] = lambda done, total, note: None,
) -> list[Finding]:
    """Return what the checks say of these outputs, those of some clauses or all.

    A value that is not there is a finding that was not run; an exception is an error of that check alone. A check that
    has nothing to say of such a scenario gives no finding. With `trains` False nothing is trained for an answer.
    `progress` hears how many checks are done, of how many, and which clause comes next.
    """
    chosen = [
        check
        for check in (registered() if among is None else among)
        if (clauses is None or check.clause in clauses) and (trains or not check.trains)
        if check.concerns(outputs)
    ]
    found: list[Finding] = []
    for done, check in enumerate(chosen):
        progress(done, len(chosen), check.clause)
        found += _findings(check, outputs)
    return found


def outputs_of(pipeline: Any, scenario: "Scenario") -> Any:
    """Return what the checks look at: the answers of a black box, or the outputs of a pipeline's stages on a scenario.

    Raises ConfigError for a pipeline whose source was edited after it was loaded.
    """
    from ptyspec.checks.box import box_of
    from ptyspec.checks.stage_outputs import StageOutputs
    from ptyspec.contracts.resolve import Resolved, known_keys
    from ptyspec.runs.pipelines import is_box, pipeline_code
    from ptyspec.runs.run_spec import RunSpec

    if is_box(pipeline):
        pipeline_code(pipeline)  # what was edited after it was loaded is not what would be judged
        return box_of(pipeline)
    resolved = Resolved(scenario, dict.fromkeys(known_keys(), "the scenario that was given"))
    subject = RunSpec(resolved, name=scenario.name, source=scenario.name)
    return StageOutputs(subject, pipeline=pipeline)


def _findings(check: ClauseCheck, outputs: Any) -> list[Finding]:
    clause = specification()[check.clause]
    collecting = Collecting(clause, tells=True, stage=check.at(outputs))
    try:
        check.function(collecting, outputs)
    except (TrainingInterruptedError, OutputFileError):
        raise
    except NotReachedError as error:
        collecting._keep("the check", _in_a_line(error), state=State.NOT_REACHED)
    except MissingPackageError as error:
        collecting.missing("the check", error.sentence)
    except Exception as error:  # a crash says nothing of the clause, and must not hide the others
        collecting._keep("the check", _told(error), state=State.ERROR)
    return collecting.findings


OTHERS = (str(Path(ptyspec.__file__).parent), sysconfig.get_path("stdlib"), "<")
"""How the names of files begin that are not the pipeline's."""


def _told(error: Exception) -> str:
    """Put an error into one line; one that is not ours names the last line of the pipeline's code that it came through."""
    said = f"{type(error).__name__}: {_in_a_line(error)}"
    if isinstance(error, PtyspecError):
        return said
    way = traceback.extract_tb(error.__traceback__)
    own = [
        at for at in way if not at.filename.startswith(OTHERS) and "-packages" not in at.filename
    ]
    where = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    return f"{said}{where}"


def _in_a_line(error: Exception) -> str:
    return "; ".join(map(str.strip, str(error).splitlines()))


@dataclass(frozen=True)
class Collecting(Check):
    """A check that goes on after a violation and keeps every comparison as a finding."""

    stage: str = ""
    findings: list[Finding] = field(default_factory=list)

    def missing(self, what: str, why: str) -> None:
        """Keep that this was not run, and why."""
        self._keep(what, why, state=State.NOT_RUN)

    def fail(
        self,
        what: str,
        observed: str,
        expected: str,
        limit: Tolerance | None = None,
        used: float | None = None,
    ) -> None:
        """Keep the violation."""
        self._keep(what, observed, expected, limit, used, State.FAILED)

    def _keep(
        self,
        what: str,
        observed: object = "",
        expected: object = "",
        limit: Tolerance | None = None,
        used: float | None = None,
        state: State = State.PASSED,
    ) -> None:
        words = _short(shown(observed)), within(_short(shown(expected)), limit)
        row = Finding(self.clause.id, self.stage, what, *words, state, used=used)
        self.findings.append(row)


def _short(text: str) -> str:
    """A number in six digits, anything else as it is."""
    try:
        return f"{float(text):.6g}" if "." in text or "e" in text else text
    except ValueError:
        return text

"""What a check of a clause is, how it registers, and what it finds.

A check is a function of a `Check` and of what it looks at: outputs of stages, answers of a black box, a scan. Which of
them are asked, and by whom, is in checks/judge.py.
"""

import sysconfig
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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


def findings_of(check: ClauseCheck, outputs: Any) -> list[Finding]:
    """Return every comparison of one check; an exception is an error of that check alone."""
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

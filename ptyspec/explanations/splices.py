"""The chain of two variants: splices made once and kept in the store, like observations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ptyspec.contracts.stages import STAGES
from ptyspec.experiments.observe import Observation, key_of
from ptyspec.experiments.variant import Variant
from ptyspec.explanations.plan import Outcome
from ptyspec.explanations.splice import Splicer
from ptyspec.explanations.stages import LAST, Chain, Splice, bisect
from ptyspec.explanations.symptom import Symptom
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.pipeline.progress import Progress
from ptyspec.runs.runkey import source_digest
from ptyspec.runs.store import default_root

SCHEMA_VERSION = 1
SPLICED_BY = ("splice.py",)
"""What joins the stages: another splice is another answer."""


class Splices:
    """Splices of GOOD and BAD as outcomes of the symptom."""

    def __init__(
        self, good: Variant, bad: Variant, symptom: Symptom, splicer: Splicer, progress: Progress
    ) -> None:
        self.keys = (
            f"{key_of(good)}-{key_of(bad)}-{source_digest(Path(__file__).parent, SPLICED_BY)}"
        )
        self.symptom, self.splicer, self.progress = symptom, splicer, progress
        self.runs, self.cpu_seconds = 0, 0.0

    def make(self, count: int) -> Splice:
        """Return the splice of GOOD's first `count` stages with BAD's others, made or read."""
        path = default_root() / "splices" / f"{self.keys}-{count}.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            found = self.splicer.run(count)
            write_json(path, {"schema_version": SCHEMA_VERSION, **found})
        found = dict(read_json(path))
        self.runs += 1
        self.cpu_seconds += found["cpu_seconds"]
        made = Splice(count, self.symptom.outcome(found), self.symptom.number(found), "run")
        self.progress.message(
            f"GOOD until {STAGES[count - 1]}, BAD from {STAGES[count]}: {_said(made)}"
        )
        return made

    def same(self, count: int) -> bool:
        """True where both sides hand over the same after `count` stages."""
        path = default_root() / "splices" / f"{self.keys}-same-{count}.json"
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_json(
                path, {"schema_version": SCHEMA_VERSION, "same": self.splicer.same_so_far(count)}
            )
        return bool(read_json(path)["same"])


def chain_of(
    good: Variant,
    bad: Variant,
    symptom: Symptom,
    ends: Mapping[int, Observation],
    progress: Progress,
) -> Chain:
    """Return the chain between two variants; `ends` holds the observations of BAD (0) and GOOD (all stages)."""
    names = {0: "BAD", LAST: "GOOD"}
    made = {
        at: Splice(at, symptom.outcome(found), symptom.number(found), names[at])
        for at, found in ends.items()
    }
    with Splicer(good, bad) as splicer:
        work = Splices(good, bad, symptom, splicer, progress)
        found = bisect(made, work.same, work.make)
    return Chain(found.splices, found.stages, work.runs, work.cpu_seconds)


def _said(splice: Splice) -> str:
    number = "" if splice.number is None else f" ({splice.number:.4g})"
    return {Outcome.FAIL: "fails", Outcome.PASS: "passes", Outcome.UNRESOLVED: "unresolved"}[
        splice.outcome
    ] + number

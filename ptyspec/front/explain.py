"""`ptyspec.explain`: from a symptom to the stage and the smallest difference that causes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ptyspec.front.begin import Changes, begin, settings_of
from ptyspec.front.run import Run, told_by

if TYPE_CHECKING:
    from ptyspec.explanations.clause_bench import ClauseBench
    from ptyspec.explanations.explanation import Explanation
    from ptyspec.pipeline.progress import Progress
    from ptyspec.runs.run_spec import RunSpec

CLAUSE = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-\d{3}")


class Explained:
    """What was found between two runs; `document` holds everything, a notebook shows the story."""

    def __init__(self, document: Explanation) -> None:
        self.document = document

    def __repr__(self) -> str:
        from ptyspec.explanations.story import story

        return story(self.document)

    def _repr_markdown_(self) -> str:
        return repr(self)


def explain(
    good: Run | Path | str,
    bad: Run | Path | str,
    symptom: str,
    *,
    profile: str | None = None,
    seed: int | None = None,
    set: Changes | None = None,
    budget: int | None = None,
    repeats: int = 3,
    processes: int = 2,
    progress: Progress | bool = True,
) -> Explained:
    """Return what makes `bad` show a symptom that `good` does not: the stage, and the smallest set of differences.

    Args:
        good, bad: finished runs, or the words that `run` takes; profile, seed and set are for words.
        symptom: such as "amplitude.mean_ratio < 0.9", or the id of a clause.
        budget: at most so many runs in the search.
        repeats: other training seeds with which each claim is confirmed.
        processes: runs at a time.
        progress: True tells of each run on stderr; or an object that is told.

    Every run is kept in the store: an interrupted search goes on where it was. Raises PtyspecError where `good` shows
    the symptom, `bad` does not, or nothing differs.
    """
    begin()
    from ptyspec.explanations.explain import Question, explain
    from ptyspec.explanations.laboratory import Laboratory
    from ptyspec.explanations.symptom import read_symptom
    from ptyspec.faults import catalogue
    from ptyspec.pipeline.progress import Silent
    from ptyspec.runs.run_spec import Options, run_specs

    words = str(getattr(good, "folder", good)), str(getattr(bad, "folder", bad))
    options = Options(profile=profile, seed=seed, settings=settings_of(set))
    first, second = run_specs(words, options, faults=catalogue.names())
    tell, asked = (told_by(progress) or Silent()).message, symptom.strip()
    if not CLAUSE.fullmatch(asked):
        read = read_symptom(asked)
        with Laboratory(first, second, read, processes, tell) as lab:
            return Explained(explain(lab, Question(*words, read.text), budget, repeats))
    bench = _clause_bench(asked, first, second, processes, tell)
    found = explain(bench, Question(*words, asked), budget, repeats)
    if bench.beyond:
        names = ", ".join(delta.name for delta in bench.beyond)
        note = f"Cases bring their own settings; these differences do not reach them: {names}."
        found = found.model_copy(update={"notes": (*found.notes, note)})
    return Explained(found)


def _clause_bench(
    asked: str, good: RunSpec, bad: RunSpec, processes: int, tell: Callable[[str], None]
) -> ClauseBench:
    from ptyspec.explanations.clause_bench import ClauseBench
    from ptyspec.front.checkout import checkout
    from ptyspec.spec.registry import specification

    clause = specification()[asked].id
    tell(f"collecting the cases of {clause}")
    bench = ClauseBench(checkout(None), clause, good, bad, processes, tell)
    bench.narrow()
    return bench

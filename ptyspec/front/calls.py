"""`ptyspec.compare`, `explain`, `judge`, `fault`, `read_scan`: each calls the room that does the work."""

import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ptyspec.front.results import limits_of
from ptyspec.front.run import Changes, Run, begin, settings_of, told_by
from ptyspec.front.shown import Shown

if TYPE_CHECKING:
    from ptyspec.contracts.bundles import RawScan
    from ptyspec.experiments.judge import Judgement
    from ptyspec.explanations.explanation import Explanation
    from ptyspec.pipeline.protocol import Progress
    from ptyspec.render.table import Table
    from ptyspec.report.comparison import Comparison
    from ptyspec.runs.run_spec import Options


class Compared(Shown):
    """Finished runs side by side; `document` holds everything, a notebook shows the tables."""

    def __init__(self, document: "Comparison") -> None:
        self.document = document

    def _tables(self) -> "list[Table]":
        from ptyspec.report.comparison_page import tables

        return tables(self.document)


def compare(*runs: Run | Path | str) -> Compared:
    """Return two or more finished runs side by side: scores, settings that differ, stages. Nothing is run.

    A run is a `Run`, its folder, its key, or the words that `run` takes. Raises PtyspecError for a run that is not
    finished or is damaged.
    """
    begin()
    from ptyspec.report.comparison import comparison
    from ptyspec.report.comparison import runs as named
    from ptyspec.runs.run_spec import Options

    targets = [str(one.folder if isinstance(one, Run) else one) for one in runs]
    return Compared(comparison(named(targets, Options())))


def judge(hypothesis: str, *, processes: int = 2) -> "Judgement":
    """Return the verdict on a hypothesis; its runs are made where the store has none."""
    begin()
    from ptyspec.experiments.judge import judge as judged

    return judged(hypothesis, processes=processes)


def fault(*names: str) -> AbstractContextManager[Any]:
    """Make the package wrong in a known way while a `with` block lasts; `ptyspec faults list` names the ways."""
    begin()
    from ptyspec.faults.apply import applied

    return applied(*names)


def read_scan(path: Path | str, **how: Any) -> "RawScan":
    """Return the scan in a file of any format of docs/file-formats.md.

    `how` states what the file does not say, as in `files.scan_file.read_scan`: measurement, probe and positions
    (paths), units, step and shape of a raster, object_pixel, particle.
    """
    begin()
    from ptyspec.files.scan_file import read_scan as read

    return read(Path(path), **how)


WITHOUT_CASES = (
    "the cases of a clause lie in a checkout of ptyspec: name a symptom of a run, such as "
    "'amplitude.mean_ratio<0.9', or your own pipeline with --pipeline, which needs no cases"
)
CLAUSE = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*-\d{3}")


class Explained:
    """What was found between two runs; `document` holds everything, a notebook shows the story."""

    def __init__(self, document: "Explanation") -> None:
        self.document = document

    def __repr__(self) -> str:
        from ptyspec.explanations.explain import story

        return story(self.document)

    def _repr_markdown_(self) -> str:
        return repr(self)


def explain(
    good: Run | Path | str | Mapping[str, Any],
    bad: Run | Path | str | Mapping[str, Any],
    symptom: str,
    *,
    pipeline: Any = None,
    profile: str | None = None,
    seed: int | None = None,
    set: Changes | None = None,
    budget: int | None = None,
    repeats: int = 3,
    processes: int = 2,
    seconds: float | None = None,
    memory: float | None = None,
    progress: "Progress | bool" = True,
) -> Explained:
    """Return what makes `bad` show a symptom that `good` does not: the stage, and the smallest set of differences.

    Args:
        good, bad: finished runs, or the words that `run` takes; profile, seed and set are for words.
        symptom: such as "amplitude.mean_ratio < 0.9", or the id of a clause.
        pipeline: as in `check`. Then good and bad are its own settings: YAML or JSON files, or dictionaries; profile,
            seed and set change the scan that it is asked about.
        budget: at most so many runs in the search.
        repeats: other seeds with which each claim is confirmed.
        processes: runs at a time; of a pipeline in this process always one.
        seconds, memory: as in `check`.
        progress: True tells of each run on stderr; or an object that is told.

    Every run is kept in the store: an interrupted search goes on where it was. Where nothing names the pipeline's code
    (a notebook, a command whose handshake says no `code`), answers are kept for as long as the search lasts. Raises
    PtyspecError where `good` shows the symptom, `bad` does not, or nothing differs; Ctrl-C arrives as one, too, and
    says what is kept.
    """
    begin()
    from ptyspec.explanations.explain import Question, explain
    from ptyspec.explanations.search import read_symptom
    from ptyspec.pipeline.protocol import Progress
    from ptyspec.runs.run_spec import Options
    from ptyspec.spec.clause import specification

    tell, asked = (told_by(progress) or Progress()).message, symptom.strip()
    clause = specification()[asked].id if CLAUSE.fullmatch(asked) else None
    sign = clause or read_symptom(asked)
    options = Options(profile=profile, seed=seed, settings=settings_of(set))
    words = str(getattr(good, "folder", good)), str(getattr(bad, "folder", bad))
    if pipeline is not None:
        from ptyspec.explanations.own_bench import OwnBench

        names = [str(side) if isinstance(side, str | Path) else "" for side in (good, bad)]
        question = Question(names[0] or "good", names[1] or "bad", asked)
        sides = cast("Any", good), cast("Any", bad)
        limits = limits_of(seconds, memory)
        with OwnBench(pipeline, *sides, sign, options, processes, tell, limits) as own:
            return Explained(explain(own, question, budget, repeats))
    with _bench(words, sign, options, processes, tell) as bench:
        return Explained(explain(bench, Question(*words, asked), budget, repeats))


@contextmanager
def _bench(
    words: tuple[str, str], sign: Any, options: "Options", processes: int, tell: Any
) -> Iterator[Any]:
    """What a search between two runs asks: scores of runs, or the cases of a clause."""
    from ptyspec.explanations.laboratory import ClauseBench, Laboratory
    from ptyspec.faults import catalogue
    from ptyspec.front.checkout import checkout
    from ptyspec.runs.run_spec import run_specs

    first, second = run_specs(words, options, faults=catalogue.names())
    if isinstance(sign, str):
        place = checkout(None, WITHOUT_CASES)
        tell(f"collecting the cases of {sign}")
        bench = ClauseBench(place, sign, first, second, processes, tell)
        bench.narrow()
        yield bench
    else:
        with Laboratory(first, second, sign, processes, tell) as laboratory:
            yield laboratory

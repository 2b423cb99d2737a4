"""What the page of one case says in an Allure report: states, rules, observations, runs and stages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote

from ptyspec.contracts.records import StageRecord
from ptyspec.render.text import escape
from ptyspec.spec.clause import Clause
from ptyspec.spec.finding import Finding, State

MAX_ROWS, LONG = 12, 400
CHAIN = {
    "split": ("train.diff3d", "diff3d"),
    "normalize": ("train.network_input", "train.amplitude"),
    "infer": ("patches", "object"),
    "stitch": ("object", "patches"),
}
"""Of each stage the array whose mean modulus is set beside that of an earlier one (its own first)."""
NUMBERS = {
    "simulate": ("scale",),
    "split": ("train.frames", "test.frames"),
    "group": ("train.groups", "test.groups"),
    "normalize": ("gain",),
    "train": ("loss", "best_epoch"),
    "stitch": ("covered_pixels",),
    "score": ("mean_ratio", "highpass_pearson_r"),
}
BAD = {"fits_canvas": False, "finite": False, "has_nan": True}
"""Flags of a stage, and the value that is wrong."""


def case_page(
    told: str,
    clauses: Sequence[Clause],
    states: Mapping[str, State],
    findings: Iterable[Finding],
    runs: Sequence[str],
    reproduce: str,
    *,
    passed: bool,
) -> str:
    """Return the case's description as Markdown; `told` is its own docstring, `runs` what it saw.

    A passed case shows what held: what it saw fail on purpose is its business. Text that tests
    supply is escaped.
    """
    rows = [one for one in findings if one.state is State.PASSED or not passed]
    parts = [escape(told, LONG)] if told else []
    for clause in clauses:
        place = f"{clause.level}, stage {clause.place}, {escape(clause.source)}"
        name = f"**{clause.id}: {states.get(clause.id, State.NOT_RUN)}**"
        parts += [
            f"{name} · {escape(clause.title)} ({place})",
            f"> {escape(clause.statement, 2 * LONG)}",
            f"Tolerance: {escape(clause.tolerance, LONG)}",
        ]
    if rows:
        parts.append("\n".join(_observations(rows, several=len({one.clause for one in rows}) > 1)))
    if runs:
        parts.append("\n".join(f"- {escape(run, LONG)}" for run in runs))
    return "\n\n".join([*parts, f"Reproduce:\n\n{_code(reproduce)}"])


def clause_url(clause: Clause, pattern: str) -> str:
    """Return the address of a clause's text: `pattern` with {id}, {document}, {name} and {line}."""
    words = {"id": clause.id, "document": clause.document, "name": clause.path.stem}
    for name, value in {**words, "line": str(clause.line)}.items():
        pattern = pattern.replace(f"{{{name}}}", quote(value))
    return pattern


def _observations(rows: Sequence[Finding], several: bool) -> list[str]:
    """Lines, not a table: Allure cuts a table off at the right, where the tolerance stands."""
    first = sorted(rows, key=lambda one: (one.state is State.PASSED, -(one.used or 0.0)))[:MAX_ROWS]
    lines = []
    for one in first:
        mark = "✔" if one.state is State.PASSED else "✘"
        name = f"{one.clause} · " if several else ""
        facts = f"observed **{escape(one.observed)}**, expected **{escape(one.expected)}**"
        lines.append(f"- {mark} {name}{escape(one.what)}: {facts}{_share(one.used)}")
    more = len(rows) - len(first)
    return [*lines, *([f"- and {more} more that held"] if more else [])]


def _share(used: float | None) -> str:
    """How much of the tolerance was used."""
    if used is None:
        return ""
    return f", {used:.1%} of it used" if used <= 1 else f", error {used:.3g} times that"


def _code(line: str) -> str:
    """A block of code that `line` cannot close."""
    fence = "```"
    while fence in line:
        fence += "`"
    return f"{fence}sh\n{line}\n{fence}"


def headlines(stages: Sequence[StageRecord]) -> Iterator[tuple[StageRecord, str]]:
    """Yield each stage with its line: what it did to the numbers, beside the stage before it.

    Such as `normalize · gain 0.56 · mean train.network_input / train.amplitude 0.56 · 0.2 s`.
    """
    known: dict[str, float] = {}
    for stage in stages:
        own = {name: stats.mean for name, stats in stage.arrays.items() if stats.mean is not None}
        numbers = ((name, stage.numbers.get(name)) for name in NUMBERS.get(stage.name, ()))
        words = [f"{name.replace('_', ' ')} {at:.4g}" for name, at in numbers if at is not None]
        mine, theirs = CHAIN.get(stage.name, ("", ""))
        below = own.get(theirs, known.get(theirs))
        if mine in own and below:
            words.append(f"mean {mine} / {theirs} {own[mine] / below:.4g}")
        known = own | known
        yield stage, " · ".join([stage.name, *words, *_alarms(stage), f"{stage.seconds:.2g} s"])


def facts(stage: StageRecord) -> Iterator[str]:
    """Yield a line an array, a number and a flag of a stage."""
    for name, array in stage.arrays.items():
        mean = "no finite value" if array.mean is None else f"mean {array.mean:.6g}"
        yield f"{name}: {array.dtype}{list(array.shape)}, {mean}, {array.nan_count} NaN"
    yield from (f"{name}: {value:.6g}" for name, value in stage.numbers.items())
    yield from (f"{name}: {'yes' if value else 'no'}" for name, value in stage.flags.items())
    yield f"peak memory: {stage.peak_rss_mb:.0f} MB"


def _alarms(stage: StageRecord) -> list[str]:
    """What is wrong with a stage at a glance; the stitched object alone may hold NaN."""
    free = "object" if stage.name == "stitch" else ""
    nan = sum(stats.nan_count for name, stats in stage.arrays.items() if name != free)
    bad = [name for name, value in stage.flags.items() if BAD.get(name) is value]
    told = [f"{name} {'yes' if BAD[name] else 'NO'}" for name in bad]
    return [*([f"{nan} NaN"] if nan else []), *told]

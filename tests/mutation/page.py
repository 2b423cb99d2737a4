"""docs/mutation.md: what was tried, what survived, and why that is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ptyspec.files.disk import atomic_file
from ptyspec.render.table import escape, markdown_table
from tests.mutation.results import Equivalent, Module, equivalents, plan, read

EARLIER = ", of an earlier source"
HEAD = """# Syntactic mutation

Small changes of the source of the numpy modules, each of which some case of the contract tier must notice: `+` as `-`, `<` as `<=` and as `>=`, a number one more and one less, `and` as `or`, a condition reversed, a loop that does not run, a decorator or a `not` left out. [Faults](faults.md) ask the same for mistakes that somebody made; these are made by a rule, and so find what nobody thought of.

```text
make mutate                                              # all modules, for the night: goes on where it was interrupted
python -m tests.mutation physics/scale --minutes 10      # one module, a limit of time
```

cosmic-ray gives the operators; of its eleven replacements of an arithmetic operator one is used, of its comparisons the edge and the opposite, and annotations, which are never evaluated, are left alone. Each mutant is imported in the place of its module by a forked child that runs the files named in `tests/mutation/plan.toml` up to the first failure; neither the checkout nor TensorFlow is touched. Before the first mutant of a module its cases must pass as things are and fail with a module that cannot be imported. Outcomes stand in `tests/mutation/results.json`.

A survivor is killed by a new case, or explained in `tests/mutation/equivalent.toml`; a test holds that file to the last run and to the source. The score is killed and timed-out mutants in all that were tried, without the explained ones.
"""


def write_page(root: Path, out: Path) -> tuple[list[str], int]:
    """Write the page; return the survivors that nothing explains, and how many mutants of the plan are not tried."""
    records, explained = read(root), equivalents(root)
    named = plan(root)
    with atomic_file(out) as file:
        file.write(page(named, records, explained, _fresh(root, named, records)).encode())
    lines = [
        f"{name}:{row['line']}: {row['after']}" for name, row in unexplained(records, explained)
    ]
    return lines, sum(name not in records or not records[name].whole for name in named)


def _fresh(
    root: Path, named: Mapping[str, Sequence[str]], records: Mapping[str, Module]
) -> set[str]:
    return {
        name
        for name, files in named.items()
        if name in records and records[name].fresh(root, files)
    }


def page(
    named: Mapping[str, Sequence[str]],
    records: Mapping[str, Module],
    explained: Sequence[Equivalent],
    fresh: set[str],
) -> str:
    """Return the page for these records; `fresh` are the modules whose source and cases have not changed since."""
    done = [records[name] for name in named if name in records]
    rows = [_row(record, explained, record.name in fresh) for record in done]
    head = [
        "module",
        "mutants",
        "tried",
        "killed",
        "timed out",
        "survived",
        "of these explained",
        "score",
        "state",
    ]
    lines = [HEAD, "## What was run", "", *markdown_table(head, rows), ""]
    missing = [name for name in named if name not in records]
    if missing:
        lines += ["Not run yet: " + ", ".join(f"`{name}`" for name in missing) + ".", ""]
    lines += ["## Survivors", "", *_survivors(records, explained)]
    return "\n".join(lines).rstrip() + "\n"


def _row(record: Module, explained: Sequence[Equivalent], fresh: bool) -> list[str]:
    killed, timeout, survived = (record.count(kind) for kind in ("killed", "timeout", "survived"))
    known = sum(
        any(one.explains(record.name, row) for one in explained) for row in record.survivors
    )
    valid = killed + timeout + survived - known
    score = f"{(killed + timeout) / valid:.1%}" if valid else "–"
    state = ("whole" if record.whole else "in part") + ("" if fresh else EARLIER)
    counts = (record.mutants, len(record.outcomes), killed, timeout, survived, known)
    return [f"`{record.name}`", *map(str, counts), score, state]


def _survivors(records: Mapping[str, Module], explained: Sequence[Equivalent]) -> Iterator[str]:
    rows = []
    for name, record in records.items():
        for row in record.survivors:
            why = next(
                (one.reason for one in explained if one.explains(name, row)), "**not explained**"
            )
            rows.append([f"`{name}:{row['line']}`", _code(row["before"]), _code(row["after"]), why])
    yield from (
        markdown_table(["where", "line", "became", "why no case notices"], rows, numbers=False)
        if rows
        else ["None."]
    )


def _code(line: str) -> str:
    return escape(line, 160)


def unexplained(
    records: Mapping[str, Module], explained: Sequence[Equivalent]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each survivor that no entry explains, with its module."""
    for name, record in records.items():
        for row in record.survivors:
            if not any(one.explains(name, row) for one in explained):
                yield name, row

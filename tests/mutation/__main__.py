"""python -m tests.mutation [MODULE...] [--minutes N] [--page FILE]

Try the mutants of the modules in plan.toml (all, or those named like `physics/scale`) with the cases named there.
Every outcome is kept at once in results.json, so that a run can be interrupted and goes on where it was; a module whose
source or cases changed starts anew. Exit code 1 where a mutant survives that equivalent.toml does not explain, 4 where
some have not been tried.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.mutation.mutants import Mutant, changed, mutants
from tests.mutation.results import PAGE, Module, plan, read, write
from tests.mutation.work import attempt, check, module_name, warm

ROOT = Path(__file__).parents[2]
EVERY = 10
"""Mutants between two writings of the results."""


def main(words: list[str] | None = None) -> int:
    """Try what the words ask for; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutation", description=__doc__.split("\n\n")[1]
    )
    parser.add_argument(
        "modules",
        nargs="*",
        metavar="MODULE",
        help="such as physics/scale; otherwise all of plan.toml",
    )
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="begin no mutant after so many minutes"
    )
    parser.add_argument("--page", type=Path, default=ROOT / PAGE, help="where the page goes")
    options = parser.parse_args(words)
    named = plan(ROOT)
    unknown = sorted(set(options.modules) - set(named))
    if unknown:
        parser.error(f"not in plan.toml: {', '.join(unknown)}; known: {', '.join(named)}")
    end = time.monotonic() + options.minutes * 60
    with warm():
        for name in options.modules or named:
            try:
                _module(name, named[name], end)
            except RuntimeError as error:
                print(
                    error, file=sys.stderr, flush=True
                )  # nothing is known of this module: it stays open on the page
    return _tell(options.page)


def _module(name: str, cases: list[str], end: float) -> None:
    path = ROOT / "ptyspec" / f"{name}.py"
    module, source = module_name(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
    found = mutants(source)
    record = read(ROOT).get(name)
    if record is None or not record.fresh(ROOT, cases):
        record = Module.new(ROOT, name, cases, len(found))
    missing = [one for one in found if one.key not in record.outcomes]
    if not missing or time.monotonic() > end:
        return
    print(
        f"{name}: {len(missing)} of {len(found)} mutants to try with {' '.join(cases)}",
        file=sys.stderr,
        flush=True,
    )
    check(module, source, cases)
    for done, one in enumerate(missing, start=1):
        if time.monotonic() > end:
            break
        _one(record, module, one, source, cases)
        if done % EVERY == 0:
            write(ROOT, record)
            print(
                f"{name}: {done} of {len(missing)}; {record.words()}", file=sys.stderr, flush=True
            )
    write(ROOT, record)
    print(f"{name}: {record.words()}", file=sys.stderr, flush=True)


def _one(record: Module, module: str, one: Mutant, source: str, cases: list[str]) -> None:
    began, text = time.monotonic(), one.source(source)
    outcome = "same" if text is None else attempt(module, text, cases)
    record.add(
        one, outcome, time.monotonic() - began, ("", "") if text is None else changed(source, text)
    )


def _tell(page: Path) -> int:
    from tests.mutation.page import (
        write_page,
    )  # loads the package, after which no mutant can be tried

    unexplained, open_ = write_page(ROOT, page)
    for line in unexplained:
        print(f"survives and is not explained: {line}", file=sys.stderr)
    print(page)
    return 1 if unexplained else 4 if open_ else 0


if __name__ == "__main__":
    raise SystemExit(main())

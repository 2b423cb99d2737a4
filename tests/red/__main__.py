"""python -m tests.red [CLAUSE...] [--document STEM] [--jobs N] [--markdown FILE] [--json FILE]

Break clauses in a copy of the tree, each as tests/red/*.yaml says, and require that one of the clause's cases fails.
Exit code 1 where an edit survives or is invalid or, without a selection, a clause has none.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ptyspec.errors import PtyspecError
from ptyspec.io.files import atomic_file
from ptyspec.io.jsonfile import to_json
from ptyspec.spec.collect import collect
from ptyspec.spec.registry import read as read_clauses
from tests.red.entries import Entry, read
from tests.red.page import as_json, page
from tests.red.runner import counts, missing, run


def main(words: list[str] | None = None) -> int:
    """Run what the words ask for; return the exit code."""
    options = _parser().parse_args(words)
    root = options.root.resolve()
    try:
        clauses, cases = read_clauses(root / "specs"), collect(root)
        entries = read(root / "tests" / "red")
    except PtyspecError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    whole = not options.clauses and not options.document
    lacking = missing(clauses, entries)
    chosen = [entry for entry in entries if _wanted(entry, options)]
    if not whole:
        lacking = [name for name in lacking if name in options.clauses]
    results = run(root, chosen, clauses, cases, options.jobs, lambda line: print(line, file=sys.stderr, flush=True))
    for path, text in ((options.markdown, page(results, lacking)), (options.json, to_json(as_json(results, lacking)))):
        if path is not None:
            with atomic_file(path) as file:
                file.write(text.encode())
    numbers = counts(results, lacking)
    print(", ".join(f"{count} {name}" for name, count in numbers.items()) + f" ({', '.join(lacking)})" * bool(lacking))
    return int(any(numbers[name] for name in ("survived", "invalid", "missing")))


def _wanted(entry: Entry, options: argparse.Namespace) -> bool:
    by_clause = not options.clauses or entry.clause in options.clauses
    return by_clause and (not options.document or entry.document in options.document)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.red", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clauses", nargs="*", metavar="CLAUSE")
    parser.add_argument("--document", action="append", metavar="STEM", help="the entries of one file of tests/red")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="copies that are broken at the same time")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[2], metavar="DIR", help="the checkout")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""python -m tests.red [CLAUSE...] [--document STEM] [--jobs N] [--markdown FILE] [--json FILE [--keep]]

Break clauses in a copy of the tree, each as tests/red/*.yaml says, and require that one of the clause's cases fails.
With --keep, edits that FILE says were killed are not tried again while the edit, the edited file and the case's file
are what they were: a run over everything can be interrupted, or made in parts. Exit code 1 where an edit survives or is
invalid or, without a selection, a clause has none.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from ptyspec.errors import PtyspecError
from ptyspec.files.files import atomic_file
from ptyspec.files.jsonfile import to_json
from ptyspec.spec.clause import SpecError
from ptyspec.spec.collect import collect
from ptyspec.spec.registry import read as read_clauses
from tests.red.entries import Entry, read
from tests.red.page import as_json, kept, page
from tests.red.runner import counts, missing, run


def main(words: list[str] | None = None) -> int:
    """Run what the words ask for; return the exit code."""
    parser = _parser()
    options = parser.parse_args(words)
    if options.keep and options.json is None:
        parser.error("--keep needs --json FILE")
    try:
        return _run(options, options.root.resolve())
    except PtyspecError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


def _run(options: argparse.Namespace, root: Path) -> int:
    clauses, cases = read_clauses(root / "specs"), collect(root)
    entries = read(root / "tests" / "red")
    for name in options.clauses:
        clauses[
            name
        ]  # an id that nobody has is told with its neighbours; a selection of nothing would end green
    known = {entry.document for entry in entries}
    if set(options.document or ()) - known:
        raise SpecError(
            "no entries of this name",
            value=", ".join(options.document),
            limit=", ".join(sorted(known)),
        )
    whole = not options.clauses and not options.document
    lacking = [name for name in missing(clauses, entries) if whole or name in options.clauses]
    old = {one.entry: one for one in kept(root, options.json, entries)} if options.keep else {}
    fresh = [entry for entry in entries if entry not in old and _wanted(entry, options)]
    results = list(old.values())
    tell = partial(print, file=sys.stderr, flush=True)
    for result in run(root, fresh, clauses, cases, options.jobs, tell):
        results.append(result)
        _write(
            options.json, to_json(as_json(root, results, lacking))
        )  # each time: an interrupted run can be resumed
    results.sort(key=lambda one: entries.index(one.entry))
    _write(options.json, to_json(as_json(root, results, lacking)))
    _write(options.markdown, page(results, lacking))
    numbers = counts(results, lacking)
    print(
        ", ".join(f"{count} {name}" for name, count in numbers.items())
        + f" ({', '.join(lacking)})" * bool(lacking)
    )
    return int(any(numbers[name] for name in ("survived", "invalid", "missing")))


def _write(path: Path | None, text: str) -> None:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as file:
            file.write(text.encode())


def _wanted(entry: Entry, options: argparse.Namespace) -> bool:
    by_clause = not options.clauses or entry.clause in options.clauses
    return by_clause and (not options.document or entry.document in options.document)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.red",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("clauses", nargs="*", metavar="CLAUSE")
    parser.add_argument(
        "--document", action="append", metavar="STEM", help="the entries of one file of tests/red"
    )
    parser.add_argument(
        "--jobs", type=int, default=1, metavar="N", help="copies that are broken at the same time"
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="take over what --json FILE holds, where nothing has changed",
    )
    parser.add_argument(
        "--root", type=Path, default=Path(__file__).parents[2], metavar="DIR", help="the checkout"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())

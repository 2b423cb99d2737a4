"""`python -m benchmarks [NAME...] [--json FILE]`: measure and print each figure beside its budget.

Every benchmark runs in a process of its own, so that none inherits another's memory, caches or threads.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT, child

USUAL = ("startup", "simulate", "group", "train", "infer", "stitch", "plugin", "whole")
ON_REQUEST = ("memory", "dashboard", "preflight")
OF_THEIR_OWN = (
    "quality",
    "orders",
    "legacy",
    "recorded",
    "explain",
    "own",
    "verdicts",
    "calibration",
    "investigation",
    "doors",
    "scans",
)
"""Studies: each prints a table of its own and has no budget."""
RESULTS = ROOT / "benchmarks" / "results"


def main(words: list[str]) -> int:
    """Measure what was asked for; returns 1 where a budget is missed, 3 where a benchmark broke."""
    if words and words[0] in OF_THEIR_OWN:
        return int(importlib.import_module(f"benchmarks.{words[0]}").main(words[1:]))
    asked = _asked(words)
    if asked.one:
        return _one(asked.one)
    print(f"{'what':<52} | {'measured':>22} | {'budget':>16} | verdict")
    rows, broken = [], 0
    for name in asked.names or USUAL:
        # One thread a process, so that CPU seconds are those of one core; `whole` starts a child with the usual two.
        one = {} if name == "whole" else {"PTYSPEC_THREADS": "1"}
        done = child((sys.executable, "-m", "benchmarks", "--one", name), one)
        found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        for row in found:
            print(row.pop("line"), flush=True)
        rows += [{"benchmark": name, **row} for row in found]
        if done.code:
            broken += 1
            print(
                f"{name} broke (exit code {done.code}): {done.stderr.strip()[-2000:]}",
                file=sys.stderr,
            )
    busy = f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors: wall times hold on an idle machine only"
    print(f"{busy}\nresults: {_write(rows, asked.json)}")
    return 3 if broken else int(any(row["verdict"] == "MISSED" for row in rows))


def _asked(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measure speed and memory against the budgets.",
        epilog="`python -m benchmarks quality --help`: the acceptance matrix of reconstruction quality. "
        "`python -m benchmarks orders --help`: the tests in other orders and numbers of processes. "
        "`python -m benchmarks legacy --help`: what a dictionary that is not in step does. "
        "`python -m benchmarks explain --help`: planted causes found again, and the runs that it took. "
        "`python -m benchmarks own --help`: the same in a pipeline's own settings, by real reconstructions. "
        "`python -m benchmarks doors --help`: a pipeline here and in a process of its own.",
    )
    known = (*USUAL, *ON_REQUEST)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"{', '.join(known)}; default: all but {', '.join(ON_REQUEST)}",
    )
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="where results go; default: benchmarks/results/"
    )
    parser.add_argument("--one", choices=known, help=argparse.SUPPRESS)
    asked = parser.parse_args(words)
    wrong = sorted(set(asked.names) - set(known))
    if wrong:
        parser.error(f"unknown benchmark {', '.join(wrong)}; known: {', '.join(known)}, quality")
    return asked


def _one(name: str) -> int:
    from ptyspec.runs.threads import default_threads, set_threads

    set_threads(default_threads())  # before the benchmark's module imports a numerical library
    for row in importlib.import_module(f"benchmarks.{name}").measure():
        print(json.dumps({"line": row.line(), **row.as_json()}), flush=True)
    return 0


def _write(rows: list[dict[str, Any]], asked: Path | None) -> Path:
    from ptyspec.files.jsonfile import write_json
    from ptyspec.runs.environment import environment

    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    path = asked or RESULTS / f"{stamp}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    clean = [
        {**row, "value": row["value"] if row["value"] < float("inf") else None} for row in rows
    ]
    write_json(
        path, {"load_average": os.getloadavg(), "environment": environment({}), "rows": clean}
    )
    return path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m benchmarks doors`: the same pipeline in this process and in one of its own, clause by clause and by seconds.

Runs alternate, each in an interpreter and a run store of its own; figures are medians. `--training` adds the clauses
that train. Exit codes: 0 the outcomes are equal and the process door costs less than the budget, else 1.
"""

from __future__ import annotations

import argparse
import json
import shlex
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.measure import child_or_raise, scratch
from ptyspec.contracts.scenario import Scenario
from ptyspec.pipeline.protocol import Containers, Session, Trained
from ptyspec.pipeline.reference import ReferencePipeline

BUDGET = 0.10
"""What the process door may cost, as a part of the time without it."""
SERVE = "from ptyspec.cli.main import entry; entry()"


class Stages(ReferencePipeline):
    """The reference as somebody else's: clauses that look into our own network say nothing of it, by either door."""

    name = "stages"

    def train(self, scenario: Scenario, containers: Containers, session: Session) -> Trained:
        """Train as the reference does."""
        return super().train(scenario, containers, session)


PIPELINES = {"box": "ptyspec.pipeline.boxes:RPIE", "stages": "benchmarks.doors:Stages"}


def main(words: list[str]) -> int:
    """Measure, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks doors", description=__doc__)
    parser.add_argument("pipelines", nargs="*", default=list(PIPELINES), metavar="box|stages")
    parser.add_argument("--times", type=int, default=3, help="runs by each door (default: 3)")
    parser.add_argument("--training", action="store_true", help="with the clauses that train")
    parser.add_argument("--clause", action="append", metavar="ID", help="only these clauses")
    parser.add_argument("--json", type=Path, metavar="FILE", help="where results go")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    asked = parser.parse_args(words)
    if asked.one:
        return _one(asked.one, asked.training, asked.clause)
    rows = [_both(name, asked) for name in asked.pipelines]
    if asked.json:
        asked.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return int(any(row["differ"] or row["overhead"]["seconds"] >= BUDGET for row in rows))


def _one(words: str, trains: bool, clauses: list[str] | None) -> int:
    """Check one pipeline, and print the state of each clause and the seconds that it took."""
    import ptyspec

    start = time.perf_counter()
    results = ptyspec.check(words, tier="full" if trains else "quick", clauses=clauses)
    seconds = time.perf_counter() - start
    states = {one.clause: one.state.value for one in results}
    print(json.dumps({"seconds": seconds, "states": states}))
    return 0


def _both(name: str, asked: argparse.Namespace) -> dict[str, Any]:
    words = PIPELINES[name]
    doors = {
        "here": words,
        "process": f"cmd:{shlex.join([sys.executable, '-c', SERVE])} serve {words}",
    }
    runs: dict[str, list[dict[str, Any]]] = {door: [] for door in doors}
    for _ in range(asked.times):
        for door, pipeline in doors.items():
            runs[door].append(_run(pipeline, asked))
            print(f"{name} {door}: {runs[door][-1]['seconds']:.1f} s", file=sys.stderr, flush=True)
    here, elsewhere = (runs[door][0]["states"] for door in doors)
    differ = {
        clause: (here.get(clause), elsewhere.get(clause))
        for clause in sorted({*here, *elsewhere})
        if here.get(clause) != elsewhere.get(clause)
    }
    spent = {
        door: {key: statistics.median(run[key] for run in made) for key in ("seconds", "cpu")}
        for door, made in runs.items()
    }
    there, here_too = spent["process"], spent["here"]
    overhead = {key: there[key] / here_too[key] - 1 for key in there}
    print(
        f"{name}: {len(here)} clauses, {len(differ)} outcomes differ; "
        f"{here_too['seconds']:.1f} s here, {there['seconds']:.1f} s in a process "
        f"({overhead['seconds']:+.1%}, budget {BUDGET:.0%}); "
        f"{here_too['cpu']:.1f} and {there['cpu']:.1f} CPU s ({overhead['cpu']:+.1%})"
    )
    for clause, pair in differ.items():
        print(f"  {clause}: {pair[0]} here, {pair[1]} in a process")
    return {
        "pipeline": words,
        "trains": asked.training,
        "clauses": len(here),
        "differ": differ,
        "overhead": overhead,
        "runs": {door: [{**run, "states": None} for run in made] for door, made in runs.items()},
    }


def _run(pipeline: str, asked: argparse.Namespace) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks", "doors", "--one", pipeline]
    command += ["--training"] if asked.training else []
    command += [word for clause in asked.clause or () for word in ("--clause", clause)]
    with scratch() as home:
        done = child_or_raise(command, {"PTYSPEC_HOME": str(home)})
    last: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**last, "cpu": done.spent.cpu}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

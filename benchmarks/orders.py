"""`python -m benchmarks orders [--tier TIER]`: the same outcomes and margins however the cases were run and in any order."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from benchmarks.measure import ROOT, child, scratch
from ptyspec.files.jsonfile import read_json

WAYS = {
    "two workers": ("-n", "2"),
    "four workers": ("-n", "4"),
    "one process, no pytest-xdist": ("-p", "no:xdist"),
    "shuffled, two workers": ("-p", "benchmarks.shuffle", "-n", "2"),
    "shuffled, one process": ("-p", "benchmarks.shuffle"),
}


def main(words: list[str]) -> int:
    """Run a tier in every way and compare its ledgers; returns 1 where two of them differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks orders", description=__doc__)
    parser.add_argument(
        "--tier", default="contract", help="contract (default), parity, regression or meta"
    )
    tier = parser.parse_args(words).tier
    first: dict[str, Any] | None = None
    status = 0
    with scratch() as folder:
        for number, (name, options) in enumerate(WAYS.items()):
            found = _run(tier, options, folder / f"{number}.json")
            first = found if first is None else first
            other = sorted(
                case for case in first.keys() | found.keys() if first.get(case) != found.get(case)
            )
            print(
                f"{name:<32} {len(found):>6} cases  {'the same' if not other else f'{len(other)} differ:'}",
                flush=True,
            )
            for case in other[:5]:
                print(f"  {case}\n    {first.get(case)}\n    {found.get(case)}")
            status |= bool(other)
    return int(status)


def _run(tier: str, options: tuple[str, ...], results: Path) -> dict[str, Any]:
    """State, clauses and margins of each case; the seconds it took are left out."""
    words = (sys.executable, "-m", "pytest", "-q", "-m", tier, "-p", "no:cacheprovider", *options)
    done = child((*words, f"--ptyspec-results={results}"), {"PYTHONPATH": str(ROOT)})
    if not results.is_file():
        raise RuntimeError(
            f"no results (exit code {done.code}): {done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
    cases = read_json(results)["cases"]
    return {
        name: {key: case[key] for key in ("state", "clauses", "margins")}
        for name, case in cases.items()
    }

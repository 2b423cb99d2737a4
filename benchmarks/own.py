"""`python -m benchmarks own`: causes planted in the 25 settings of a foreign pipeline, found by real reconstructions."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NamedTuple

import ptyspec
from benchmarks.lab import ALONE, SCENE, SETTINGS, SYMPTOM, TOGETHER, Lab
from ptyspec.contracts.resolve import nest
from ptyspec.seeds import generator

KINDS = {
    "one": (1, 0),
    "two, each enough": (2, 0),
    "three, each enough": (3, 0),
    "two that need each other": (0, 1),
    "two that need each other, and one": (1, 1),
    "twice two that need each other": (0, 2),
}
"""How many causes of one setting, and of two that are both needed."""
Cause = tuple[str, ...]


class Trial(NamedTuple):
    """What was planted, what was found, and how many reconstructions it took."""

    planted: set[Cause]
    found: set[Cause]
    status: str
    differences: int
    runs: int

    @property
    def exact(self) -> bool:
        """Nothing else was found, and each cause is confirmed both ways."""
        return self.found == self.planted and self.status == "explained"


def sides(
    seed: int, alone: int, together: int
) -> tuple[dict[str, Any], dict[str, Any], set[Cause]]:
    """Return GOOD's and BAD's settings, and what was planted; everything else that can differ does, harmlessly.

    One half of each pair that is not planted differs as well: by itself it does nothing.
    """
    draws = generator(seed, f"own settings {alone} {together}")
    singles = [ALONE[at] for at in draws.permutation(len(ALONE))[:alone]]
    pairs = [TOGETHER[at] for at in draws.permutation(len(TOGETHER))]
    halves = [pair[draws.integers(2)] for pair in pairs[together:]]
    harmful = {*singles, *halves, *(name for pair in pairs[:together] for name in pair)}
    good = {one.path: one.good for one in SETTINGS}
    bad = {
        one.path: one.bad
        if one.path in harmful
        else one.good
        if one.harmless is None
        else one.harmless
        for one in SETTINGS
    }
    planted = {(name,) for name in singles} | {tuple(sorted(pair)) for pair in pairs[:together]}
    return nest(good), nest(bad), planted


def trial(kind: str, seed: int, symptom: str = SYMPTOM, repeats: int = 0) -> Trial:
    """Plant, and ask the front door."""
    good, bad, planted = sides(seed, *KINDS[kind])
    how: Any = {"pipeline": Lab, "set": SCENE, "repeats": repeats, "progress": False}
    found = ptyspec.explain(good, bad, symptom, **how).document
    told = {tuple(sorted(cause)) for cause in found.cause}
    told |= {tuple(sorted(one.members)) for one in found.masked}
    count, runs = len(found.differences), found.runs["search"] + found.runs["repeats"]
    return Trial(planted, told, found.status, count, runs)


def main(words: Sequence[str]) -> int:
    """Print a row a trial; returns 1 where one is not exact."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks own", description=__doc__)
    parser.add_argument("--trials", type=int, default=4, help="seeds of each kind (default 4)")
    count = parser.parse_args(words).trials
    rows = []
    print(f"{'planted':<36} {'seed':>4} {'differ':>6} {'runs':>5} exact  causes")
    for kind in KINDS:
        for seed in range(count):
            one = trial(kind, seed, repeats=1)
            rows.append(one)
            causes = "; ".join(" + ".join(cause) for cause in sorted(one.found))
            exact = (
                "yes" if one.exact else f"NO ({one.status}): planted {sorted(one.planted)}; found"
            )
            print(
                f"{kind:<36} {seed:>4} {one.differences:>6} {one.runs:>5} {exact:<5}  {causes}",
                flush=True,
            )
    exact = sum(one.exact for one in rows)
    print(f"{exact} of {len(rows)} exact, {sum(one.runs for one in rows)} reconstructions")
    return int(exact < len(rows))

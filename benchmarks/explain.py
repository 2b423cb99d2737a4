"""`python -m benchmarks explain`: planted causes found again, and the runs that it took beside one at a time."""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.planted import World, world
from ptyspec.explanations.causes import Findings
from ptyspec.explanations.search import Outcome, Search, Subset, ddmin, smallest

SIZES = (20, 40, 60)
KINDS = {
    "one": {"causes": (1,)},
    "two-interacting": {"causes": (2,)},
    "three-interacting": {"causes": (3,)},
    "three-interacting-some-go-together": {"causes": (3,), "needing": 4},
    "two-independent": {"causes": (1, 2)},
    "one-hides-another": {"causes": (1,), "hidden": 1},
}
"""What is planted: sizes of causes; the last two ask for more than one set."""


@dataclass(frozen=True)
class Trial:
    """Whether a way found exactly what was planted, and the runs it took."""

    exact: bool
    runs: int


def trials(kind: str, way: Callable[[World], Trial], count: int) -> list[Trial]:
    """Return `count` seeded trials of each size."""
    planted = KINDS[kind]
    return [
        way(
            world(
                seed,
                size,
                *planted["causes"],
                hidden=planted.get("hidden", 0),
                needing=planted.get("needing", 0),
            )
        )
        for size in SIZES
        for seed in range(count)
    ]


def everything(there: World) -> Trial:
    """What `explain` does: all causes, then what they hide."""
    found = Findings(Search(there.answer), there.members)
    found.find_all()
    causes = {frozenset(cause) for cause in found.causes}
    masked = {(frozenset(one.members), one.maskers) for one in found.masked}
    right = causes == set(there.causes) and masked == {
        (cause, (masker,)) for cause, masker in there.hidden
    }
    return Trial(right, len(found.search.known))


def visible(there: World) -> Trial:
    """`explain` without the search for what is hidden."""
    found = Findings(Search(there.answer), there.members)
    found.find_causes()
    return _trial(there, found.search, *found.causes)


def halving(there: World) -> Trial:
    """One cause by halving and ddmin."""
    search = Search(there.answer)
    return _trial(there, search, smallest(search, there.members))


def only_ddmin(there: World) -> Trial:
    """One cause by ddmin alone."""
    search = Search(there.answer)
    return _trial(there, search, ddmin(search, there.members))


def _trial(there: World, search: Search, *causes: tuple[str, ...]) -> Trial:
    return Trial(set(map(frozenset, causes)) == set(there.causes), len(search.known))


def add_one(there: World) -> Trial:
    """One at a time: each setting alone in GOOD; whatever fails is a cause."""
    failing = {
        frozenset({name})
        for name in there.members
        if there.outcome(frozenset({name})) is Outcome.FAIL
    }
    return Trial(failing == set(there.causes) and not there.hidden, len(there.members))


def leave_one_out(there: World) -> Trial:
    """One at a time: each setting taken out of BAD; those without which BAD passes are the cause."""
    whole: Subset = frozenset(there.members)
    needed = frozenset(name for name in whole if there.outcome(whole - {name}) is Outcome.PASS)
    return Trial({needed} == set(there.causes) and not there.hidden, len(there.members))


WAYS: dict[str, Callable[[World], Trial]] = {
    "explain": everything,
    "causes": visible,
    "halving+ddmin": halving,
    "ddmin": only_ddmin,
    "add one": add_one,
    "leave one out": leave_one_out,
}


def main(words: Sequence[str]) -> int:
    """Print exact recovery and median runs of each way; returns 1 where `explain` missed one."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks explain", description=__doc__)
    parser.add_argument(
        "--trials", type=int, default=50, help="seeded trials of each size (default 50)"
    )
    count = parser.parse_args(words).trials
    print(
        f"{count} trials each among {', '.join(map(str, SIZES))} settings: exact, median runs (largest)"
    )
    print(f"{'planted':<40} " + " ".join(f"{name:>22}" for name in WAYS))
    missed = 0
    for kind in KINDS:
        cells = []
        for name, way in WAYS.items():
            found = trials(kind, way, count)
            exact = sum(trial.exact for trial in found)
            missed += len(found) - exact if name == "explain" else 0
            runs = [trial.runs for trial in found]
            cells.append(
                f"{exact / len(found):>6.0%} {statistics.median(runs):>6.0f} ({max(runs):>4})"
            )
        print(f"{kind:<40} " + " ".join(f"{cell:>22}" for cell in cells), flush=True)
    return int(missed > 0)

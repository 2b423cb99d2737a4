"""What a symptom says of a run, the runs of a search (each made once, within the budget), and the smallest failing part.

A symptom is comparisons of numbers of an observation, read and never evaluated: `amplitude.mean_ratio<0.9`, or several
joined by `and`; paths are those of `experiments.observe.value`.

Halving, then ddmin, which proves it: Zeller and Hildebrandt, Simplifying and isolating failure-inducing input, IEEE TSE
28 (2002); the halving is Junker's QuickXplain, AAAI 2004: about 2 k log2(n / k) runs for k causes among n where the
symptom is monotone, and where it is not, ddmin begins anew from what it was given."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import combinations, pairwise
from operator import eq, ge, gt, le, lt, ne
from typing import NamedTuple

from ptyspec.contracts.base import Record
from ptyspec.contracts.records import Number
from ptyspec.contracts.resolve import flatten
from ptyspec.errors import ConfigError
from ptyspec.experiments.observe import Observation, value
from ptyspec.render.table import show

Names = tuple[str, ...]
Subset = frozenset[str]
"""Names of the differences that GOOD takes over from BAD: none of them is GOOD, all of them are BAD."""
NOTHING: Subset = frozenset()


class Outcome(Enum):
    """What the symptom says of one run."""

    PASS = "pass"
    FAIL = "fail"
    UNRESOLVED = "unresolved"
    """No such run exists (the settings contradict each other) or the symptom cannot be read from it."""


WORDS = {Outcome.PASS: "passes", Outcome.FAIL: "fails", Outcome.UNRESOLVED: "has no result"}


class Run(Record):
    """How one run ended, and the symptom's number."""

    outcome: Outcome
    number: Number = None

    def text(self) -> str:
        """Return it in words, such as `fails at 0.559`."""
        return WORDS[self.outcome] + ("" if self.number is None else f" at {show(self.number)}")


SIGNS: dict[str, Callable[[float, float], bool]]
SIGNS = {"<=": le, ">=": ge, "==": eq, "!=": ne, "<": lt, ">": gt}
PATH = r"(?P<path>[A-Za-z]\w*(?:\.[\w-]+)+|[A-Za-z]\w*)"
FORM = re.compile(rf"\s*{PATH}\s*(?P<sign>{'|'.join(SIGNS)})\s*(?P<limit>[-+.\deE]+)\s*")


class Comparison(NamedTuple):
    """One number against one limit."""

    path: str
    sign: str
    limit: float

    def holds(self, observation: Observation) -> bool | None:
        """Return whether it does; None where the run has no such number, or did not get that far."""
        found = value(observation, self.path)
        return None if found is None else SIGNS[self.sign](found, self.limit)


class Symptom(NamedTuple):
    """It shows where all its comparisons hold; its number, which shares are of, is that of the first one."""

    text: str
    comparisons: tuple[Comparison, ...]

    def read(self, observation: Observation) -> Run:
        """Return FAIL where the symptom shows, PASS where it does not, UNRESOLVED where that cannot be said."""
        held = [part.holds(observation) for part in self.comparisons]
        unclear = Outcome.UNRESOLVED if None in held else Outcome.FAIL
        outcome = Outcome.PASS if False in held else unclear
        return Run(outcome=outcome, number=value(observation, self.comparisons[0].path))


def read_symptom(text: str) -> Symptom:
    """Return the symptom that the text means; raises ConfigError showing the form."""
    comparisons = []
    for part in re.split(r"\s+and\s+", text.strip()):
        found = FORM.fullmatch(part)
        try:
            path, sign, limit = found.group("path", "sign", "limit") if found else ("", "", "")
            comparisons.append(Comparison(path, sign, float(limit)))
        except ValueError:
            raise ConfigError(
                f"a symptom cannot be read: {part!r}",
                value=text,
                limit="PATH < <= > >= == != NUMBER, joined by `and`",
                source="--symptom",
                next_step="e.g. --symptom 'amplitude.mean_ratio<0.9', or the id of a clause",
            ) from None
    return Symptom(text.strip(), tuple(comparisons))


def unread(symptom: Symptom, observation: Observation, side: str) -> ConfigError:
    """Return the error for a symptom that GOOD or BAD has no number for, with the nearest names."""
    missing = next(one.path for one in symptom.comparisons if one.holds(observation) is None)
    if observation["outcome"] != "finished":
        ended = observation["outcome"]
        what = f"{side} has no {missing}: its run is {ended}"
        step = f"name a {side} that runs, or a symptom such as 'outcome.{ended}==1'"
        value = observation["error"]
        return ConfigError(what, value=value, source=observation["stage"], next_step=step)
    scores = [k for k, score in flatten(observation["metrics"]) if isinstance(score, int | float)]
    near = difflib.get_close_matches(missing, [*scores, *observation["numbers"]], cutoff=0.4)
    look = "see metrics.json and stages.json of a run"
    look = f"did you mean {' or '.join(near)}?" if near else look
    text = f"a run has no number called {missing}"
    return ConfigError(text, value=missing, source="--symptom", next_step=look)


class Step(Run):
    """One run of the search."""

    run: int
    taken_over: Names
    why: str


class BudgetSpent(Exception):  # noqa: N818  # not an error: the search ends with what it has
    """The search would need more runs than it was allowed."""


@dataclass
class Search:
    """Asks for runs; the answers stay, so that no run is made twice.

    - oracle: makes runs, side by side where it can, and says how each ended.
    - budget: distinct runs that may be made, None for as many as needed; BudgetSpent is raised before the next one.
    - width: runs that the oracle is given at a time where not all of them may be needed.
    - groups: names that stand for several members in what is asked.
    """

    oracle: Callable[[Sequence[Subset]], Sequence[Run]]
    budget: int | None = None
    width: int = 1
    groups: Mapping[str, Names] = field(default_factory=dict)
    known: dict[Subset, Step] = field(default_factory=dict)

    def ask(
        self,
        subsets: Iterable[Iterable[str]],
        why: str,
        wanted: Outcome | None = None,
        needed: int | None = None,
    ) -> list[Outcome | None]:
        """Return how these runs end, the most telling first; None where a run was not needed.

        - wanted: no run is needed after one that ends so.
        - needed: so many of them; the others are likely to be asked next, and made where a process would be idle.
        """
        asked = [
            frozenset(n for name in one for n in self.groups.get(name, (name,))) for one in subsets
        ]
        fresh = [subset for subset in dict.fromkeys(asked) if subset not in self.known]
        must = set(asked[:needed]).intersection(fresh)
        step = max(1, len(fresh) if wanted is None else self.width)
        for at in range(0, len(fresh), step):
            ended = wanted is not None and wanted in map(self._outcome, asked)
            if ended or not must.intersection(fresh[at:]):
                break
            self._make(fresh[at : at + step], why)
        return [self._outcome(subset) for subset in asked]

    def one(self, subset: Iterable[str], why: str) -> Outcome | None:
        """Return how a single run ends."""
        return self.ask((subset,), why)[0]

    def first(self, subsets: Iterable[Iterable[str]], why: str, wanted: Outcome) -> int | None:
        """Return the place of the first of some runs that ends as `wanted`, or None."""
        answer = self.ask(subsets, why, wanted)
        return answer.index(wanted) if wanted in answer else None

    def best(self, causes: Sequence[Iterable[str]] = ()) -> Subset | None:
        """Return the smallest failing subset so far that holds none of the known causes."""
        failing = (subset for subset, run in self.known.items() if run.outcome is Outcome.FAIL)
        fresh = (one for one in failing if not any(one.issuperset(cause) for cause in causes))
        return min(fresh, key=len, default=None)

    def _outcome(self, subset: Subset) -> Outcome | None:
        return self.known[subset].outcome if subset in self.known else None

    def _make(self, subsets: Sequence[Subset], why: str) -> None:
        allowed = (
            subsets if self.budget is None else subsets[: max(0, self.budget - len(self.known))]
        )
        for subset, run in zip(allowed, self.oracle(allowed) if allowed else (), strict=True):
            told = {"run": len(self.known) + 1, "taken_over": tuple(sorted(subset)), "why": why}
            self.known[subset] = Step(**dict(run), **told)
        if len(allowed) < len(subsets):
            raise BudgetSpent


FAIL = Outcome.FAIL


def smallest(
    search: Search, members: Sequence[str], base: Subset = NOTHING, wanted: Outcome = FAIL
) -> Names:
    """Return a part of `members` that, with `base`, still ends as `wanted`, and no longer does without any one of it.

    All members with `base` must end as `wanted`, and `base` alone must not. Settings of one section are tried together
    first: they are few, and most of those that contradict each other when they are torn apart.
    """
    groups = sections(members)
    if 1 < len(groups) < len(members):
        kept = _smallest(replace(search, groups=groups), tuple(groups), base, wanted)
        members = [name for group in kept for name in groups[group]]
    return _smallest(search, tuple(members), base, wanted)


def sections(members: Iterable[str]) -> dict[str, Names]:
    """Return the members by group, in order: settings by section, everything else by itself."""
    found: dict[str, Names] = {}
    for name in members:
        section, dot, _ = name.partition(".")
        group = f"{section}.*" if dot and section != "fault" else name
        found[group] = (*found.get(group, ()), name)
    return {group if len(names) > 1 else names[0]: names for group, names in found.items()}


def _smallest(search: Search, members: Names, base: Subset, wanted: Outcome) -> Names:
    halved = _halve(search, base, members, wanted)
    ordered = tuple(name for name in members if name in halved)
    right = search.one(base | set(ordered), "the parts that halving left") is wanted
    return ddmin(search, ordered if right else members, base, wanted)


def ddmin(
    search: Search, members: Sequence[str], base: Subset = NOTHING, wanted: Outcome = FAIL
) -> Names:
    """Return a 1-minimal part of `members`, by subsets and complements of growing granularity.

    Members that cannot be removed singly because the rest is unresolved are also tried together, and in pairs.
    """
    current, count = tuple(members), 2
    while len(current) > 1:
        edges = [round(at * len(current) / count) for at in range(count + 1)]
        parts = [current[low:high] for low, high in pairwise(edges) if high > low]
        at = search.first(_with(base, parts), f"one of {len(parts)} parts", wanted)
        if at is not None:
            current, count = parts[at], 2
            continue
        rests = [_without(current, part) for part in parts] if count > 2 else []
        at = search.first(_with(base, rests), f"all but one of {len(parts)} parts", wanted)
        if at is not None:
            current, count = rests[at], max(count - 1, 2)
        elif count < len(current):
            count = min(2 * count, len(current))
        elif smaller := _coupled(search, current, base, wanted):
            current, count = smaller, 2
        else:
            break
    return current


def _halve(search: Search, base: Subset, members: Names, wanted: Outcome) -> Subset:
    """QuickXplain: what of `members` is needed beside `base`, which does not suffice; all of them with it do."""
    if len(members) <= 1:
        return frozenset(members)
    middle = len(members) // 2
    left, right = members[:middle], members[middle:]
    answer = search.ask(_with(base, (left, right)), "halving", wanted, needed=1)
    if wanted in answer:
        return _halve(search, base, (left, right)[answer.index(wanted)], wanted)
    needed = _halve(search, base | set(left), right, wanted)
    grown = base | needed
    next_to = _with(grown, ((), left[: middle // 2]))
    if search.ask(next_to, "halving", wanted, needed=1)[0] is wanted:
        return needed
    return needed | _halve(search, grown, left, wanted)


def _coupled(search: Search, current: Names, base: Subset, wanted: Outcome) -> Names | None:
    """Remove together what cannot be removed singly: settings that only make sense with each other."""
    singly = search.ask(_with(base, [_without(current, (one,)) for one in current]), "all but one")
    ended = zip(current, singly, strict=True)
    bound = [name for name, outcome in ended if outcome is Outcome.UNRESOLVED]
    sizes = [size for size in {len(bound), 2} if 2 <= size <= len(bound)]
    groups = [group for size in sizes for group in combinations(bound, size)]
    left = [rest for group in groups if (rest := _without(current, group))]
    at = search.first(_with(base, left), "all but settings that go together", wanted)
    return None if at is None else left[at]


def _with(base: Subset, parts: Iterable[Iterable[str]]) -> list[Subset]:
    return [base.union(part) for part in parts]


def _without(members: Names, part: Iterable[str]) -> Names:
    return tuple(name for name in members if name not in set(part))

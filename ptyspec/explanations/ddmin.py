"""The smallest part of a difference that still brings the symptom: halving, then ddmin, which proves it.

Zeller and Hildebrandt, Simplifying and isolating failure-inducing input, IEEE TSE 28 (2002); the halving is Junker's
QuickXplain, AAAI 2004: about 2 k log2(n / k) runs for k causes among n where the symptom is monotone, and where it is
not, ddmin begins anew from what it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise

from ptyspec.explanations.search import NOTHING, Names, Outcome, Search, Subset

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
        kept = _smallest(search.grouped(groups), tuple(groups), base, wanted)
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
        parts = list(_split(current, count))
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


def _split(members: Names, count: int) -> Iterator[Names]:
    """`count` parts of nearly equal length, in order."""
    edges = [round(at * len(members) / count) for at in range(count + 1)]
    return (members[low:high] for low, high in pairwise(edges) if high > low)

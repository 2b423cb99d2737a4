"""The smallest part of a difference that still brings the symptom: halving, then ddmin, which proves it.

Zeller and Hildebrandt, Simplifying and isolating failure-inducing input, IEEE TSE 28 (2002); the halving is Junker's
QuickXplain, AAAI 2004: about 2 k log2(n / k) runs for k causes among n where the symptom is monotone, and where it is
not, ddmin begins anew from what it was given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, pairwise

from ptyspec.explanations.plan import Ask, Outcome, Plan, Subset, every, expanded, first, one

NOTHING: Subset = frozenset()


def smallest(
    members: Sequence[str], *, base: Subset = NOTHING, wanted: Outcome = Outcome.FAIL
) -> Plan[tuple[str, ...]]:
    """Return a part of `members` that, with `base`, still ends as `wanted`, and no longer does without any one of it.

    All members with `base` must end as `wanted`, and `base` alone must not. Settings of one section are tried together
    first: they are few, and most of those that contradict each other when they are torn apart.
    """
    groups = sections(members)
    if 1 < len(groups) < len(members):
        kept = yield from expanded(_smallest(tuple(groups), base, wanted), groups)
        members = [name for group in kept for name in groups[group]]
    return (yield from _smallest(tuple(members), base, wanted))


def sections(members: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the members by group, in order: settings by section, everything else by itself."""
    found: dict[str, tuple[str, ...]] = {}
    for name in members:
        section, dot, _ = name.partition(".")
        group = f"{section}.*" if dot and section != "fault" else name
        found[group] = (*found.get(group, ()), name)
    return {group if len(names) > 1 else names[0]: names for group, names in found.items()}


def _smallest(members: tuple[str, ...], base: Subset, wanted: Outcome) -> Plan[tuple[str, ...]]:
    halved = yield from _halve(base, members, wanted)
    ordered = tuple(name for name in members if name in halved)
    if (yield from one(base | set(ordered), "the parts that halving left")) is wanted:
        return (yield from ddmin(ordered, base=base, wanted=wanted))
    return (yield from ddmin(members, base=base, wanted=wanted))


def ddmin(
    members: Sequence[str], *, base: Subset = NOTHING, wanted: Outcome = Outcome.FAIL
) -> Plan[tuple[str, ...]]:
    """Return a 1-minimal part of `members`, by subsets and complements of growing granularity.

    Members that cannot be removed singly because the rest is unresolved are also tried together, and in pairs.
    """
    current, count = tuple(members), 2
    while len(current) > 1:
        parts = list(_split(current, count))
        subsets = [base | set(part) for part in parts]
        at = yield from first(subsets, f"one of {len(parts)} parts", wanted)
        if at is not None:
            current, count = parts[at], 2
            continue
        rests = [tuple(name for name in current if name not in part) for part in parts]
        subsets = [base | set(rest) for rest in rests] if count > 2 else []
        at = yield from first(subsets, f"all but one of {len(parts)} parts", wanted)
        if at is not None:
            current, count = rests[at], max(count - 1, 2)
        elif count < len(current):
            count = min(2 * count, len(current))
        else:
            smaller = yield from _coupled(current, base, wanted)
            if smaller is None:
                break
            current, count = smaller, 2
    return current


def _halve(base: Subset, members: tuple[str, ...], wanted: Outcome) -> Plan[Subset]:
    """QuickXplain: what of `members` is needed beside `base`, which does not suffice; all of them with it do."""
    if len(members) <= 1:
        return frozenset(members)
    middle = len(members) // 2
    left, right = members[:middle], members[middle:]
    answer = yield Ask((base | set(left), base | set(right)), "halving", wanted, needed=1)
    for half, found in zip((left, right), answer, strict=True):
        if found is wanted:
            return (yield from _halve(base, half, wanted))
    needed = yield from _halve(base | set(left), right, wanted)
    grown = base | needed
    answer = yield Ask((grown, grown | set(left[: middle // 2])), "halving", wanted, needed=1)
    if answer[0] is wanted:
        return needed
    return needed | (yield from _halve(grown, left, wanted))


def _coupled(
    current: tuple[str, ...], base: Subset, wanted: Outcome
) -> Plan[tuple[str, ...] | None]:
    """Remove together what cannot be removed singly: settings that only make sense with each other."""
    rests = {name: base | (set(current) - {name}) for name in current}
    found = yield from every(rests.values(), "all but one")
    bound = [name for name in current if found[frozenset(rests[name])] is Outcome.UNRESOLVED]
    sizes = [size for size in {len(bound), 2} if 2 <= size <= len(bound)]
    groups = [group for size in sizes for group in combinations(bound, size)]
    left = [tuple(name for name in current if name not in group) for group in groups]
    left = [rest for rest in left if rest]
    subsets = [base | set(rest) for rest in left]
    at = yield from first(subsets, "all but settings that go together", wanted)
    return None if at is None else left[at]


def _split(members: tuple[str, ...], count: int) -> Iterator[tuple[str, ...]]:
    """`count` parts of nearly equal length, in order."""
    edges = [round(at * len(members) / count) for at in range(count + 1)]
    return (members[low:high] for low, high in pairwise(edges) if high > low)

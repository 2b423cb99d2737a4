"""What must be seen for a cause to be believed: put into GOOD it fails, taken out of BAD it passes, whatever the seed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ptyspec.explanations.causes import Findings, Masked
from ptyspec.explanations.explanation import ClaimRow, Settled
from ptyspec.explanations.search import NOTHING, Names, Outcome

FAIL, PASS = Outcome.FAIL, Outcome.PASS


def claims_of_cause(members: Names, found: Findings) -> tuple[ClaimRow, ...]:
    """Return the claims of a visible cause; BAD is first mended of the other causes, where there are any."""
    cause = frozenset(members)
    others = NOTHING.union(*found.causes) - cause
    rest = frozenset(found.members) - others
    bad = "BAD without the other causes" if others else "BAD"
    return (
        _claim("adding", "GOOD with it", cause, FAIL),
        *((_claim("removing", bad, rest, FAIL),) if others else ()),
        _claim("removing", f"{bad}, without it", rest - cause, PASS),
    )


def claims_of_masked(masked: Masked, found: Findings) -> tuple[ClaimRow, ...]:
    """Return the claims of a hidden cause: it fails alone, passes beside what hides it, and shows without that in BAD."""
    cause, missing = frozenset(masked.members), lacking(masked, found)
    bare = (found.repaired or NOTHING).difference(missing)
    text = f"BAD without its visible causes and {', '.join(missing)}"
    return (
        _claim("adding", "GOOD with it", cause, FAIL),
        _claim("hiding", "GOOD with it and what hides it", cause.union(masked.maskers), PASS),
        _claim("removing", text, bare, FAIL),
        _claim("removing", f"{text}, without it", bare - cause, PASS),
    )


def lacking(masked: Masked, found: Findings) -> Names:
    """Return what BAD must lack beside its visible causes to show a hidden one.

    One member of what hides it is enough; where no such run failed, everything that hides it is taken away.
    """
    mended, known = found.repaired or NOTHING, found.search.known
    failing = (name for name in masked.maskers if mended - {name} in known)
    failing = (name for name in failing if known[mended - {name}].outcome is FAIL)
    return next(((name,) for name in failing), masked.maskers)


def settled(claims: Sequence[ClaimRow]) -> Settled:
    """Return whether a cause is confirmed in both directions; what hides it must hide it as well."""
    ways = {way: [one.holds for one in claims if one.way == way] for way in ("adding", "removing")}
    adding, removing = (bool(held) and all(held) for held in ways.values())
    if adding and removing and all(one.holds for one in claims):
        return "both ways"
    return "one way" if adding or removing else "not confirmed"


def _claim(way: Any, text: str, subset: Iterable[str], expected: Outcome) -> ClaimRow:
    return ClaimRow(way=way, text=text, taken_over=tuple(sorted(subset)), expected=expected)

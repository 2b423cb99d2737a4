"""What must be seen for a cause to be believed: put into GOOD it fails, taken out of BAD it passes, whatever the seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from ptyspec.explanations.causes import Findings, Masked
from ptyspec.explanations.explanation import ClaimRow, SeedRun, Settled
from ptyspec.explanations.plan import Outcome, Subset


class Claim(NamedTuple):
    """One run and how it must end; `way` says which direction it speaks for."""

    way: Literal["adding", "removing", "hiding"]
    text: str
    subset: Subset
    expected: Outcome

    def beside(self, runs: Sequence[SeedRun]) -> ClaimRow:
        """Return it beside its runs, all of which must end as claimed."""
        return ClaimRow(
            way=self.way,
            text=self.text,
            taken_over=tuple(sorted(self.subset)),
            expected=self.expected,
            holds=all(run.outcome is self.expected for run in runs),
            runs=tuple(runs),
        )


def claims_of_cause(members: Sequence[str], found: Findings, whole: Subset) -> tuple[Claim, ...]:
    """Return the claims of a visible cause; BAD is first mended of the other causes, where there are any."""
    cause = frozenset(members)
    others = frozenset(name for other in found.causes for name in other) - cause
    bad = "BAD" if not others else "BAD without the other causes"
    return (
        Claim("adding", "GOOD with it", cause, Outcome.FAIL),
        *((Claim("removing", bad, whole - others, Outcome.FAIL),) if others else ()),
        Claim("removing", f"{bad}, without it", whole - others - cause, Outcome.PASS),
    )


def exposing(
    masked: Masked, found: Findings, known: Mapping[Subset, Outcome]
) -> tuple[Subset, tuple[str, ...]]:
    """Return the run in which BAD shows a hidden cause, and what it lacks beside its visible causes.

    One member of what hides it is enough; where no such run failed, everything that hides it is taken away.
    """
    mended = found.repaired or frozenset()
    for name in masked.maskers:
        if known.get(mended - {name}) is Outcome.FAIL:
            return mended - {name}, (name,)
    return mended.difference(masked.maskers), masked.maskers


def claims_of_masked(
    masked: Masked, found: Findings, known: Mapping[Subset, Outcome]
) -> tuple[Claim, ...]:
    """Return the claims of a hidden cause: it fails alone, passes beside what hides it, and shows without that in BAD."""
    cause, maskers = frozenset(masked.members), frozenset(masked.maskers)
    bare, lacking = exposing(masked, found, known)
    text = f"BAD without its visible causes and {', '.join(lacking)}"
    return (
        Claim("adding", "GOOD with it", cause, Outcome.FAIL),
        Claim("hiding", "GOOD with it and what hides it", cause | maskers, Outcome.PASS),
        Claim("removing", text, bare, Outcome.FAIL),
        Claim("removing", f"{text}, without it", bare - cause, Outcome.PASS),
    )


def settled(claims: Sequence[ClaimRow]) -> Settled:
    """Return whether a cause is confirmed in both directions; what hides it must hide it as well."""
    ways = {way: [one.holds for one in claims if one.way == way] for way in ("adding", "removing")}
    adding, removing = (bool(held) and all(held) for held in ways.values())
    if adding and removing and all(one.holds for one in claims):
        return "both ways"
    return "one way" if adding or removing else "not confirmed"

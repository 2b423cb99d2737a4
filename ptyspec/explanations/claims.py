"""What must be seen for a cause to be believed: put into GOOD it fails, taken out of BAD it passes, whatever the seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from ptyspec.explanations.causes import Findings, Masked
from ptyspec.explanations.plan import Outcome, Plan, Subset, every

Way = Literal["adding", "removing", "hiding"]
Run = tuple[int | None, Outcome, float | None]
"""Training seed (None: the one that GOOD and BAD have), outcome, number."""
Settled = Literal["both ways", "one way", "not confirmed"]


@dataclass(frozen=True)
class Claim:
    """One run and how it must end; `way` says which direction it speaks for."""

    way: Way
    text: str
    subset: Subset
    expected: Outcome


@dataclass(frozen=True)
class Evidence:
    """A claim beside its runs."""

    claim: Claim
    runs: tuple[Run, ...]

    @property
    def holds(self) -> bool:
        """True where every run ended as claimed."""
        return all(outcome is self.claim.expected for _, outcome, _ in self.runs)


def claims_of_cause(members: Sequence[str], found: Findings, whole: Subset) -> tuple[Claim, ...]:
    """Return the claims of a visible cause; BAD is first mended of the other causes, where there are any."""
    cause = frozenset(members)
    others = frozenset(name for other in found.causes for name in other.members) - cause
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
    for lacking in [(name,) for name in masked.maskers]:
        if known.get(mended.difference(lacking)) is Outcome.FAIL:
            return mended.difference(lacking), lacking
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


def asked(claims: Iterable[Claim]) -> Plan[dict[Subset, Outcome]]:
    """Ask for the runs of all claims with the seeds that GOOD and BAD have."""
    return every([claim.subset for claim in claims], "confirmation")


def settled(evidence: Sequence[Evidence]) -> Settled:
    """Return whether a cause is confirmed in both directions; what hides it must hide it as well."""
    ways = {
        way: [one.holds for one in evidence if one.claim.way == way]
        for way in ("adding", "removing", "hiding")
    }
    adding, removing = (bool(ways[way]) and all(ways[way]) for way in ("adding", "removing"))
    if adding and removing and all(ways["hiding"]):
        return "both ways"
    return "one way" if adding or removing else "not confirmed"

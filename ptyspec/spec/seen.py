"""What the checks of one case looked at, in words: kept only where somebody will read it, in a report."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass

import numpy as np

SHORT = reprlib.Repr()
SHORT.maxstring = SHORT.maxother = 120
MOST = 200
"""Observations that are kept of one case; a loop makes thousands."""


@dataclass(frozen=True)
class Seen:
    """One comparison: what was observed, what the rule wants, how far they may be apart."""

    clause: str
    what: str
    observed: str
    expected: str
    limit: str
    used: float | None = None
    """Share of the tolerance that was used; None where there is no tolerance to use."""
    held: bool = True


def keep(kept: list[Seen] | None, one: Seen) -> None:
    """Add an observation, if any are kept; of equal clause and quantity the one that used most, or failed, stays."""
    if kept is None:
        return
    for place, other in enumerate(kept):
        if (other.clause, other.what) == (one.clause, one.what):
            if not one.held or (other.held and (one.used or 0.0) >= (other.used or 0.0)):
                kept[place] = one
            return
    if len(kept) < MOST or not one.held:
        kept.append(one)


def shown(value: object) -> str:
    """Return a value in a few words: an array by dtype and shape, a scalar as it is, anything else cut short."""
    if isinstance(value, np.ndarray) and value.ndim:
        return f"{value.dtype}{list(value.shape)}"
    if isinstance(value, np.ndarray | np.generic):
        return str(value)
    return SHORT.repr(value)

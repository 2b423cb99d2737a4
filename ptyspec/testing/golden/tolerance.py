"""How far a number or an array may lie from its golden one, and where that figure comes from."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Iterable, Mapping

from pydantic.dataclasses import dataclass

from ptyspec.errors import PtyspecError

LARGEST_RTOL = 0.1
"""A golden number that may move by a tenth holds nothing to anything."""


class GoldenError(PtyspecError):
    """A golden file, a proposal or a request for one cannot be what it should be."""


@dataclass(frozen=True)
class Tolerance:
    """|observed - golden| <= atol + rtol |golden|, both always given; `source` says how the figures were found.

    Raises GoldenError for a negative or infinite figure, an rtol of a tenth or more, or no source.
    """

    atol: int | float
    rtol: int | float
    source: str

    def __post_init__(self) -> None:
        sound = math.isfinite(self.atol) and self.atol >= 0 <= self.rtol < LARGEST_RTOL
        if not sound or not self.source.strip():
            raise GoldenError(
                "not a tolerance of a golden value",
                value=self,
                limit=f"finite atol >= 0, 0 <= rtol < {LARGEST_RTOL}, a source",
                next_step="measure what threads and oneDNN move, or derive it; see docs/goldens.md",
            )

    def allowed(self, golden: float) -> float:
        """Return the largest allowed distance from this golden value."""
        return self.atol + self.rtol * abs(golden)

    def __str__(self) -> str:
        return f"{self.atol:g} + {self.rtol:g} |golden| ({self.source})"


def tolerances_of(keys: Iterable[str], stated: Mapping[str, Tolerance]) -> dict[str, Tolerance]:
    """Return the tolerance of every key: stated under its name, else under the one pattern (`*`, `?`) that fits.

    Raises GoldenError for a key that nothing fits, or two patterns do: no value has a tolerance by default.
    """
    return {key: stated[key] if key in stated else _by_pattern(key, stated) for key in keys}


def _by_pattern(key: str, stated: Mapping[str, Tolerance]) -> Tolerance:
    found = [pattern for pattern in stated if fnmatch.fnmatchcase(key, pattern)]
    if len(found) != 1:
        raise GoldenError(
            f"{'no tolerance is' if not found else 'two tolerances are'} stated for a golden value",
            value=key,
            limit=f"one of: {', '.join(stated) or 'none stated'}",
            source=", ".join(found) or None,
            next_step="state atol, rtol and their source for it: there is no default",
        )
    return stated[found[0]]

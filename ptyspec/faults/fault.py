"""What a fault is: a story, the seam it breaks, the clauses that must go red and those that must stay green."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Cost = Literal["contract", "parity"]


@dataclass(frozen=True)
class Patch:
    """One seam: `target` is `module:attribute` or `module:Class.attribute`; `make(original)` is what takes its place."""

    target: str
    make: Callable[[Any], Any]

    @property
    def module(self) -> str:
        """The module that defines the attribute."""
        return self.target.partition(":")[0]

    @property
    def path(self) -> list[str]:
        """The attribute's path within it."""
        return self.target.partition(":")[2].split(".")


@dataclass(frozen=True)
class Fault:
    """One fault, as somebody really made it or might.

    - stage: where the pipeline is broken; the first red clause should name it.
    - red: clauses that must go red (primary ones first); green: clauses that look close and must stay green.
    - cost: the cheapest tier that sees it.
    - signatures: failure signatures of the investigation that it shows.
    - cases: parts of the ids of cases that are looked at first beyond the contract tier, where each costs seconds.
    """

    id: str
    stage: str
    story: str
    patches: tuple[Patch, ...]
    red: tuple[str, ...]
    green: tuple[str, ...]
    cost: Cost = "contract"
    signatures: tuple[int, ...] = ()
    cases: tuple[str, ...] = ()

"""What can be wrong with a hypothesis, its evidence or its history."""

from __future__ import annotations

from ptyspec.errors import PtyspecError


class HypothesisError(PtyspecError):
    """A hypothesis's file is no hypothesis: a key, a value or a reference in it is wrong."""


class UnknownHypothesisError(HypothesisError):
    """No hypothesis has this id."""


class EvidenceError(PtyspecError):
    """There is no evidence, or it is that of another design."""

    exit_code = 4


class HistoryError(PtyspecError):
    """A history was changed: entries are added, and never altered or removed."""

    exit_code = 1


class ProbeFunctionError(PtyspecError):
    """A probe does not exist, or returned something other than numbers."""

    exit_code = 3

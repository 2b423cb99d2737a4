"""The tiers: which kind of evidence a case gives, told by its folder (and, for evidence, by a marker)."""

from __future__ import annotations

from collections.abc import Sequence

TIERS = {
    "contract": "one component against its contract; no TensorFlow",
    "parity": "A beside B: two implementations of one clause",
    "regression": "a result beside its approved golden file",
    "meta": "the instrument itself: harness by a pytest inside pytest, audits by their controls",
}
EVIDENCE = "evidence"
EVIDENCE_MEANING = "cases that judge a hypothesis: all that carry `hypothesis` with ids"


def tier_of_path(parts: Sequence[str]) -> str | None:
    """Return the tier whose folder is among a path's folders, None where none is."""
    return next((tier for tier in TIERS if tier in parts), None)

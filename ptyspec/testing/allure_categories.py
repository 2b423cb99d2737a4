"""Why a case is not green, in five words: the categories of the Allure report, and how a message is told apart."""

from __future__ import annotations

from typing import Any

DRIFT = "GoldenDrift|GoldenError"
NUMERICAL = "not finite|NaN|TrainingDivergedError|FloatingPointError|overflow encountered|invalid value encountered"
MACHINE = "ModuleNotFoundError|ImportError|MemoryError|OutputFileError|No space left|not in ../shared|could not import"
EXPECTED = "^XFAIL"
"""How the message of a case begins that was expected to fail, and did."""


def _holds(words: str, but: str = "") -> str:
    """A pattern for a message with one of these words and none of those; for Allure 2 (Java) and 3 (JavaScript)."""
    none = rf"(?![\s\S]*(?:{but}))" if but else ""
    return rf"^{none}[\s\S]*(?:{words})[\s\S]*$"


CATEGORIES: tuple[dict[str, Any], ...] = (
    {
        "name": "Golden drift",
        "matchedStatuses": ["failed", "broken"],
        "messageRegex": _holds(DRIFT),
    },
    {
        "name": "Numerical instability",
        "matchedStatuses": ["failed", "broken"],
        "messageRegex": _holds(NUMERICAL, DRIFT),
    },
    {
        "name": "Spec violation",
        "matchedStatuses": ["failed"],
        "messageRegex": _holds("", f"{DRIFT}|{NUMERICAL}"),
    },
    {
        "name": "Environment",
        "matchedStatuses": ["broken", "skipped"],
        "messageRegex": _holds(MACHINE, f"{DRIFT}|{NUMERICAL}|{EXPECTED}"),
    },
    {
        "name": "Infrastructure",
        "matchedStatuses": ["broken"],
        "messageRegex": _holds("", f"{DRIFT}|{NUMERICAL}|{MACHINE}"),
    },
    {"name": "Known issue", "matchedStatuses": ["skipped"], "messageRegex": rf"{EXPECTED}[\s\S]*$"},
)
"""Every failed or broken case falls into exactly one, and so does every case that was expected to fail."""

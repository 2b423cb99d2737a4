"""Why a case did not pass, in five words, told apart by its message."""

from __future__ import annotations

from typing import Any

DRIFT = "GoldenDrift|GoldenError"
NUMERICAL = (
    "not finite|NaN|TrainingDivergedError|FloatingPointError|"
    "overflow encountered|invalid value encountered"
)
MACHINE = (
    "ModuleNotFoundError|ImportError|MemoryError|OutputFileError|"
    "No space left|not in ../shared|could not import"
)
EXPECTED = "^XFAIL"
"""How the message of a case begins that was expected to fail, and did."""


def _category(name: str, statuses: str, words: str = "", but: str = "") -> dict[str, Any]:
    """A message with one of these words and none of those; for Allure 2 (Java) and 3 (JavaScript)."""
    none = rf"(?![\s\S]*(?:{but}))" if but else ""
    pattern = rf"^{none}[\s\S]*(?:{words})[\s\S]*$"
    return {"name": name, "matchedStatuses": statuses.split(), "messageRegex": pattern}


CATEGORIES: tuple[dict[str, Any], ...] = (
    _category("Golden drift", "failed broken", DRIFT),
    _category("Numerical instability", "failed broken", NUMERICAL, DRIFT),
    _category("Spec violation", "failed", "", f"{DRIFT}|{NUMERICAL}"),
    _category("Environment", "broken skipped", MACHINE, f"{DRIFT}|{NUMERICAL}|{EXPECTED}"),
    _category("Infrastructure", "broken", "", f"{DRIFT}|{NUMERICAL}|{MACHINE}"),
    {"name": "Known issue", "matchedStatuses": ["skipped"], "messageRegex": rf"{EXPECTED}[\s\S]*$"},
)
"""Every failed or broken case falls into exactly one, and so does every expected failure."""

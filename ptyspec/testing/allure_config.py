"""The settings of a rendered Allure report: ours, above them those of the repository's allurerc file.

Among ours are the categories: why a case did not pass, in five words, told apart by its message.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ptyspec.errors import ConfigError, InputFileError

NAMES = ("allurerc.yaml", "allurerc.yml", "allurerc.json")
HISTORY = Path(".allure") / "history.jsonl"
"""Default place of the history, relative to the working folder; ignored by git."""
HISTORY_LIMIT = 20
"""Runs that are kept: a thousand cases take about a megabyte each run."""
GATE = {"maxFailures": 0, "minTestsCount": 1}
"""The rules of the quality gate that are understood, and their defaults."""
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


def read_settings(folder: Path) -> dict[str, Any]:
    """Return the settings of the allurerc file of `folder`, {} without one; raises InputFileError."""
    import yaml

    path = next((folder / name for name in NAMES if (folder / name).is_file()), None)
    if path is None:
        return {}
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))  # JSON is YAML, too
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        message = f"not a YAML file: {error}"
        raise InputFileError(message, value=path, next_step="correct it") from error
    if not isinstance(content, Mapping | None):
        message = "not a mapping of settings"
        raise InputFileError(message, value=path, next_step="see docs/allure.md")
    return dict(content or {})


def config(
    settings: Mapping[str, Any], history: Path, known_issues: Path, name: str, single_file: bool
) -> dict[str, Any]:
    """Return what Allure 3 reads; `settings` replace ours key by key, the awesome plugin's one by one.

    `known_issues` is where Allure writes what it found of the known issues; paths are absolute.
    """
    given = dict(settings)
    plugins = given.pop("plugins", {}) or {}
    options = {
        "reportLanguage": "en",
        "groupBy": ["document", "rule"],
        "singleFile": single_file,
        **((plugins.get("awesome") or {}).get("options") or {}),
    }
    merged: dict[str, Any] = {
        "name": name,
        "historyPath": str(history),
        "historyLimit": HISTORY_LIMIT,
        "categories": {"rules": [dict(rule) for rule in CATEGORIES]},
        **given,
        "plugins": {**plugins, "awesome": {"options": options}},
    }
    merged.pop("qualityGate", None)  # judged by ptyspec: Allure's own wants a newer Node.js
    if merged.get("resolutions"):
        merged["resolutions"] = {"knownIssuesPath": str(known_issues), **merged["resolutions"]}
    return merged


def gate_rules(settings: Mapping[str, Any]) -> dict[str, int]:
    """Return the rules of the quality gate; raises ConfigError for one that is not understood."""
    rows = (settings.get("qualityGate") or {}).get("rules") or ()
    rules = {**GATE, **{name: value for rule in rows for name, value in rule.items()}}
    for name, value in rules.items():
        if name not in GATE or not isinstance(value, int):
            raise ConfigError(
                "this rule of the quality gate is not understood",
                value=f"{name}: {value}",
                limit=" and ".join(f"{known}: NUMBER" for known in GATE),
                source="allurerc, qualityGate",
            )
    return rules


def known_issues(settings: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the rules by which failures are known."""
    return list((settings.get("resolutions") or {}).get("rules") or ())

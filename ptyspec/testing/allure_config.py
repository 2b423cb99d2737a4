"""The settings of a rendered Allure report: ours, and above them those of the repository's allurerc file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ptyspec.errors import ConfigError, InputFileError
from ptyspec.testing.allure_categories import CATEGORIES

NAMES = ("allurerc.yaml", "allurerc.yml", "allurerc.json")
HISTORY = Path(".allure") / "history.jsonl"
"""Default place of the history, relative to the working folder; ignored by git."""
HISTORY_LIMIT = 20
"""Runs that are kept: a thousand cases take about a megabyte each run."""
GATE = {"maxFailures": 0, "minTestsCount": 1}
"""The rules of the quality gate that are understood, and their defaults."""


def read_settings(folder: Path) -> dict[str, Any]:
    """Return the settings of the allurerc file of `folder`, {} where there is none; raises InputFileError."""
    import yaml

    found = [folder / name for name in NAMES if (folder / name).is_file()]
    if not found:
        return {}
    try:
        content = yaml.safe_load(found[0].read_text(encoding="utf-8"))  # JSON is YAML, too
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputFileError(
            f"not a YAML file: {error}", value=found[0], next_step="correct it"
        ) from error
    if not isinstance(content, Mapping | None):
        raise InputFileError(
            "not a mapping of settings", value=found[0], next_step="see docs/allure.md"
        )
    return dict(content or {})


def config(
    settings: Mapping[str, Any], history: Path, known_issues: Path, name: str, single_file: bool
) -> dict[str, Any]:
    """Return what Allure 3 reads; `settings` replace ours key by key, those of the awesome plugin one by one.

    `known_issues` is where Allure writes what it found of the known issues; paths are absolute.
    """
    options: dict[str, Any] = {
        "reportLanguage": "en",
        "groupBy": ["document", "rule"],
        "singleFile": single_file,
    }
    given = dict(settings)
    plugins = given.pop("plugins", {}) or {}
    theirs = (plugins.get("awesome") or {}).get("options") or {}
    whole: dict[str, Any] = {
        "name": name,
        "historyPath": str(history),
        "historyLimit": HISTORY_LIMIT,
        "categories": {"rules": [dict(rule) for rule in CATEGORIES]},
        **given,
        "plugins": {**plugins, "awesome": {"options": {**options, **theirs}}},
    }
    whole.pop("qualityGate", None)  # judged by ptyspec: Allure's own wants a newer Node.js
    if whole.get("resolutions"):
        whole["resolutions"] = {"knownIssuesPath": str(known_issues), **whole["resolutions"]}
    return whole


def gate_rules(settings: Mapping[str, Any]) -> dict[str, int]:
    """Return the rules of the quality gate; raises ConfigError for one that is not understood."""
    found = dict(GATE)
    for rule in (settings.get("qualityGate") or {}).get("rules") or ():
        for name, value in rule.items():
            if name not in GATE or not isinstance(value, int):
                raise ConfigError(
                    "this rule of the quality gate is not understood",
                    value=f"{name}: {value}",
                    limit=" and ".join(f"{known}: NUMBER" for known in GATE),
                    source="allurerc, qualityGate",
                )
            found[name] = value
    return found


def known_issues(settings: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the rules by which failures are known."""
    return list((settings.get("resolutions") or {}).get("rules") or ())

"""GOOD and BAD: words of a variant, or finished runs with the faults that they ran under."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ptyspec.errors import ConfigError
from ptyspec.experiments.observe import variant
from ptyspec.explanations.explanation import differences
from ptyspec.faults import catalogue
from ptyspec.files.jsonfile import write_json
from ptyspec.runs.run_spec import Options, RunSpec, run_specs


def sides(good: str, bad: str, **options: Any) -> list[RunSpec]:
    return run_specs([good, bad], Options(**options), faults=catalogue.names())


def finished(folder: Path, words: str, *faults: str) -> str:
    folder.mkdir()
    write_json(folder / "scenario.json", variant(words, profile="quick").resolved.as_json())
    write_json(folder / "environment.json", {"faults": list(faults)})
    return str(folder)


def test_finished_runs_differ_in_their_settings_and_in_the_faults_they_ran_under(
    tmp_path: Path,
) -> None:
    good = finished(tmp_path / "good", "gs1_ideal")
    bad = finished(tmp_path / "bad", "gs1_ideal:dose.nphotons=1e5", "gain-kept")
    found = differences(*(side.settings() for side in sides(good, bad)))
    assert [(delta.name, delta.good, delta.bad) for delta in found] == [
        ("fault.gain-kept", None, True),
        ("dose.nphotons", 1e9, 1e5),
    ]


def test_a_run_is_put_beside_words_that_take_the_options(tmp_path: Path) -> None:
    run = finished(tmp_path / "run", "gs1_ideal")
    good, bad = sides("gs1_ideal", run, profile="quick", settings=["dose.nphotons=1e8"])
    assert [delta.name for delta in differences(good.settings(), bad.settings())] == [
        "dose.nphotons"
    ]


def test_options_that_neither_run_would_take_are_refused(tmp_path: Path) -> None:
    run = finished(tmp_path / "run", "gs1_ideal")
    with pytest.raises(ConfigError, match="of its own"):
        sides(run, run, profile="quick")

"""`ptyspec hypotheses`, `judge` and `new hypothesis`, with probes: seconds, no training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.cli.options import hypotheses as completed
from ptyspec.experiments import gather as gathering
from tests.hypotheses import written

PROBED = """id = "H-PROBED"
title = "A probe"
claim = "Level one differs from level zero."
story = "It was believed."
cost = "cheap"
clauses = ["EVID-001"]
probe = "any:level"
[arms.one]
level = 1.0
[arms.zero]
level = 0.0
[arms.two]
level = 2.0
[arms.none]
level = 0.0
noise = 0.001
[observable]
path = "level"
[[contrast]]
name = "one against zero"
role = "effect"
minus = ["one", "zero"]
expect = "beyond"
margin = 0.5
[[contrast]]
name = "zero is nothing"
role = "restored"
minus = ["zero", 0.0]
expect = "within"
margin = 0.5
[[control]]
name = "two"
kind = "positive"
minus = ["two", "zero"]
margin = 0.5
[[control]]
name = "none"
kind = "negative"
minus = ["none", "zero"]
margin = 0.5
[design]
seeds = [1, 2]
deterministic = true
"""


def level(seed: int, level: float, noise: float = 0.0, unrelated: float = 0.0) -> dict[str, float]:
    return {"level": level + seed * noise}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(gathering, "probe", lambda words: level)
    written(tmp_path, PROBED, "H-PROBED")
    return tmp_path


def run(root: Path, *words: str) -> Any:
    return CliRunner().invoke(app, [*words, "--root", str(root)], env={"COLUMNS": "160"})


def test_a_probe_is_judged_and_recorded_and_the_board_shows_it(root: Path) -> None:
    done = run(root, "judge", "H-PROBED", "--record")
    assert done.exit_code == 0, done.output
    assert "H-PROBED  CONFIRMED" in done.stdout
    assert "entry " in done.stdout
    shown = json.loads(run(root, "hypotheses", "--json").stdout)
    assert shown["verdicts"] == {"CONFIRMED": 1, "RULED OUT": 0, "OPEN": 0}
    row = shown["hypotheses"][0]
    assert row["effect"] == {"value": 1.0, "low": 1.0, "high": 1.0, "unit": "", "factor": None}
    assert row["scope"]["varied"] == ["level: 1.0 | 0.0"]
    assert len(row["records"]) == 16
    assert [entry["verdict"] for entry in row["history"]] == ["CONFIRMED"]
    assert "H-PROBED" in run(root, "hypotheses").stdout


def test_recording_the_same_again_adds_nothing(root: Path) -> None:
    run(root, "judge", "H-PROBED", "--record")
    files = {path: path.read_bytes() for path in (root / "specs" / "hypotheses").rglob("*.json")}
    done = run(root, "judge", "H-PROBED", "--record")
    assert "nothing new" in done.stdout
    assert len(files) == 2
    assert {path: path.read_bytes() for path in files} == files


def test_committed_evidence_is_judged_without_running(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(root, "judge", "H-PROBED", "--from-evidence").exit_code == 4  # there is none yet
    run(root, "judge", "H-PROBED", "--record")
    monkeypatch.setattr(gathering, "probe", lambda words: pytest.fail("it was run"))
    done = run(root, "judge", "H-PROBED", "--from-evidence", "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["verdict"] == "CONFIRMED"


def test_evidence_that_was_edited_is_a_violation(root: Path) -> None:
    run(root, "judge", "H-PROBED", "--record")
    path = root / "specs" / "hypotheses" / "evidence" / "H-PROBED.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"level": 1.0', '"level": 0.1'), encoding="utf-8"
    )
    done = run(root, "judge", "H-PROBED", "--from-evidence")
    assert done.exit_code == 1
    assert "the history says CONFIRMED" in done.stdout
    assert "the evidence is not the one that was judged" in done.stdout


def test_another_design_needs_other_evidence(root: Path) -> None:
    run(root, "judge", "H-PROBED", "--record")
    written(root, PROBED.replace("seeds = [1, 2]", "seeds = [1, 2, 3]"), "H-PROBED")
    done = run(root, "judge", "H-PROBED", "--from-evidence")
    assert done.exit_code == 4
    assert "the evidence is that of another design" in done.output
    shown = json.loads(run(root, "hypotheses", "--json").stdout)["hypotheses"][0]
    assert (shown["verdict"], shown["blocked_by"]) == ("OPEN", "evidence")


def test_an_open_verdict_ends_with_4(root: Path) -> None:
    written(
        root,
        PROBED.replace(
            'margin = 0.5\n[[control]]\nname = "two"', 'margin = 0.5\n[[control]]\nname = "2"'
        ).replace('minus = ["two", "zero"]', 'minus = ["none", 0.0]'),
        "H-PROBED",
    )
    done = run(root, "judge", "H-PROBED")
    assert done.exit_code == 2, done.output  # two is compared by nothing
    written(root, PROBED.replace("[arms.two]\nlevel = 2.0", "[arms.two]\nlevel = 0.1"), "H-PROBED")
    done = run(root, "judge", "H-PROBED")
    assert done.exit_code == 4
    assert "positive control 'two' shows 0.1, within its margin 0.5" in done.stdout


def test_a_deterministic_probe_that_is_not_gets_no_verdict(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = iter(range(100))
    monkeypatch.setattr(
        gathering, "probe", lambda words: lambda seed, **_: {"level": float(next(counted))}
    )
    done = run(root, "judge", "H-PROBED")
    assert done.exit_code == 4
    assert "a second run gave other numbers" in done.stdout


def test_a_probe_that_breaks_is_recorded_and_one_that_takes_other_values_is_refused(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(seed: int, level: float, noise: float = 0.0) -> dict[str, float]:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(gathering, "probe", lambda words: broken)
    done = run(root, "judge", "H-PROBED")
    assert done.exit_code == 4
    assert "failed: ZeroDivisionError: by zero" in done.stdout
    monkeypatch.setattr(gathering, "probe", lambda words: lambda seed, height: {"level": height})
    done = run(root, "judge", "H-PROBED")
    assert done.exit_code == 3
    assert "does not take the values of arm one" in done.output


@pytest.mark.parametrize("words", [("judge",), ("judge", "H-PROBED", "--all"), ("judge", "H-NONE")])
def test_what_is_asked_wrongly_ends_with_2(root: Path, words: tuple[str, ...]) -> None:
    assert run(root, *words).exit_code == 2


def test_nothing_is_recorded_while_a_fault_is_active(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTYSPEC_FAULT", "gain-by-energy")
    done = run(root, "judge", "H-PROBED", "--record")
    assert "nothing is recorded while faults are active" in done.output
    assert done.exit_code != 0
    assert list((root / "specs" / "hypotheses").rglob("*.json")) == []
    assert run(root, "judge", "H-PROBED").exit_code == 0


def test_another_claim_over_the_same_evidence_was_not_judged(root: Path) -> None:
    run(root, "judge", "H-PROBED", "--record")
    written(root, PROBED.replace("Level one differs", "Level one is no different"), "H-PROBED")
    done = run(root, "judge", "H-PROBED", "--from-evidence")
    assert done.exit_code == 1
    assert "the hypothesis is not the one that was judged" in done.stdout


def test_one_without_evidence_does_not_hide_a_violation_of_another(root: Path) -> None:
    run(root, "judge", "H-PROBED", "--record")
    written(root, PROBED.replace("H-PROBED", "H-A"), "H-A")  # comes first, and has no evidence
    path = root / "specs" / "hypotheses" / "history" / "H-PROBED.json"
    path.write_text(
        path.read_text(encoding="utf-8").replace('"CONFIRMED"', '"OPEN"'), encoding="utf-8"
    )
    done = run(root, "judge", "--all", "--from-evidence")
    assert done.exit_code == 1
    assert "there is no evidence yet" in done.output
    assert "an entry of the history was altered" in done.output


def test_an_escaped_text_stays_text(root: Path) -> None:
    written(
        root,
        PROBED.replace("Level one differs", "<script>[bold]Level one[/bold]</script> differs"),
        "H-PROBED",
    )
    assert "<script>[bold]Level one[/bold]</script>" in run(root, "judge", "H-PROBED").stdout


def test_a_skeleton_is_complete_but_for_what_only_a_person_knows(root: Path) -> None:
    done = run(root, "new", "hypothesis", "H-NEW-ONE", "--claim", 'It is "so".')
    assert done.exit_code == 0, done.output
    path = root / "specs" / "hypotheses" / "H-NEW-ONE.toml"
    assert "still to be written" in run(root, "judge", "H-NEW-ONE").output
    text = path.read_text(encoding="utf-8").replace("EVID-011", "EVID-001")
    path.write_text(
        text.replace("TODO: what was believed, by whom and why", "I believed it."), encoding="utf-8"
    )
    shown = json.loads(run(root, "hypotheses", "--json").stdout)["hypotheses"]
    assert [(row["id"], row["claim"]) for row in shown] == [
        ("H-NEW-ONE", 'It is "so".'),
        ("H-PROBED", shown[1]["claim"]),
    ]
    assert (root / "tests" / "parity" / "test_h_new_one.py").is_file()
    assert run(root, "new", "hypothesis", "H-NEW-ONE", "--claim", "Again").exit_code == 2


def test_a_skeleton_with_a_probe_runs_as_soon_as_its_story_is_told(root: Path) -> None:
    assert (
        run(root, "new", "hypothesis", "H-P", "--claim", "So", "--probe", "mine:level").exit_code
        == 0
    )
    path = root / "specs" / "hypotheses" / "H-P.toml"
    text = path.read_text(encoding="utf-8").replace("EVID-011", "EVID-001").replace("TODO", "Told")
    path.write_text(text, encoding="utf-8")
    done = run(root, "judge", "H-P")
    assert (done.exit_code, "H-P  CONFIRMED" in done.stdout) == (0, True), done.output


@pytest.mark.parametrize("words", [("h-new", "Claim"), ("H-NEW", " ")], ids=["id", "claim"])
def test_a_skeleton_of_nothing_is_refused(root: Path, words: tuple[str, str]) -> None:
    assert run(root, "new", "hypothesis", words[0], "--claim", words[1]).exit_code == 2


def test_ids_are_completed_in_either_case() -> None:
    assert completed("h-loss-we") == ["H-LOSS-WEIGHT"]
    assert completed("no such") == []

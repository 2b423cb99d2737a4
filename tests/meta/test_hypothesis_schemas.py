"""What is published of hypotheses follows its schemas; and the false loss inversion, replayed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import BaseModel

from ptyspec.experiments.gather import gather
from ptyspec.experiments.judge import board, from_evidence
from ptyspec.experiments.records import Evidence, HistoryFile, history
from ptyspec.experiments.registry import folder, hypothesis, names, parse
from ptyspec.experiments.verdict import OPEN, RULED_OUT, Verdict, verdict
from ptyspec.files.jsonfile import read_json, to_json
from tests.json_schema import breaches


def published(document: BaseModel, name: str) -> list[str]:
    return breaches(json.loads(to_json(document)), name)


def test_the_board_follows_its_schema() -> None:
    shown = board()
    assert [row.id for row in shown.hypotheses] == names()
    assert published(shown, "hypotheses") == []


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in (folder() / "history").glob("*.json"))
)
def test_committed_evidence_history_and_judgement_follow_theirs(name: str) -> None:
    assert breaches(read_json(folder() / "evidence" / f"{name}.json"), "evidence") == []
    assert breaches(read_json(folder() / "history" / f"{name}.json"), "verdicts") == []
    assert published(from_evidence(name).document(), "judgement") == []


@pytest.mark.parametrize("name", names())
def test_committed_files_are_what_their_models_write(name: str) -> None:
    """Nothing that was recorded changes when it is read and written again."""
    evidence, verdicts = (folder() / kind / f"{name}.json" for kind in ("evidence", "history"))
    for path, model in ((evidence, Evidence), (verdicts, HistoryFile)):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert to_json(model.model_validate(json.loads(text))) == text


def loss_weight(reader: str, *, controlled: bool) -> Verdict:
    """H-LOSS-WEIGHT with this extractor, with and without its controls."""
    lines = (
        (Path(folder()) / "H-LOSS-WEIGHT.toml")
        .read_text(encoding="utf-8")
        .replace('"executed"', f'"{reader}"')
    )
    if not controlled:
        head, _, rest = lines.partition("[[control]]")
        lines = head + "[design]" + rest.partition("[design]")[2]
        for arm in ("assigns", "assigns_nothing", "branch_not_taken"):
            lines = lines.replace(f'[arms.{arm}]\nreader = "{reader}"\nscript = "{arm}"\n', "")
    said = parse(lines)
    return verdict(said, gather(said))


def test_the_report_of_an_inverted_loss_gets_no_verdict_without_controls() -> None:
    found = loss_weight("source", controlled=False)
    assert found.main.state == "as claimed"  # what was believed: 1 against 0
    assert (found.verdict, found.blocked_by) == (OPEN, "controls")


def test_its_negative_control_exposes_the_extractor() -> None:
    found = loss_weight("source", controlled=True)
    assert (found.verdict, found.blocked_by) == (OPEN, "controls")
    assert found.reason.startswith(
        "negative control 'an assignment in a branch that is not taken' shows 1"
    )


def test_the_executed_values_rule_it_out() -> None:
    found = loss_weight("executed", controlled=True)
    assert found.verdict == RULED_OUT
    assert found.main.interval is not None
    assert found.main.interval.value == 0.0


def test_its_history_tells_the_retraction() -> None:
    first, *_, last = history(folder(), "H-LOSS-WEIGHT")
    assert (first.verdict, last.verdict) == (OPEN, RULED_OUT)
    assert last.supersedes
    assert hypothesis("H-LOSS-WEIGHT").cost == "cheap"

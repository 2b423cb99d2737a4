"""The campaigns that are kept under docs/campaign are those of the present catalogue and specification, and say what they must."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ptyspec.faults.catalogue import catalogue
from ptyspec.faults.result import Campaign, seen_page
from ptyspec.files.jsonfile import read_json
from ptyspec.spec.clause import specification
from tests.json_schema import breaches

DOCS = Path(__file__).parents[2] / "docs"
FOLDERS = {"contract": DOCS / "campaign", "parity": DOCS / "campaign" / "parity"}
AGAIN = "ptyspec faults campaign --tier {0} --fault ID --merge --out {1}"


def kept(tier: str) -> dict[str, Any]:
    return dict(read_json(FOLDERS[tier] / "campaign.json"))


@pytest.mark.parametrize("tier", FOLDERS)
def test_every_fault_stands_there_as_the_catalogue_declares_it(tier: str) -> None:
    found = {
        row["id"]: (row["stage"], row["story"], row["declared_red"], row["declared_green"])
        for row in kept(tier)["faults"]
    }
    wanted = {
        one.id: (one.stage, one.story, list(one.red), list(one.green))
        for one in catalogue()
        if one.cost == tier
    }
    changed = sorted(name for name in found | wanted if found.get(name) != wanted.get(name))
    assert not changed, (
        f"{', '.join(changed)}: {AGAIN.format(tier, FOLDERS[tier].relative_to(DOCS.parent))}"
    )


@pytest.mark.parametrize("tier", FOLDERS)
def test_the_clauses_are_those_of_the_specification(tier: str) -> None:
    clauses = specification()
    for row in kept(tier)["clauses"]:
        assert row["id"] in clauses
        assert (row["level"], row["place"]) == (clauses[row["id"]].level, clauses[row["id"]].place)


@pytest.mark.parametrize("tier", FOLDERS)
def test_it_follows_the_published_schema_and_the_page_names_every_fault(tier: str) -> None:
    content = kept(tier)
    assert breaches(content, "campaign") == []
    page = (FOLDERS[tier] / "campaign.md").read_text(encoding="utf-8")
    assert [row["id"] for row in content["faults"] if f"| {row['id']} |" not in page] == []


@pytest.mark.parametrize("tier", FOLDERS)
def test_the_faults_are_caught_and_what_is_blind_to_them_stays_green(tier: str) -> None:
    content = kept(tier)
    assert (content["survivors"], content["blind_red"], content["missed"]) == ([], {}, {})
    assert content["kill_rate"] >= 0.95
    assert content["specificity"] == 1.0
    assert content["failing_without_a_fault"] == []


def test_the_first_red_clause_leads_to_the_faults_stage() -> None:
    content = kept("contract")  # beyond it, no fault runs enough cases to tell
    assert {row["mode"] for row in content["faults"]} == {"full"}
    # A black box is seen from outside: its clauses say what is wrong with the answer, not where that was made.
    boxes = {one.id for one in catalogue() if one.patches[0].module == "ptyspec.pipeline.boxes"}
    named = [
        row["first_red_stage"] == row["stage"]
        for row in content["faults"]
        if row["id"] not in boxes
    ]
    assert sum(named) / len(named) >= 0.9


def test_every_must_clause_and_every_clause_with_a_case_here_is_caught_by_a_fault() -> None:
    lines = [line for tier in FOLDERS for line in kept(tier)["clauses"]]
    caught = {line["id"] for line in lines if line["killed_by"]}
    clauses = specification()
    wanted = {line["id"] for line in lines} | {
        name for name in clauses if clauses[name].level == "MUST"
    }
    assert sorted(wanted - caught) == []


def test_the_page_quotes_for_every_clause_the_case_that_noticed() -> None:
    campaigns = [Campaign.model_validate(kept(tier)) for tier in FOLDERS]
    page = seen_page(campaigns)
    assert "Never seen red" not in page
    assert (DOCS / "seen-red.md").read_text(encoding="utf-8") == page, (
        "ptyspec faults seen docs/campaign docs/campaign/parity > docs/seen-red.md"
    )


def test_a_clause_is_seen_red_by_a_case_that_is_bound_to_it() -> None:
    for tier in FOLDERS:
        red = {row["id"]: row["red"] for row in kept(tier)["faults"]}
        for line in kept(tier)["clauses"]:
            if seen := line["seen"]:
                assert seen["case"] in red[seen["fault"]][line["id"]]

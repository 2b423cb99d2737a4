"""The dashboard's files: valid, complete, escaped, small; what a reader of a bad run learns first."""

from __future__ import annotations

import dataclasses
import re
from functools import cache
from pathlib import Path
from typing import Any

import html5lib
import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.errors import InputFileError, OutputExistsError
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.report.dashboard.document import COUNTS, Report
from ptyspec.report.dashboard.gather import hub, key_of, newest, read_campaigns
from ptyspec.report.dashboard.page import DATA, PAGE, write_dashboard
from ptyspec.report.dashboard.page import page as rendered
from ptyspec.report.scoreboard import columns
from ptyspec.runs.finished_run import FinishedRun
from ptyspec.spec.clause import specification
from tests.fake_dashboard import FAILING, NASTY, a_campaign, sources, without_anything
from tests.fake_hub import a_hub
from tests.json_schema import breaches


@cache
def made(base: Path) -> Path:
    write_dashboard(base / "out", sources(base))
    return base / "out" / PAGE


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("dashboard"))


@pytest.fixture(scope="module")
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def data(page: Path) -> dict[str, Any]:
    return dict(read_json(page.parent / DATA))


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_the_page_is_valid_html(text: str) -> None:
    html5lib.HTMLParser(strict=True).parse(text)
    ids = re.findall(r'\sid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_every_link_within_the_page_has_a_target(text: str) -> None:
    targets = set(re.findall(r'\sid="([^"]+)"', text))
    assert {name for name in re.findall(r'href="#([^"]+)"', text) if name not in targets} == set()


def test_nothing_is_loaded(text: str) -> None:
    assert (
        re.findall(
            r'(?:src|href)="(?!#|data:|report\.json#?)([^"]*)"',
            re.sub(r'class="file" href="[^"]*"', "", text),
        )
        == []
    )
    assert "url(" not in text
    assert "@import" not in text


def test_text_of_others_is_escaped_everywhere(text: str) -> None:
    assert NASTY not in text
    assert "<b>.</p>" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert "\\u003cscript\\u003ealert(1)" in text  # in the JSON of the page


def test_the_data_keep_their_schema(data: dict[str, Any]) -> None:
    assert breaches(data, "report") == []


def test_a_reader_of_a_bad_run_learns_clause_stage_and_looks_at_once(text: str) -> None:
    first = words(text[text.index('id="wrong"') : text.index('id="runs"')])
    assert "NORMALIZATION-001 broke at stage normalize" in first
    assert "INFER-005 score mean amplitude over that of the truth 0.300 · 0.95 to 1.05" in first
    assert "made wrong on purpose, with gain-kept" in first
    assert text[text.index('id="wrong"') : text.index('id="runs"')].count("<img ") == 1


def test_every_clause_fault_hypothesis_and_run_has_its_anchor(
    text: str, data: dict[str, Any]
) -> None:
    wanted = [f"clause-{name}" for name in specification()] + [
        f"fault-{name}" for name in data["campaign"]["faults"]
    ]
    wanted += [f"hypothesis-{name}" for name in data["hypotheses"]] + [
        f"run-{key}" for key in data["runs"]
    ]
    assert [name for name in wanted if f'id="{name}"' not in text] == []


def test_the_headline_counts_what_is_there(data: dict[str, Any]) -> None:
    told = data["headline"]
    assert data["status"] == "violation"
    assert told["clauses"] == len(specification()) == sum(told[state] for state in COUNTS)
    assert (told["failed"], told["partly run"]) == (1, 0)
    assert (told["runs"], told["runs_with_violations"]) == (2, 1)
    assert (told["CONFIRMED"], told["RULED OUT"], told["OPEN"]) == (1, 1, 2)
    assert told["kill_rate"] == data["campaign"]["killed"] / data["campaign"]["valid"]
    named = [row["clause"] for row in data["wrong"]]
    assert named[0] == "NORMALIZATION-001"
    assert {"INFER-005", FAILING} <= set(named)


def test_an_installation_without_anything_has_a_page(tmp_path: Path) -> None:
    assert write_dashboard(tmp_path, without_anything()).status == "incomplete"
    text = (tmp_path / PAGE).read_text(encoding="utf-8")
    html5lib.HTMLParser(strict=True).parse(text)
    told = words(text)
    assert "Not run: there is no campaign at hand" in told
    assert "None: no finished run was named or found" in told


def test_equal_content_gives_equal_bytes(data: dict[str, Any]) -> None:
    without = dict.fromkeys(data["runs"], ())
    report = Report.model_validate(data)
    assert rendered(report, without) == rendered(report, without)


def test_a_folder_of_something_else_is_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "dashboard.html").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputExistsError):
        write_dashboard(tmp_path / "out", without_anything())
    assert (tmp_path / "out" / "dashboard.html").read_text(encoding="utf-8") == "mine"


def test_a_hub_of_audits_is_shown_with_what_it_found_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = a_hub(tmp_path / "hub", monkeypatch)
    write_dashboard(tmp_path, dataclasses.replace(without_anything(), audits=tmp_path / "hub"))
    told = words((tmp_path / PAGE).read_text(encoding="utf-8"))
    assert str(folder) in told
    assert "bad: gain broken" in told
    with pytest.raises(InputFileError, match=r"hub\.json"):
        hub(tmp_path / "out")


def test_a_mark_of_a_pipeline_leads_to_what_was_seen_and_a_dash_to_why_it_does_not_apply(
    text: str,
) -> None:
    told = text[text.index('id="pipelines"') : text.index('id="environment"')]
    assert '<a href="#pipeline-0-RECON-001" title="failed">✗</a>' in told
    assert '<a href="#pipeline-0-RECON-003" title="does not apply">–</a>' in told
    assert "RECON-001 failed level: &lt;script&gt;" in words(told)
    assert "RECON-003 does not apply it asks a network" in words(told)


def test_a_kept_answer_that_is_none_is_refused_with_the_command_that_makes_one(
    tmp_path: Path,
) -> None:
    with pytest.raises(InputFileError, match=r"this is no kept check.*\n.*\n.*\n.*check PIPELINE"):
        columns([write_other(tmp_path / "c.json")])


def test_campaigns_of_two_tiers_are_one(tmp_path: Path) -> None:
    first = a_campaign(tmp_path / "a.json", specification(), 12)
    second = read_json(first) | {"tier": "parity"}
    second["faults"] = [
        row | {"status": "killed", "red": {"NORM-001": ["x"]}} for row in second["faults"]
    ]
    write_json(tmp_path / "b.json", second)
    both, one = read_campaigns([first, tmp_path / "b.json"]), read_campaigns([first])
    assert both is not None
    assert one is not None
    assert (one.survivors, both.survivors) == (["fault-10"], [])
    assert both.faults["fault-10"].tiers == ["contract", "parity"]
    with pytest.raises(InputFileError, match="no campaign"):
        read_campaigns([write_other(tmp_path / "c.json")])


def write_other(path: Path) -> Path:
    write_json(path, {"something": "else"})
    return path


def test_the_newest_run_of_each_scenario_is_found_and_none_with_settings_of_its_own(
    tmp_path: Path,
) -> None:
    for at, (name, source, faulty) in enumerate(
        [
            ("gs1_ideal", "profile quick", []),
            ("gs1_ideal", "profile quick", []),
            ("gs1_ideal", "command line", []),
            ("gs1_ideal", "profile quick", ["gain-kept"]),
            ("gs2_custom", "command line", []),
            ("other", "profile quick", []),
        ]
    ):
        folder = tmp_path / "runs" / f"run{at}"
        folder.mkdir(parents=True)
        values = {"model.N": {"value": 64, "source": source}}
        write_json(folder / "scenario.json", {"schema_version": 1, "name": name, "values": values})
        write_json(folder / "environment.json", {"faults": faulty})
        write_json(folder / "metrics.json", {})
        import os

        os.utime(folder, (1000 + at, 1000 + at))
    (tmp_path / "runs" / "broken").mkdir()
    (tmp_path / "runs" / "broken" / "metrics.json").write_text("{}", encoding="utf-8")
    assert [folder.name for folder in newest(tmp_path)] == ["run1", "run3"]


def test_runs_of_one_name_have_anchors_of_their_own() -> None:
    assert key_of(Path("a/x y"), []) == "x-y"
    assert key_of(Path("b/x y"), ["x-y"]) == "x-y-2"


def test_the_command_prints_the_path_and_ends_as_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ptyspec.cli import report

    found = dataclasses.replace(sources(tmp_path), runs=())
    monkeypatch.setattr(report, "gather", lambda *_: found)
    done = CliRunner().invoke(app, ["report", "--out", str(tmp_path / "out")])
    assert (done.exit_code, done.stdout) == (0, f"{tmp_path / 'out' / 'dashboard.html'}\n")
    assert "violation: " in done.stderr
    assert (
        CliRunner()
        .invoke(app, ["report", "--out", str(tmp_path / "out"), "--strict", "--json"])
        .exit_code
        == 1
    )


def test_the_command_refuses_a_folder_that_is_no_run(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app,
        ["report", "--run", str(tmp_path), "--out", str(tmp_path / "out"), "--root", str(tmp_path)],
    )
    assert done.exit_code == 2
    with pytest.raises(InputFileError):
        FinishedRun(tmp_path)

"""From results to a report: rendering, history, known issues, the quality gate. The program itself is replaced by a short one."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.errors import InputFileError, OutputExistsError
from ptyspec.spec.clause import specification
from ptyspec.testing.allure_site import VARIABLE, AllureToolError, command, read_results, render

TRACKING = '<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>\n<script>\n gtag();\n</script>'
TOOL = f"""#!{sys.executable}
import json, pathlib, sys
words = dict(zip(sys.argv[3::2], sys.argv[4::2]))
if pathlib.Path(__file__).with_name("broken").exists():
    sys.exit("cannot read the results")
settings = json.loads(pathlib.Path(words["--config"]).read_text())
out = pathlib.Path(words["--output"])
out.mkdir(parents=True)
(out / "summary.json").write_text("{{}}")
(out / "settings.json").write_text(json.dumps(settings))
(out / "index.html").write_text(pathlib.Path(__file__).with_name("page.html").read_text())
with open(settings["historyPath"], "a") as file:
    file.write("one\\n")
"""


def write_result(
    folder: Path, name: str, status: str = "passed", message: str = "", **more: Any
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    row = {
        "uuid": f"{name}-{len(list(folder.iterdir()))}",
        "name": name,
        "fullName": f"a#{name}",
        "historyId": name,
        "status": status,
        "statusDetails": {"message": message},
        **more,
    }
    (folder / f"{row['uuid']}-result.json").write_text(json.dumps(row))


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "bin" / "allure"
    path.parent.mkdir()
    path.write_text(TOOL)
    path.with_name("page.html").write_text(f"<html><body><p>report</p>{TRACKING}</body></html>")
    path.chmod(0o755)
    monkeypatch.setenv(VARIABLE, str(path))
    monkeypatch.chdir(tmp_path)
    return path


def test_each_case_counts_once_by_its_last_result(tmp_path: Path) -> None:
    write_result(tmp_path, "repeated", "failed", start=1)
    write_result(tmp_path, "repeated", "passed", start=2)
    write_result(tmp_path, "error", "broken")
    write_result(tmp_path, "absent", "skipped")
    found = read_results(tmp_path)
    assert found.counts == {"passed": 1, "broken": 1, "skipped": 1}
    assert (found.total, found.red) == (3, ("error",))


def test_a_failed_case_counts_beside_another_case_with_its_history(tmp_path: Path) -> None:
    write_result(tmp_path, "failed", "failed", historyId="one", start=1)
    write_result(tmp_path, "passed", "passed", historyId="one", start=2)
    assert read_results(tmp_path).red == ("failed",)


def test_how_a_clause_stands_follows_from_its_cases_and_is_shown_beside_it(
    tool: Path, tmp_path: Path
) -> None:
    bound = {"name": "clause", "value": "NORM-001"}
    passed = {"name": "state", "value": "NORM-001: passed"}
    write_result(tmp_path / "results", "looks", labels=[bound, passed])
    write_result(tmp_path / "results", "does-not", "skipped", labels=[bound])
    found = read_results(tmp_path / "results").clauses
    assert {name: str(one) for name, one in found.items()} == {
        "NORM-001": "partly run, 1 of 2 cases"
    }
    page = render(tmp_path / "results", tmp_path / "out", tmp_path / "h.jsonl", found)
    text = page.with_name("clauses.html").read_text()
    assert text.count("partly run, 1 of 2 cases") == 1


def test_the_gate_names_failures_and_missing_cases(tmp_path: Path) -> None:
    write_result(tmp_path, "good")
    assert read_results(tmp_path).breaches(min_cases=1) == []
    write_result(tmp_path, "bad", "failed")
    told = read_results(tmp_path).breaches(min_cases=3)
    assert told == ["1 cases failed: bad", "2 cases ran, at least 3 must"]


def test_an_empty_folder_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(InputFileError, match=r"--alluredir="):
        read_results(tmp_path)


def test_a_report_asks_nobody_and_holds_every_clause(tool: Path, tmp_path: Path) -> None:
    write_result(tmp_path / "results", "good")
    page = render(tmp_path / "results", tmp_path / "out", tmp_path / "kept" / "history.jsonl", {})
    text = page.read_text()
    assert "googletagmanager" not in text
    assert "gtag" not in text
    assert "<p>report</p>" in text
    assert "clauses.html" in text
    clauses = page.with_name("clauses.html").read_text()
    assert re.findall(r'<section id="([^"]+)"', clauses) == list(specification()), (
        "an anchor a clause"
    )
    assert (tmp_path / "kept" / "history.jsonl").read_text() == "one\n"
    render(tmp_path / "results", tmp_path / "out", tmp_path / "kept" / "history.jsonl", {})
    assert (tmp_path / "kept" / "history.jsonl").read_text() == "one\none\n"
    assert not list(tmp_path.glob(".allure-*"))


def test_a_report_replaces_a_report_and_nothing_else(tool: Path, tmp_path: Path) -> None:
    write_result(tmp_path / "results", "good")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").write_text("years")
    with pytest.raises(OutputExistsError):
        render(tmp_path / "results", tmp_path / "mine", tmp_path / "history.jsonl", {})
    assert (tmp_path / "mine" / "thesis.tex").read_text() == "years"


def test_a_program_that_fails_leaves_the_last_report(tool: Path, tmp_path: Path) -> None:
    write_result(tmp_path / "results", "good")
    page = render(tmp_path / "results", tmp_path / "out", tmp_path / "history.jsonl", {})
    tool.with_name("broken").touch()
    with pytest.raises(AllureToolError, match="cannot read the results"):
        render(tmp_path / "results", tmp_path / "out", tmp_path / "history.jsonl", {})
    assert page.is_file()


def test_a_machine_without_node_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AllureToolError, match=r"no command node(.|\n)*install nodejs and npm"):
        command(tmp_path)
    monkeypatch.setenv(VARIABLE, "no-such-command")
    with pytest.raises(AllureToolError, match=f"no command no-such(.|\n)*{VARIABLE}"):
        command(tmp_path)


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["allure", *words])
    return done.exit_code, done.stdout


@pytest.mark.parametrize("status", ["passed", "failed"])
def test_the_command_says_what_ran_whether_that_is_enough_and_where_the_report_is(
    tool: Path, tmp_path: Path, status: str
) -> None:
    write_result(tmp_path / "allure-results", "one", status, "NORM-001 · The gain stays")
    code, text = run("allure-results")
    assert code == (0 if status == "passed" else 1)
    assert f"cases: 1: 1 {status}\ngate: {status}\n" in text
    assert text.rstrip().endswith(f"report: {tmp_path / 'allure-report' / 'index.html'}")
    assert (tmp_path / ".allure" / "history.jsonl").is_file()
    code, text = run("allure-results", "--json", "--min-tests", "2")
    told = json.loads(text)
    assert (code, told["schema_version"], told["status"]) == (1, 1, "failed")
    assert told["breaches"][-1] == "1 cases ran, at least 2 must"


def test_what_is_wrong_with_the_words_or_the_program_has_its_own_exit_code(
    tool: Path, tmp_path: Path
) -> None:
    assert run("nowhere")[0] == 2
    write_result(tmp_path / "allure-results", "one")
    tool.with_name("broken").touch()
    assert run("allure-results")[0] == 3


ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}|object at ")


def test_no_history_hangs_on_an_address_or_is_shared(request: pytest.FixtureRequest) -> None:
    """Of every case that this session collected: of the whole suite, where the whole suite runs."""
    items = request.session.items
    assert [item.nodeid for item in items if ADDRESS.search(item.nodeid)] == []
    keys = [
        (
            item.location[0],
            item.cls and item.cls.__qualname__,
            getattr(item, "originalname", item.name),
            item.callspec.id if hasattr(item, "callspec") else "",
        )
        for item in items
    ]
    assert len(set(keys)) == len(keys)

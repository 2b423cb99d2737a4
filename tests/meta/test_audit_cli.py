"""`ptyspec audit` as a user meets it: tables, JSON, files, the hub, the checker, errors and exit codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ptyspec.checks.registry import KINDS
from ptyspec.cli.main import app
from ptyspec.spec.checks import Check
from tests.audits import trained
from tests.json_schema import breaches
from tests.tiny_runs import SHALLOW, SMALL

TINY = [word for setting in (*SMALL, *SHALLOW) for word in ("--set", setting)] + [
    "--profile",
    "quick",
]
"""The settings of every tiny run: nothing but the audit itself takes time."""


def ptyspec(*words: str) -> Any:
    return CliRunner().invoke(app, ["audit", *words], env={"COLUMNS": "160"})


def test_an_audit_is_a_readable_table_on_stdout_and_nothing_else() -> None:
    result = ptyspec("probe", "gs2_custom", "gs2_ideal", *TINY)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("# Audit probe: ok\n")
    assert "| gs2\\_ideal |" in result.stdout
    assert "](" not in result.stdout  # no links into files that are not there


def test_json_is_one_document_with_its_status_on_top() -> None:
    result = ptyspec("probe", "gs2_custom", "--json", *TINY)
    found = json.loads(result.stdout)
    assert (found["schema_version"], found["status"], found["kind"]) == (3, "ok", "probe")
    assert found["subjects"][0]["source"].startswith("gs2_custom --profile quick --set model.N=32")


@pytest.mark.clause("RUN-008")
def test_a_positive_control_ends_with_1_and_names_the_clause(clause: Check, tmp_path: Path) -> None:
    listed = json.loads(ptyspec("--list", "probe", "--json").stdout)["kinds"]["probe"]["controls"]
    control = listed[0]
    result = ptyspec(
        "probe", "gs2_custom", "--control", control["name"], "--out", str(tmp_path), *TINY
    )
    clause.equal(result.exit_code, 1, "exit code")
    clause.holds(
        f"broken: {control['clause']}" in result.stdout, "the clause is named", result.stdout
    )
    clause.holds(
        "spoiled on purpose" in (tmp_path / "probe.md").read_text(encoding="utf-8"),
        "the page says so",
    )


def test_files_can_be_checked_and_a_changed_digit_is_found(tmp_path: Path) -> None:
    out = tmp_path / "audit"
    result = ptyspec("probe", "gs2_custom", "--out", str(out), *TINY)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"probe: ok\nreport: {out / 'probe.md'}\n"
    assert ptyspec("--check", str(out)).stdout == "ok: every number is what its JSON field holds\n"
    path = out / "probe.json"
    found = json.loads(path.read_text(encoding="utf-8"))
    found["data"]["probes"]["gs2_custom"]["l2"] *= 1.5
    path.write_text(json.dumps(found), encoding="utf-8")
    result = ptyspec("--check", str(out), "--json")
    assert result.exit_code == 1
    assert any(
        "/data/probes/gs2_custom/l2 holds" in line for line in json.loads(result.stdout)["problems"]
    )


@pytest.mark.clause("RUN-008")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["prob", "gs2_custom"], "did you mean probe", id="kind"),
        pytest.param(["probe", "gs9_nothing"], "gs9_nothing", id="subject"),
        pytest.param(["probe", "legacy:mine"], "legacy:mine", id="profile"),
        pytest.param(["probe", "0123abcd"], "no finished run has this key", id="key"),
        pytest.param(["probe"], "what to look at", id="no-subject"),
        pytest.param([], "what to look at", id="nothing"),
        pytest.param(
            ["probe", "gs2_custom", "--control", "magic"], "no control magic", id="control"
        ),
        pytest.param(
            ["--all", "gs2_custom", "--out", "x", "--control", "doubled"],
            "what to look at",
            id="all-control",
        ),
        pytest.param(["--all", "--out", "x"], "--all A", id="all-of-nothing"),
        pytest.param(["--all", "gs2_custom"], "--out", id="all-to-nowhere"),
        pytest.param(["--check", "x", "gs2_custom"], "--check DIR", id="check-and-more"),
        pytest.param(["--check", "not/there"], "no summary", id="check-nothing"),
        pytest.param(
            ["probe", "legacy:main", "--profile", "quick"],
            "settings of its own",
            id="words-unheeded",
        ),
        pytest.param(["--list", "magic"], "no audit is called magic", id="list-unknown"),
    ],
)
def test_wrong_input_ends_with_2_and_says_what_to_do(
    clause: Check, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], said: str
) -> None:
    monkeypatch.setenv("PTYSPEC_HOME", str(tmp_path))
    result = ptyspec(*words)
    clause.equal(result.exit_code, 2, f"exit code ({result.output})")
    clause.holds(said in result.stderr, said, result.stderr)
    clause.holds(
        "next: " in result.stderr or "limit: " in result.stderr, "a way out", result.stderr
    )


@pytest.mark.clause("STORE-006")
@pytest.mark.parametrize(
    "words", [["probe", "gs2_custom"], ["--all", "gs2_custom"]], ids=["one", "all"]
)
def test_a_file_is_no_place_for_an_audit(clause: Check, tmp_path: Path, words: list[str]) -> None:
    place = tmp_path / "thesis.txt"
    place.write_text("mine", encoding="utf-8")
    result = ptyspec(*words, "--out", str(place), *TINY)
    clause.equal(
        (result.exit_code, place.read_text(encoding="utf-8")), (2, "mine"), "exit code and file"
    )


def test_every_kind_is_listed_with_its_question_and_its_controls() -> None:
    result = ptyspec("--list")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines if not line.startswith(" ")] == list(KINDS)
    assert sum("--control" in line for line in lines) >= len(KINDS)


@pytest.mark.parametrize("kind", ["params", "grouping", "canvas", "bias"])
def test_an_audit_takes_a_finished_run(kind: str) -> None:
    run = str(trained().subject.folder)
    result = ptyspec(kind, run, "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == {"ok": 0, "incomplete": 4}[found["status"]], found["violated"]


@pytest.mark.expensive
def test_all_audits_of_a_finished_run_go_into_one_folder(tmp_path: Path) -> None:
    run = str(trained().subject.folder)
    result = ptyspec("--all", run, "--out", str(tmp_path / "hub"))
    [folder] = (tmp_path / "hub").iterdir()
    content = json.loads((folder / "hub.json").read_text(encoding="utf-8"))

    assert breaches(content, "hub") == []
    assert list(content["kinds"]) == list(KINDS)
    assert not any(row["errors"] for row in content["kinds"].values())
    assert not [row for row in content["findings"] if row["ok"] is False]
    assert result.exit_code == {"ok": 0, "incomplete": 4}[content["status"]]
    assert result.stdout.endswith(f"report: {folder / 'index.md'}\n")
    assert (
        ptyspec("--check", str(tmp_path / "hub")).stdout
        == "ok: every number is what its JSON field holds\n"
    )

"""`ptyspec run A B C`: one after the other, held against the clauses, a summary at the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ptyspec.cli import run as command
from ptyspec.cli.main import app
from ptyspec.errors import PtyspecError, TrainingDivergedError, TrainingInterruptedError
from ptyspec.report import figures
from ptyspec.report.pages import write_pages
from ptyspec.runs.finished_run import write_run
from tests.fake_run import make_run

Install = Callable[..., list[str]]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[float], Path]]:
    """A finished run with this mean ratio, written once."""
    made: dict[float, Path] = {}

    def write(ratio: float) -> Path:
        if ratio not in made:
            result = make_run()
            result.metrics["amplitude"]["mean_ratio"] = ratio
            made[ratio] = tmp_path_factory.mktemp("run")
            write_run(made[ratio], result)
            write_pages(made[ratio])
        return made[ratio]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "drawers", lambda _: {})
        yield write


@pytest.fixture
def produced(written: Callable[[float], Path], monkeypatch: pytest.MonkeyPatch) -> Install:
    """Stand in for the pipeline: each scenario comes to a ratio or an error; the list tells what was run."""

    def install(**became: float | Exception) -> list[str]:
        ran: list[str] = []

        def produce(
            resolved: Any, *, out: Path | None = None, faults: Sequence[str] = (), **_: Any
        ) -> Path:
            name = resolved.scenario.name
            ran.append(
                " with ".join(filter(None, [name, ",".join(faults)]))
                + (f" into {out.name}" if out else "")
            )
            what = became.get(name, 0.998)
            if isinstance(what, Exception):
                raise what
            return written(what)

        monkeypatch.setattr("ptyspec.front.run.produce", produce)
        return ran

    return install


def ptyspec(*words: object) -> Result:
    return CliRunner().invoke(app, ["run", *map(str, words)], env={"COLUMNS": "220"})


def rows(text: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}


def test_several_targets_end_with_a_line_each_beside_the_controls(produced: Install) -> None:
    ran = produced()
    result = ptyspec("gs1_ideal", "gs2_custom")
    assert result.exit_code == 0, result.output
    assert ran == ["gs1_ideal", "gs2_custom"]
    told = rows(result.stdout)
    assert told["gs1_ideal"][:5] == ["0.998", "0.971", "0.853", "0.114", "0.427"]
    assert told["gs2_custom"][-1] == "right"
    assert result.stdout.splitlines()[-1].endswith(": 2 right")
    assert "trivial baseline" in result.stdout
    assert result.stdout.count("report.html") == 2


def test_words_behind_a_colon_are_faults_and_settings_of_that_target_alone(
    produced: Install,
) -> None:
    ran = produced()
    result = ptyspec(
        "gs1_ideal:gain-kept,training.nepochs=3", "gs2_custom:january,-gain-kept", "gs2_ideal"
    )
    assert ran[0] == "gs1_ideal with gain-kept"
    assert ran[1].startswith("gs2_custom with a-plus-i-phi,bounded-head")
    assert "gain-kept" not in ran[1]
    assert ran[2] == "gs2_ideal"
    assert "wrong on purpose; these faults are active: gain-kept" in result.stderr
    assert ptyspec("gs1_ideal:gain-kep").exit_code == 2


def test_a_wrong_run_is_named_with_its_clause_and_stage(produced: Install) -> None:
    produced(gs1_custom=0.271)
    result = ptyspec("gs1_ideal", "gs1_custom")
    assert result.exit_code == 1
    told = rows(result.stdout)
    assert "wrong: INFER-005 at score - " in " ".join(told["gs1_custom"])
    assert "0.271" in " ".join(told["gs1_custom"])
    assert result.stdout.splitlines()[-1].endswith(": 1 right, 1 wrong")


def test_a_run_that_breaks_does_not_keep_the_next_from_running(produced: Install) -> None:
    ran = produced(gs1_ideal=TrainingDivergedError("loss is not finite", value="nan"))
    result = ptyspec("gs1_ideal", "gs2_ideal")
    assert (result.exit_code, ran) == (3, ["gs1_ideal", "gs2_ideal"])
    assert " ".join(rows(result.stdout)["gs1_ideal"]).endswith("the run broke")
    assert "loss is not finite" in result.stderr


def test_an_interruption_ends_all(produced: Install) -> None:
    ran = produced(gs1_ideal=TrainingInterruptedError("stopped by hand"))
    result = ptyspec("gs1_ideal", "gs2_ideal")
    assert (result.exit_code, ran, result.stdout) == (3, ["gs1_ideal"], "")


def test_each_run_gets_its_own_folder_below_out(produced: Install, tmp_path: Path) -> None:
    ran = produced()
    assert ptyspec("gs1_ideal", "gs2_ideal", "--out", tmp_path / "new").exit_code == 0
    assert ran == ["gs1_ideal into gs1_ideal", "gs2_ideal into gs2_ideal"]


@pytest.mark.parametrize(
    "words",
    [
        ["gs1_ideal", "gs1_ideal", "--out", "new"],
        ["gs1_ideal", "taken", "--out", "."],
        ["gs1_ideal", "gs9"],
    ],
    ids=["one-name-twice", "folder-taken", "unknown"],
)
def test_what_would_fail_later_is_refused_before_anything_runs(
    words: list[str], produced: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = produced()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "gs2_ideal").mkdir()
    (tmp_path / "gs2_ideal" / "mine.txt").write_text("mine", encoding="utf-8")
    result = ptyspec(*("gs2_ideal" if word == "taken" else word for word in words))
    assert (result.exit_code, ran) == (2, [])


def test_json_is_one_document_with_every_run_and_its_findings(produced: Install) -> None:
    failed: PtyspecError = TrainingDivergedError("loss is not finite")
    produced(gs1_custom=0.271, gs2_ideal=failed)
    result = ptyspec("gs1_ideal", "gs1_custom", "gs2_ideal", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["schema_version"], found["status"]) == (3, 1, "broken")
    assert [row["status"] for row in found["runs"]] == ["right", "wrong", "broken"]
    assert found["runs"][1]["verdict"]["clause"] == "INFER-005"
    assert found["runs"][0]["controls"]["trivial"]["mean_ratio"] == pytest.approx(0.9987 * 0.96)
    assert found["runs"][2]["error"] == "loss is not finite"


def test_the_dashboard_of_these_runs_comes_last(
    produced: Install, written: Callable[[float], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    produced()
    shown: list[list[Path]] = []

    def write(folders: list[Path]) -> Path:
        shown.append(folders)
        return Path("/there/dashboard.html")

    monkeypatch.setattr(command, "write_dashboard", write)
    result = ptyspec("gs1_ideal", "gs2_ideal", "--dashboard")
    assert "dashboard: /there/dashboard.html" in result.stdout.splitlines()
    assert shown == [[written(0.998), written(0.998)]]
    assert len(result.stdout.splitlines()) <= 10


def test_one_target_ends_with_its_own_table_and_both_forms_of_its_report(produced: Install) -> None:
    produced()
    result = ptyspec("gs1_ideal")
    *_, report, page, verdict = result.stdout.splitlines()
    assert result.exit_code == 0
    assert (report.endswith("report.md"), page.endswith("report.html")) == (True, True)
    assert verdict.startswith("right: ")
    assert json.loads(ptyspec("gs1_ideal", "--json").stdout)["page"].endswith("report.html")

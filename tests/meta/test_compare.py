"""`ptyspec compare`: what differs is told with its source, what may not be compared is not."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from ptyspec.cli.main import app
from ptyspec.contracts.run import RunResult
from ptyspec.faults.apply import applied
from ptyspec.files.jsonfile import read_json, to_json, write_json
from ptyspec.render.table import escape
from ptyspec.report import figures
from ptyspec.report.comparison import Compared, comparison, runs
from ptyspec.report.comparison_page import figure
from ptyspec.runs.finished_run import write_list, write_run
from ptyspec.runs.request import recipe_faults, request
from ptyspec.runs.run import key_of
from ptyspec.runs.run_spec import Options
from ptyspec.runs.store import RunStore
from ptyspec.runs.threads import default_threads, set_threads
from ptyspec.scores import headline as scores
from tests.fake_run import block, make_run, one_run, without_truth
from tests.json_schema import breaches
from tests.page_text import text_of
from tests.report_numbers import NUMBER

Make = Callable[..., Path]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Write a fake run into a new folder; all tests only read it."""
    base = tmp_path_factory.mktemp("runs")

    def write(name: str, result: RunResult | None = None) -> Path:
        folder = base / name
        folder.mkdir()
        write_run(folder, result or one_run())
        return folder

    return write


@pytest.fixture(scope="module")
def pair(written: Make) -> tuple[Path, Path]:
    """Two runs of one object: the second was trained for 7 epochs and came out at half the amplitude."""
    wrong = make_run(training={"nepochs": 7})
    metrics = {**wrong.metrics, **block(0.5), "controls": wrong.metrics["controls"]}
    stages = (
        *wrong.stages[:2],
        wrong.stages[2].model_copy(update={"numbers": wrong.stages[2].numbers | {"gain": 0.5}}),
        *wrong.stages[3:],
    )
    return written("right"), written(
        "wrong", dataclasses.replace(wrong, metrics=metrics, stages=stages)
    )


@pytest.fixture(scope="module")
def other(written: Make) -> Path:
    """A run of another object."""
    made = make_run()
    scan = made.scan.model_copy(update={"objectGuess": made.scan.objectGuess * np.complex64(1.25)})
    return written("other", dataclasses.replace(made, scan=scan))


def ptyspec(*words: object) -> Result:
    return CliRunner().invoke(app, ["compare", *map(str, words)])


def document(*folders: Path) -> tuple[list[Compared], dict[str, Any]]:
    found = runs([str(folder) for folder in folders], Options())
    return found, json.loads(to_json(comparison(found)))


def test_what_differs_is_named_with_its_value_and_its_source(pair: tuple[Path, Path]) -> None:
    _, found = document(*pair)
    [row] = found["settings"]
    first, second = (one["name"] for one in found["runs"])
    assert row["key"] == "training.nepochs"
    assert row["values"][first] == {"value": 50, "source": "default"}
    assert row["values"][second] == {"value": 7, "source": "command line"}
    assert found["first_stage_that_differs"] == "normalize"
    gains = next(row for row in found["stages"] if row["quantity"] == "gain")
    assert (gains["values"], gains["differs"]) == ({first: 0.7342, second: 0.5}, True)


def test_scores_are_those_of_metrics_json_beside_the_controls_of_each_run(
    pair: tuple[Path, Path],
) -> None:
    made, found = document(*pair)
    for one, folder in zip(made, pair, strict=True):
        metrics = read_json(folder / "metrics.json")
        told = found["scores"][one.name]
        assert set(told) == {"network", "refined", *metrics["controls"]}
        assert told["network"]["mean_ratio"] == metrics["amplitude"]["mean_ratio"]
        assert (
            told["trivial"]["highpass_r"]
            == metrics["controls"]["trivial"]["amplitude"]["highpass_pearson_r"]
        )
    assert [one["status"] for one in found["runs"]] == ["right", "wrong"]


def test_a_wrong_run_is_a_violation_and_two_right_ones_are_not(
    pair: tuple[Path, Path], written: Make
) -> None:
    assert ptyspec(*pair).exit_code == 1
    result = ptyspec(pair[0], written("also right"))
    assert result.exit_code == 0, result.output
    assert "No setting differs." in result.stdout


def test_json_on_stdout_follows_the_published_schema(pair: tuple[Path, Path], other: Path) -> None:
    for folders in (pair, (pair[0], other)):
        found = json.loads(ptyspec(*folders, "--json").stdout)
        assert found["schema_version"] == 1
        assert breaches(found, "comparison") == []


def test_other_objects_are_said_to_be_others_and_are_not_subtracted(
    pair: tuple[Path, Path], other: Path
) -> None:
    result = ptyspec(pair[0], other, "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["status"], found["same_object"]) == (4, "incomplete", False)
    assert found["agreement"] == {}
    assert "different objects" in result.stderr
    _, same = document(*pair)
    assert set(same["agreement"]) == {same["runs"][1]["name"]}
    assert same["same_object"]


def colours(drawn: Any) -> list[tuple[float, float]]:
    return [
        axes.images[0].get_clim()
        for axes in drawn.axes
        if axes.images and "colorbar" not in axes.get_label()
    ]


def test_runs_of_one_object_share_a_colour_scale_and_others_have_no_figure(
    pair: tuple[Path, Path], other: Path, tmp_path: Path
) -> None:
    drawn = colours(figure(document(*pair)[0]))
    assert (
        len(drawn) == 8
    )  # amplitude and phase of the truth; amplitude, error and phase of two runs
    assert len(set(drawn)) == 3
    ptyspec(pair[0], other, "--out", tmp_path / "out")
    assert not (tmp_path / "out" / "compare.png").exists()


def test_without_a_truth_a_run_is_shown_beside_the_first_one(written: Make) -> None:
    kinds = {part: {"kind": "measured"} for part in ("object", "probe")}
    scan = {"kind": "measured", "path": "scan.npz", "sha256": "a" * 64}
    first = without_truth(make_run(**kinds, dose={"noise": "measured"}, scan=scan))
    second = dataclasses.replace(first, reconstruction=first.controls["trivial"])
    made, found = document(written("measured", first), written("measured again", second))
    assert (found["same_object"], found["same_data"]) == (
        True,
        None,
    )  # the fake run's first stage recorded no frames
    assert found["agreement"][made[1].name]["amplitude_ratio"] == pytest.approx(0.957, abs=0.001)
    assert "mean_ratio" not in found["scores"][made[0].name]["network"]
    assert len(colours(figure(made))) == 6  # amplitude, difference and phase of each


def test_files_say_what_the_document_says(pair: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert ptyspec(*pair, "--out", out).exit_code == 1
    assert sorted(path.name for path in out.iterdir()) == [
        f"compare.{kind}" for kind in ("html", "json", "md", "png")
    ]
    text, found = (out / "compare.md").read_text(encoding="utf-8"), read_json(out / "compare.json")
    for name, told in found["scores"].items():
        row = next(line for line in text.splitlines() if line.startswith(f"| {escape(name)} |"))
        cells = [cell.strip() for cell in row.split("|")[2:9]]
        assert cells == [
            scores.shown(told["network"][one.key], one.digits) for one in scores.WITH_TRUTH
        ]
    page = (out / "compare.html").read_text(encoding="utf-8")
    assert len(NUMBER.findall(text_of(page))) == len(NUMBER.findall(text.replace("\\", "")))
    assert "data:image/png;base64," in page


def test_an_earlier_comparison_is_replaced_and_nothing_else(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert [ptyspec(*pair, "--out", out).exit_code for _ in range(2)] == [1, 1]
    (out / "mine.txt").write_text("mine", encoding="utf-8")
    before = (out / "compare.json").stat().st_mtime_ns
    result = ptyspec(*pair, "--out", out)
    assert (result.exit_code, (out / "compare.json").stat().st_mtime_ns) == (2, before)
    assert "something else" in result.stderr


def test_text_from_a_run_cannot_become_markup(pair: tuple[Path, Path], tmp_path: Path) -> None:
    copy = Path(shutil.copytree(pair[1], tmp_path / "<b>copy"))
    rows = read_json(copy / "scenario.json")
    rows["values"]["training.nepochs"]["source"] = "<script>alert(1)</script>|**x**"
    write_json(copy / "scenario.json", rows)
    write_list(copy)
    ptyspec(pair[0], copy, "--out", tmp_path / "out")
    page = (tmp_path / "out" / "compare.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "<b>" not in page
    assert "<strong>x" not in page
    assert "alert(1)" in text_of(page)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["right"], "two runs or more", id="one-run"),
        pytest.param(["right", "right"], "named twice", id="twice"),
        pytest.param(["right", "nothing_like_it"], "no scenario is called", id="unknown"),
        pytest.param(["right", "legacy:main"], "holds settings and no run", id="no-run"),
        pytest.param(["right", "empty"], "this folder is not a run", id="not-a-run"),
        pytest.param(["right", "damaged"], "metrics.json", id="damaged"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_its_reason(
    words: list[str],
    said: str,
    pair: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "right").symlink_to(pair[0])
    (Path(shutil.copytree(pair[0], tmp_path / "damaged")) / "metrics.json").unlink()
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    result = ptyspec(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert said in result.stderr


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """An empty store that the command uses, too."""
    monkeypatch.setenv("PTYSPEC_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(figures, "drawers", lambda _: {})
    set_threads(default_threads())
    return RunStore()


def test_words_find_the_runs_that_are_finished_and_say_how_to_make_the_others(
    store: RunStore,
) -> None:
    def make(folder: Path) -> None:
        write_run(folder, one_run())

    store.get_or_make(key_of(request("gs1_ideal", profile="quick")), make)
    missing = ptyspec("gs1_ideal", "gs1_ideal:january", "--profile", "quick")
    assert missing.exit_code == 2
    assert "ptyspec run gs1_ideal:january --profile quick" in missing.stderr
    with applied(*sorted(recipe_faults("january"))):
        store.get_or_make(key_of(request("gs1_ideal", profile="quick", recipe="january")), make)
    found = ptyspec("gs1_ideal", "gs1_ideal:january", "--profile", "quick", "--json")
    assert found.exit_code == 0, found.stderr
    assert len({row["folder"] for row in json.loads(found.stdout)["runs"]}) == 2

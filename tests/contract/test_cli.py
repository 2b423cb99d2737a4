"""The command line: exit codes, what goes to stdout and what to stderr, errors that can be read."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from ptyspec.cli import checkup
from ptyspec.cli.keys import keys
from ptyspec.cli.main import app
from ptyspec.cli.progress import RichProgress
from ptyspec.contracts.records import EpochRecord, StageRecord
from ptyspec.contracts.resolve import known_keys
from ptyspec.errors import ConfigError, TrainingInterruptedError

Produce = Callable[..., Path]


def block(ratio: float) -> dict[str, Any]:
    return {
        "amplitude": {"mean_ratio": ratio, "pearson_r": 0.971, "highpass_pearson_r": 0.853, "ssim": 0.923},
        "phase": {"pearson_r": None, "reason": "no phase"}, "complex": {"nrmse": 0.145},
        "frc": {"complex": {"first_crossing_half": 0.77}}, "has_nan": False,
    }  # fmt: skip


def metrics(ratio: float) -> dict[str, Any]:
    return {"schema_version": 1, **block(ratio), "controls": {"trivial": block(1.007), "iterative": block(1.0003)}}


@pytest.fixture
def produced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Produce | float], list[dict[str, Any]]]:
    """Stand in for the pipeline: what the command line asked of it is in the returned list."""
    asked: list[dict[str, Any]] = []

    def install(what: Produce | float) -> list[dict[str, Any]]:
        def produce(resolved: Any, **options: Any) -> Path:
            asked.append({"resolved": resolved, **options})
            if callable(what):
                return what(resolved, **options)
            (tmp_path / "metrics.json").write_text(json.dumps(metrics(what)), encoding="utf-8")
            return tmp_path

        module = types.ModuleType("ptyspec.pipeline.produce")
        module.produce = produce  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, module.__name__, module)
        return asked

    return install


def ptyspec(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "160"})


def raising(error: BaseException) -> Produce:
    def produce(resolved: Any, **options: Any) -> Path:
        raise error

    return produce


def test_a_run_prints_scores_beside_controls_on_stdout(produced: Any) -> None:
    produced(0.998)
    result = ptyspec("run", "gs1_custom", "--profile", "quick")
    assert result.exit_code == 0, result.output
    rows = {line.split("  ")[0]: line.split()[-7:] for line in result.stdout.splitlines()}
    assert rows["network"] == ["0.998", "0.971", "0.853", "0.923", "–", "0.145", "0.77"]
    assert rows["trivial estimator"][0] == "1.007"
    assert rows["iterative reference"][0] == "1.000"
    assert "report.md" in result.stdout


def test_json_output_is_one_document_with_its_headline_on_top(produced: Any) -> None:
    produced(0.998)
    result = ptyspec("run", "gs1_custom", "--json")
    found = json.loads(result.stdout)
    assert (found["schema_version"], found["status"], found["scenario"]) == (1, "ok", "gs1_custom")
    assert found["metrics"]["mean_ratio"] == 0.998
    assert found["metrics"]["phase_r"] is None
    assert set(found["controls"]) == {"trivial", "iterative"}
    assert result.exit_code == 0


def test_a_wrong_amplitude_is_a_violation_with_exit_code_1(produced: Any) -> None:
    produced(0.271)
    result = ptyspec("run", "gs1_custom", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["status"] == "violation"
    assert "the mean amplitude ratio is 0.271" in result.stderr


def test_options_reach_the_pipeline(produced: Any, tmp_path: Path) -> None:
    asked = produced(1.0)
    arguments = ["--refine", "3", "--gridsize", "2", "--set", "training.nepochs=7", "--out", str(tmp_path / "o")]
    result = ptyspec("run", "gs1_custom", *arguments, "--resume", "--force")
    assert result.exit_code == 0, result.output
    [call] = asked
    scenario = call["resolved"].scenario
    assert (scenario.inference.refine, scenario.model.gridsize, scenario.training.nepochs) == (3, 2, 7)
    assert (call["out"], call["resume"], call["force"]) == (tmp_path / "o", True, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["run", "gs9_nothing"], "gs9_nothing", id="unknown-scenario"),
        pytest.param(["run", "gs1_custom", "--profile", "huge"], "huge", id="unknown-profile"),
        pytest.param(["run", "gs1_custom", "--recipe", "magic"], "magic", id="unknown-recipe"),
        pytest.param(["run", "gs1_custom", "--set", "training.nepoch=3"], "did you mean training.nepochs", id="typo"),
        pytest.param(["run", "gs1_custom", "--set", "training.nepochs"], "training.nepochs", id="no-value"),
        pytest.param(["run", "gs1_custom", "--set", "training.batch_size=3"], "power of two", id="bad-value"),
        pytest.param(["run", "missing.npz"], "missing.npz", id="missing-file"),
        pytest.param(["run", "gs1_custom", "--threads", "0"], "--threads", id="no-threads"),
        pytest.param(["run"], "Missing argument", id="no-target"),
        pytest.param(["runn"], "No such command", id="unknown-command"),
        pytest.param(["scenarios", "gs9_nothing"], "gs9_nothing", id="unknown-scenario-shown"),
    ],
)
def test_wrong_input_ends_with_exit_code_2_and_a_readable_text(produced: Any, arguments: list[str], words: str) -> None:
    asked = produced(1.0)
    result = ptyspec(*arguments)
    assert result.exit_code == 2, result.output
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert asked == []


BROKEN = [
    pytest.param(TrainingInterruptedError("stopped", next_step="--resume"), 3, "stopped", id="stopped-training"),
    pytest.param(KeyboardInterrupt(), 3, "--resume goes on", id="interrupt"),
    pytest.param(ConfigError("bad", value=7, limit=5, source="file", next_step="fix"), 2, "limit: 5", id="late-input"),
    pytest.param(MemoryError(), 3, "out of memory", id="memory"),
    pytest.param(OSError(28, "No space left on device", "/disk"), 3, "No space left on device", id="disk"),
    pytest.param(ZeroDivisionError("x"), 3, "defect of ptyspec", id="defect"),
]


@pytest.mark.parametrize(("error", "code", "words"), BROKEN)
def test_what_a_run_raises_becomes_a_text_and_an_exit_code(
    produced: Any, error: BaseException, code: int, words: str
) -> None:
    produced(raising(error))
    result = ptyspec("run", "gs1_custom", "--json")
    assert result.exit_code == code
    assert words in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("option", "shown"), [pytest.param([], False, id="plain"), pytest.param(["--debug"], True, id="debug")]
)
def test_debug_shows_the_traceback_that_is_hidden_otherwise(produced: Any, option: list[str], shown: bool) -> None:
    produced(raising(ConfigError("bad")))
    assert ("Traceback" in ptyspec("run", "gs1_custom", *option).stderr) is shown
    assert ("Traceback" in ptyspec(*option, "run", "gs1_custom").stderr) is shown


def test_a_defect_shows_its_traceback_without_being_asked(produced: Any) -> None:
    produced(raising(ZeroDivisionError("x")))
    assert "ZeroDivisionError" in ptyspec("run", "gs1_custom").stderr


def test_help_names_every_command_and_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom ptyspec.cli.main import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit as end:\n    assert end.code == 0\n"
        "heavy = {'numpy', 'pydantic', 'matplotlib', 'scipy', 'tensorflow', 'keras', 'rich', 'yaml'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "HEAVY []" in done.stdout
    for command in ("run", "scenarios", "doctor"):
        assert f"\n  {command} " in done.stdout


def test_scenarios_load_no_tensorflow() -> None:
    code = (
        "import sys\nfrom ptyspec.cli.main import app\n"
        "try:\n    app(['scenarios', '--json'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["scenarios"]


def test_version_is_the_package_version() -> None:
    import ptyspec as package

    assert ptyspec("--version").stdout == f"ptyspec {package.__version__}\n"


def test_a_closed_pipe_is_no_failure() -> None:
    code = "from ptyspec.cli.main import entry; entry()"
    line = f'"{sys.executable}" -c "{code}" scenarios --keys; echo "code $?" >&2'
    done = subprocess.run(["bash", "-c", f"({line}) | true"], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "code 0"


def test_scenarios_lists_what_ships_with_its_sizes() -> None:
    found = json.loads(ptyspec("scenarios", "--json").stdout)
    rows = {row["name"]: row for row in found["scenarios"]}
    assert {"gs1_ideal", "gs1_custom", "gs2_ideal", "gs2_custom"} <= set(rows)
    assert rows["gs1_custom"]["profiles"]["full"]["images"] > rows["gs1_custom"]["profiles"]["quick"]["images"]
    assert all(row["description"] for row in rows.values())
    text = ptyspec("scenarios").stdout
    assert all(name in text for name in rows)


def test_one_scenario_shows_every_value_with_its_source() -> None:
    values = json.loads(ptyspec("scenarios", "gs2_custom", "--json").stdout)["values"]
    assert set(values) == set(known_keys())
    assert values["model.gridsize"]["value"] == 2
    assert values["model.gridsize"]["source"] != "default"
    assert "model.gridsize" in ptyspec("scenarios", "gs2_custom").stdout


KEYS = {row["key"]: row for row in keys()}


def test_every_key_is_listed_once() -> None:
    assert list(KEYS) == known_keys()
    assert len(ptyspec("scenarios", "--keys").stdout.splitlines()) >= len(KEYS)


@pytest.mark.parametrize(
    ("key", "kind", "default"),
    [
        pytest.param("training.nepochs", "integer > 0", 50, id="integer"),
        pytest.param("training.warmup_fraction", "number >= 0 <= 1", 0.05, id="bounded"),
        pytest.param("model.gridsize", "1 | 2 | 3", 1, id="choice"),
        pytest.param("model.probe_mask", "true | false", False, id="flag"),
        pytest.param("model.filters", "list of integer", (16, 24, 32), id="list"),
        pytest.param("model.probe_mask_diameter", "integer > 0", None, id="optional"),
        pytest.param("dose.nphotons", "number > 0", 1e9, id="number"),
    ],
)
def test_a_key_has_its_type_and_default(key: str, kind: str, default: Any) -> None:
    assert (KEYS[key]["type"], KEYS[key]["default"]) == (kind, default)


def stage_record(seconds: float, **flags: bool) -> StageRecord:
    return StageRecord(
        name="train", seconds=seconds, cpu_seconds=0, peak_rss_mb=1, numbers={"gain": 0.7342}, flags=flags
    )


def watched(*, terminal: bool, clock: list[float], monkeypatch: pytest.MonkeyPatch) -> tuple[RichProgress, io.StringIO]:
    monkeypatch.setattr("ptyspec.cli.progress.time.monotonic", lambda: clock[0])
    text = io.StringIO()
    return RichProgress(Console(file=text, force_terminal=terminal, width=100)), text


def train(progress: RichProgress, clock: list[float], epochs: int) -> None:
    with progress:
        progress.stage_started("train")
        for epoch in range(1, epochs + 1):
            clock[0] += 1.0
            values = {"loss": 0.5 / epoch, "val_loss": 0.6 / epoch}
            progress.epoch(EpochRecord(epoch=epoch, learning_rate=1e-3, seconds=1, finite=True, metrics=values), epochs)
        progress.stage_finished(stage_record(epochs))


def test_without_a_terminal_progress_is_a_few_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    progress, text = watched(terminal=False, clock=clock, monkeypatch=monkeypatch)
    train(progress, clock, 50)
    lines = text.getvalue().splitlines()
    assert len(lines) == 5  # at 15, 30 and 45 seconds, the last epoch, the stage
    assert "\x1b" not in text.getvalue()
    assert "epoch 15/50" in lines[0]
    assert "about 35 s left" in lines[0]
    assert "gain 0.7342" in lines[-1]


def test_on_a_terminal_a_long_stage_shows_a_bar_with_its_losses(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    progress, text = watched(terminal=True, clock=clock, monkeypatch=monkeypatch)
    train(progress, clock, 5)
    assert "\x1b" in text.getvalue()
    assert "val_loss 0.12" in text.getvalue()


def test_a_stage_below_two_seconds_shows_no_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    progress, text = watched(terminal=True, clock=clock, monkeypatch=monkeypatch)
    with progress:
        progress.stage_started("train")
        clock[0] = 1.9
        progress.step(1, 2)
        progress.stage_finished(stage_record(1.9, fits_canvas=False))
    assert text.getvalue().splitlines() == ["train           1.90 s  gain 0.7342  fits_canvas: False"]


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    from ptyspec.cli.output import stdout

    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert stdout().no_color


@pytest.fixture
def healthy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Make every check pass whatever the machine, without starting TensorFlow."""
    monkeypatch.setenv("PTYSPEC_HOME", str(tmp_path / "store"))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setattr(checkup, "_free_memory_gb", lambda: 8.0)
    monkeypatch.setattr(checkup, "HAZARD", "print('DIFF 0.0')")
    monkeypatch.setattr(checkup, "packages", lambda: [checkup.Check("numpy", "ok", "2")])
    monkeypatch.setattr(checkup, "DISK_GB", 0.0)


def doctor() -> tuple[int, dict[str, dict[str, str]]]:
    result = ptyspec("doctor", "--json")
    return result.exit_code, {row["name"]: row for row in json.loads(result.stdout)["checks"]}


@pytest.mark.usefixtures("healthy")
def test_doctor_ends_with_0_on_a_fit_machine() -> None:
    code, rows = doctor()
    assert code == 0, rows
    assert rows["rank-4 matmul"]["state"] == "info"


@pytest.mark.usefixtures("healthy")
@pytest.mark.parametrize(
    ("name", "break_it"),
    [
        pytest.param("backend", lambda m, t: m.setenv("KERAS_BACKEND", "abacus"), id="backend"),
        pytest.param("free memory", lambda m, t: m.setattr(checkup, "_free_memory_gb", lambda: 0.2), id="memory"),
        pytest.param("free disk", lambda m, t: m.setattr(checkup, "DISK_GB", 1e9), id="disk"),
        pytest.param("tensorflow", lambda m, t: m.setattr(checkup, "HAZARD", "import no_such"), id="tensorflow"),
        pytest.param("python", lambda m, t: m.setattr(checkup, "PYTHON", (99, 0)), id="python"),
        pytest.param("store", lambda m, t: m.setenv("PTYSPEC_HOME", str(t / "file" / "x")), id="store"),
    ],
)
def test_doctor_ends_with_3_and_says_what_to_do(
    name: str, break_it: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    break_it(monkeypatch, tmp_path)
    code, rows = doctor()
    assert code == 3
    assert rows[name]["state"] == "fail"
    assert rows[name]["next"]
    assert [row for row in rows.values() if row["state"] == "fail"] == [rows[name]]


@pytest.mark.usefixtures("healthy")
def test_a_crashing_matmul_is_a_fact_and_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkup, "HAZARD", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    code, rows = doctor()
    assert code == 0
    assert "crashes here (signal 11)" in rows["rank-4 matmul"]["value"]


@pytest.mark.parametrize(
    ("line", "state"),
    [
        pytest.param("numpy>=1.0", "ok", id="new-enough"),
        pytest.param("numpy>=99.0", "fail", id="too-old"),
        pytest.param("no-such-package>=1", "fail", id="missing"),
    ],
)
def test_a_package_is_compared_with_what_is_needed(line: str, state: str) -> None:
    assert checkup._package(line).state == state

"""The command line: exit codes, what goes to stdout and what to stderr, errors that can be read."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from ptyspec.cli.main import app
from ptyspec.cli.scenarios import keys
from ptyspec.contracts.resolve import known_keys
from ptyspec.errors import ConfigError, TrainingInterruptedError
from ptyspec.runs.finished_run import write_run
from tests.fake_run import make_run

Produce = Callable[..., Path]


@pytest.fixture
def produced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Produce | float], list[dict[str, Any]]]:
    """Stand in for the pipeline: what the command line asked of it is in the returned list."""
    asked: list[dict[str, Any]] = []

    def install(what: Produce | float) -> list[dict[str, Any]]:
        def produce(resolved: Any, **options: Any) -> Path:
            asked.append({"resolved": resolved, **options})
            if callable(what):
                return what(resolved, **options)
            result = make_run()
            result.metrics["amplitude"]["mean_ratio"] = what
            write_run(tmp_path, result)
            return tmp_path

        monkeypatch.setattr("ptyspec.front.run.produce", produce)
        return asked

    return install


def ptyspec(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments), env={"COLUMNS": "160"})


def raising(error: BaseException) -> Produce:
    def produce(resolved: Any, **options: Any) -> Path:
        raise error

    return produce


@pytest.mark.clause("RUN-006")
def test_a_run_prints_scores_beside_controls_on_stdout(produced: Any) -> None:
    produced(0.998)
    result = ptyspec("run", "gs1_custom", "--profile", "quick")
    assert result.exit_code == 0, result.output
    rows = {line.split("  ")[0]: line.split()[-7:] for line in result.stdout.splitlines()}
    assert rows["network"] == ["0.998", "0.971", "0.853", "0.923", "0.812", "0.145", "0.77"]
    assert rows["trivial baseline"][0] == "0.959"
    assert rows["iterative reference"][0] == "1.009"
    assert "report.md" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("right: mean ratio 0.998")


def test_json_output_is_one_document_with_its_headline_on_top(produced: Any) -> None:
    produced(0.998)
    result = ptyspec("run", "gs1_custom", "--json")
    found = json.loads(result.stdout)
    assert (found["schema_version"], found["status"], found["scenario"]) == (
        1,
        "right",
        "gs1_custom",
    )
    assert found["metrics"]["mean_ratio"] == 0.998
    assert set(found["controls"]) == {"trivial", "untrained", "iterative", "flat_start"}
    assert found["verdict"]["status"] == "right"
    assert result.exit_code == 0


@pytest.mark.clause("RUN-008")
def test_a_wrong_amplitude_is_a_violation_with_exit_code_1(produced: Any) -> None:
    produced(0.271)
    result = ptyspec("run", "gs1_custom", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert (found["status"], found["verdict"]["clause"]) == ("wrong", "INFER-005")
    assert "0.271" in found["verdict"]["sentence"]


def test_options_reach_the_pipeline(produced: Any, tmp_path: Path) -> None:
    asked = produced(1.0)
    arguments = [
        "--refine",
        "3",
        "--gridsize",
        "2",
        "--set",
        "training.nepochs=7",
        "--out",
        str(tmp_path / "o"),
    ]
    result = ptyspec("run", "gs1_custom", *arguments, "--resume", "--force")
    assert result.exit_code == 0, result.output
    [call] = asked
    scenario = call["resolved"].scenario
    assert (scenario.inference.refine, scenario.model.gridsize, scenario.training.nepochs) == (
        3,
        2,
        7,
    )
    assert (call["out"], call["resume"], call["force"]) == (tmp_path / "o", True, True)


@pytest.mark.clause("RUN-008")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        pytest.param(["run", "gs9_nothing"], "gs9_nothing", id="unknown-scenario"),
        pytest.param(["run", "gs1_custom", "--profile", "huge"], "huge", id="unknown-profile"),
        pytest.param(["run", "gs1_custom", "--recipe", "magic"], "magic", id="unknown-recipe"),
        pytest.param(
            ["run", "gs1_custom", "--set", "training.nepoch=3"],
            "did you mean training.nepochs",
            id="typo",
        ),
        pytest.param(
            ["run", "gs1_custom", "--set", "training.nepochs"], "training.nepochs", id="no-value"
        ),
        pytest.param(
            ["run", "gs1_custom", "--set", "training.batch_size=3"], "power of two", id="bad-value"
        ),
        pytest.param(["run", "missing.npz"], "missing.npz", id="missing-file"),
        pytest.param(["run", "gs1_custom", "--threads", "0"], "--threads", id="no-threads"),
        pytest.param(["run"], "Missing argument", id="no-target"),
        pytest.param(["runn"], "No such command", id="unknown-command"),
        pytest.param(["scenarios", "gs9_nothing"], "gs9_nothing", id="unknown-scenario-shown"),
    ],
)
def test_wrong_input_ends_with_exit_code_2_and_a_readable_text(
    produced: Any, arguments: list[str], words: str
) -> None:
    asked = produced(1.0)
    result = ptyspec(*arguments)
    assert result.exit_code == 2, result.output
    assert words in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert asked == []


BROKEN = [
    pytest.param(
        TrainingInterruptedError("stopped", next_step="--resume"),
        3,
        "stopped",
        id="stopped-training",
    ),
    pytest.param(KeyboardInterrupt(), 3, "--resume goes on", id="interrupt"),
    pytest.param(
        ConfigError("bad", value=7, limit=5, source="file", next_step="fix"),
        2,
        "limit: 5",
        id="late-input",
    ),
    pytest.param(MemoryError(), 3, "out of memory", id="memory"),
    pytest.param(
        OSError(28, "No space left on device", "/disk"), 3, "No space left on device", id="disk"
    ),
    pytest.param(ZeroDivisionError("x"), 3, "defect of ptyspec", id="defect"),
]


@pytest.mark.clause("RUN-008")
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
    ("option", "shown"),
    [pytest.param([], False, id="plain"), pytest.param(["--debug"], True, id="debug")],
)
def test_debug_shows_the_traceback_that_is_hidden_otherwise(
    produced: Any, option: list[str], shown: bool
) -> None:
    produced(raising(ConfigError("bad")))
    assert ("Traceback" in ptyspec("run", "gs1_custom", *option).stderr) is shown
    assert ("Traceback" in ptyspec(*option, "run", "gs1_custom").stderr) is shown


def test_a_defect_shows_its_traceback_without_being_asked(produced: Any) -> None:
    produced(raising(ZeroDivisionError("x")))
    assert "ZeroDivisionError" in ptyspec("run", "gs1_custom").stderr


@pytest.mark.clause("ANTIPATTERN-001")
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


@pytest.mark.clause("ANTIPATTERN-001")
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
    done = subprocess.run(
        ["bash", "-c", f"({line}) | true"], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "code 0"


def test_scenarios_lists_what_ships_with_its_sizes() -> None:
    found = json.loads(ptyspec("scenarios", "--json").stdout)
    rows = {row["name"]: row for row in found["scenarios"]}
    assert {"gs1_ideal", "gs1_custom", "gs2_ideal", "gs2_custom"} <= set(rows)
    assert (
        rows["gs1_custom"]["profiles"]["full"]["images"]
        > rows["gs1_custom"]["profiles"]["quick"]["images"]
    )
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
        pytest.param("model.gridsize", "integer >= 1 <= 3", 1, id="range"),
        pytest.param("split.kind", "spatial | random | image | none", "spatial", id="choice"),
        pytest.param("model.probe_mask", "true | false", False, id="flag"),
        pytest.param("model.filters", "list of integer > 0", [32, 48], id="list"),
        pytest.param("model.probe_mask_diameter", "integer > 0", None, id="optional"),
        pytest.param("dose.nphotons", "number > 0", 1e9, id="number"),
    ],
)
def test_a_key_has_its_type_and_default(key: str, kind: str, default: Any) -> None:
    assert (KEYS[key]["type"], KEYS[key]["default"]) == (kind, default)

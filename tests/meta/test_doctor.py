"""`ptyspec doctor` tells a fit machine from an unfit one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from typer.testing import CliRunner

from ptyspec import extras
from ptyspec.cli import doctor as checkup
from ptyspec.cli.main import app
from ptyspec.networks import framework

REQUIRE = framework.require


def ptyspec(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture
def healthy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Make every check pass whatever the machine, without starting TensorFlow."""
    monkeypatch.setenv("PTYSPEC_HOME", str(tmp_path / "store"))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setattr(checkup, "_free_memory_gb", lambda: 8.0)
    monkeypatch.setattr(checkup, "PRODUCT", "")
    monkeypatch.setattr(checkup, "packages", lambda: [checkup.Check("numpy", "ok", "2")])
    monkeypatch.setattr(checkup, "DISK_GB", 0.0)
    monkeypatch.setattr(framework, "require", lambda what: None)


def doctor() -> tuple[int, dict[str, dict[str, str]]]:
    result = ptyspec("doctor", "--json")
    return result.exit_code, {row["name"]: row for row in json.loads(result.stdout)["checks"]}


@pytest.mark.usefixtures("healthy")
def test_doctor_ends_with_0_on_a_fit_machine() -> None:
    code, rows = doctor()
    assert code == 0, rows
    assert rows["tensorflow runs"]["state"] == "ok"


@pytest.mark.usefixtures("healthy")
@pytest.mark.parametrize(
    ("name", "break_it"),
    [
        pytest.param("backend", lambda m, t: m.setenv("KERAS_BACKEND", "abacus"), id="backend"),
        pytest.param(
            "free memory",
            lambda m, t: m.setattr(checkup, "_free_memory_gb", lambda: 0.2),
            id="memory",
        ),
        pytest.param("free disk", lambda m, t: m.setattr(checkup, "DISK_GB", 1e9), id="disk"),
        pytest.param(
            "tensorflow runs",
            lambda m, t: m.setattr(checkup, "PRODUCT", "import no_such"),
            id="tensorflow",
        ),
        pytest.param("python", lambda m, t: m.setattr(checkup, "PYTHON", (99, 0)), id="python"),
        pytest.param(
            "store", lambda m, t: m.setenv("PTYSPEC_HOME", str(t / "file" / "x")), id="store"
        ),
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
def test_a_machine_without_extras_is_fit_and_is_told_what_brings_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(framework, "require", REQUIRE)
    monkeypatch.setattr(extras, "_installed", lambda name: False)
    code, rows = doctor()
    assert code == 0
    for name in extras.EXTRAS:
        assert rows[f"[{name}]"]["state"] == "info"
        assert rows[f"[{name}]"]["next"] == f"pip install 'ptyspec[{name}]'"
    assert "not installed: pip install 'ptyspec[tensorflow]'" in rows["backend"]["value"]
    # Another backend than the one that was asked for is there: that is wrong.
    monkeypatch.setattr(extras, "_installed", lambda name: name in {"keras", "jax"})
    monkeypatch.setenv(framework.VARIABLE, "tensorflow")
    code, rows = doctor()
    assert (code, rows["backend"]["state"]) == (3, "fail")


@pytest.mark.parametrize(
    ("line", "state"),
    [
        pytest.param("numpy>=1.0", "ok", id="new-enough"),
        pytest.param("numpy>=99.0", "fail", id="too-old"),
        pytest.param("no-such-package>=1", "fail", id="missing"),
    ],
)
def test_a_package_is_compared_with_what_is_needed(line: str, state: str) -> None:
    assert checkup.package(Requirement(line)).state == state

"""What audits, hubs and runs write follows the schemas that are published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ptyspec.checks.report import write_audit
from tests.audits import material, performed
from tests.fake_hub import a_hub
from tests.json_schema import breaches


def content(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_an_audit_follows_its_schema(tmp_path: Path) -> None:
    write_audit(tmp_path, performed("probe", material()))
    assert breaches(content(tmp_path / "probe.json"), "audit") == []


def test_a_hub_and_its_audits_follow_their_schemas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = a_hub(tmp_path, monkeypatch)
    assert breaches(content(folder / "hub.json"), "hub") == []
    for kind in ("probe", "visual"):
        assert breaches(content(folder / f"{kind}.json"), "audit") == []


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        pytest.param("status", "fine", "$.status", id="status"),
        pytest.param("schema_version", 1, "$.schema_version", id="version"),
        pytest.param("data", [], "$.data", id="data"),
        pytest.param("more", 1, "$", id="another-field"),
        pytest.param("findings", [{"clause": "x"}], "$.findings[0]", id="half-a-finding"),
        pytest.param("violated", ["norm-1"], "$.violated[0]", id="no-clause"),
    ],
)
def test_an_audit_that_breaks_the_schema_is_told(name: str, value: Any, place: str) -> None:
    found = performed("probe", material()).document().model_dump(mode="json") | {name: value}
    assert any(line.startswith(f"{place}: ") for line in breaches(found, "audit"))

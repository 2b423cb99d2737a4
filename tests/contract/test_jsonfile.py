"""JSON files: strict, ordered, whole."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from ptyspec.contracts.scenario import DoseSpec
from ptyspec.errors import InputFileError
from ptyspec.files.jsonfile import read_json, write_json
from ptyspec.spec.checks import Check


def test_what_is_written_is_read_back_in_its_order(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"z": 1, "a": [1.5, None, True], "µ": "Å"})
    assert list(read_json(path)) == ["z", "a", "µ"]
    assert path.read_text(encoding="utf-8").startswith('{\n "z": 1,')
    assert "Å" in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (np.float32(0.5), 0.5),
        (np.int64(3), 3),
        (np.bool_(True), True),
        (np.array(2.0), 2.0),
        ((1, (2, 3)), [1, [2, 3]]),
        (DoseSpec(nphotons=10.0), {"nphotons": 10.0, "noise": "poisson"}),
    ],
    ids=["float32", "int64", "bool", "zero-d", "tuple", "model"],
)
def test_values_of_the_pipeline_become_plain_json(
    tmp_path: Path, value: object, plain: object
) -> None:
    write_json(tmp_path / "a.json", {"value": value})
    assert read_json(tmp_path / "a.json") == {"value": plain}


@pytest.mark.clause("FILE-009", "FILE-006")
@pytest.mark.parametrize(
    ("value", "error"),
    [
        (math.nan, ValueError),
        (np.float32("inf"), ValueError),
        (np.ones(3), TypeError),
        (Path("here"), TypeError),
    ],
    ids=["nan", "infinity", "array", "path"],
)
def test_what_json_cannot_hold_is_refused_and_the_old_file_stays(
    clause: Check, tmp_path: Path, value: object, error: type[Exception]
) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"old": 1})
    with pytest.raises(error) as caught:
        write_json(path, {"value": value})
    clause("FILE-009").holds(
        any("a.json" in note for note in caught.value.__notes__), "a note names the file"
    )
    clause("FILE-006").equal(read_json(path), {"old": 1}, "the former file")
    clause("FILE-006").equal(list(tmp_path.iterdir()), [path], "files")


@pytest.mark.parametrize(
    "content", [None, b"{", b"\xff\xfe{}"], ids=["missing", "truncated", "binary"]
)
def test_a_file_that_is_not_json_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "a.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputFileError) as caught:
        read_json(path)
    assert caught.value.details["value"] == path

"""The notebook runs from its first cell to its last, and what is kept in it is small and belongs to nobody's machine."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
SMALL_SCANS = "from tests import doc_program as small\n\nsmall.small_requests(); small.one_picture(); small.few_cases()"
"""Goes before the first cell: every run of the notebook becomes one of seconds."""
BYTES = 500_000
pytestmark = [
    pytest.mark.expensive,
    pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS]),
]


@pytest.fixture
def notebook(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def execute(notebook: Any, place: Path) -> Any:
    notebook.cells.insert(0, nbformat.v4.new_code_cell(SMALL_SCANS))
    return NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(place)}}
    ).execute()


def test_every_cell_runs_and_shows_what_it_is_kept_with(
    path: Path, notebook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv(
        "PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    )
    kept = [_kinds(cell) for cell in notebook.cells if cell.cell_type == "code"]
    made = [
        _kinds(cell) for cell in execute(notebook, path.parent).cells if cell.cell_type == "code"
    ]
    assert made[1:] == kept, "execute it and save it: jupyter execute --inplace"


def test_a_cell_that_fails_is_noticed(notebook: Any, tmp_path: Path) -> None:
    notebook.cells[:] = [nbformat.v4.new_code_cell("raise ValueError('broken')")]
    with pytest.raises(CellExecutionError, match="broken"):
        NotebookClient(
            notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}
        ).execute()


def test_it_is_small_was_executed_in_order_and_names_no_place_of_a_machine(
    path: Path, notebook: Any
) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text) < BYTES
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert re.findall(r"(?:/home/|/root/|/tmp/|/work/|/Users/)[\w./-]*", text) == []


def _kinds(cell: Any) -> set[str]:
    """Which kinds of output a cell has; what goes to stderr depends on the machine."""
    return {
        output.output_type
        for output in cell.outputs
        if not (output.output_type == "stream" and output.name == "stderr")
    }

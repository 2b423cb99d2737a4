"""A run on disk holds every file, and the files follow their schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from docs.site import write_schemas as schemas
from ptyspec.contracts.records import History, Metrics, StageRecord
from ptyspec.contracts.resolve import flatten
from ptyspec.contracts.run import RunResult
from ptyspec.files.jsonfile import read_json, to_json
from ptyspec.files.scan_npz import read_npz
from ptyspec.report.pages import MADE_BY, PAGES
from ptyspec.runs.environment import environment
from ptyspec.runs.finished_run import FILES
from ptyspec.spec.checks import Check
from tests.fake_run import fake_metrics
from tests.json_schema import PUBLISHED, breaches


@pytest.mark.clause("RUN-001")
def test_a_run_folder_holds_every_file(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {*FILES, *PAGES, MADE_BY, "figures"}


@pytest.mark.clause("RUN-001")
def test_the_objects_on_disk_are_those_of_the_run(folder: Path, run: RunResult) -> None:
    with np.load(folder / "reconstruction.npz", allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["object"], run.reconstruction.object)
        np.testing.assert_array_equal(stored["refined_object"], run.refined.object)
        assert tuple(stored["origin"]) == run.reconstruction.origin
        assert stored["object"].dtype == np.complex64
    with np.load(folder / "controls.npz", allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["trivial_object"], run.controls["trivial"].object)
        assert len(stored.files) == 3 * len(run.controls)


@pytest.mark.clause("RUN-001")
def test_the_scan_on_disk_reads_back_as_it_was(folder: Path, run: RunResult) -> None:
    scan = read_npz(folder / "scan.npz")
    np.testing.assert_array_equal(scan.diff3d, run.scan.diff3d)
    assert scan.scale == run.scan.scale


@pytest.mark.clause("RUN-001", "RUN-004", "RUN-005")
def test_settings_and_environment_on_disk_are_those_of_the_run(
    folder: Path, run: RunResult, clause: Check
) -> None:
    stored = {
        name: read_json(folder / f"{name}.json") for name in ("scenario", "environment", "metrics")
    }
    clause.equal(stored["metrics"], json.loads(to_json(run.metrics)), "metrics.json")
    clause("RUN-005").equal(
        stored["environment"], json.loads(to_json(run.environment)), "environment.json"
    )
    rows, wanted = (
        stored["scenario"]["values"],
        dict(flatten(run.resolved.scenario.model_dump(mode="json"))),
    )
    clause("RUN-004").equal(
        {key: row["value"] for key, row in rows.items()}, wanted, "values in scenario.json"
    )
    clause("RUN-004").equal(
        {key: row["source"] for key, row in rows.items()}, run.resolved.provenance, "their sources"
    )


@pytest.mark.clause("RUN-001")
def test_stages_and_history_validate_against_their_models(folder: Path, run: RunResult) -> None:
    stages = json.loads((folder / "stages.json").read_text(encoding="utf-8"))
    found = TypeAdapter(tuple[StageRecord, ...]).validate_json(json.dumps(stages["stages"]))
    assert found == run.stages
    assert (
        History.model_validate_json((folder / "history.json").read_text(encoding="utf-8"))
        == run.history
    )


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        pytest.param(("amplitude", "ssim"), "0.9", "amplitude.ssim", id="text-for-number"),
        pytest.param(("amplitude", "ssim"), True, "amplitude.ssim", id="truth-for-number"),
        pytest.param(("controls", "trivial"), None, "controls.trivial", id="no-control"),
        pytest.param(("frc", "complex", "curve"), None, "frc.complex.curve", id="no-curve"),
        pytest.param(("controls",), None, "controls", id="no-controls"),
        pytest.param(("amplitude",), None, "neither amplitude nor data", id="no-score"),
    ],
)
def test_metrics_that_break_their_model_are_named(
    path: tuple[str, ...], value: Any, said: str
) -> None:
    metrics = fake_metrics()
    Metrics.model_validate(metrics)
    *parents, last = path
    node = metrics
    for name in parents:
        node = node[name]
    node[last] = value
    if value is None:
        del node[last]
    with pytest.raises(ValidationError, match=said):
        Metrics.model_validate(metrics)


@pytest.mark.parametrize("name", sorted(schemas.schemas()))
def test_the_published_schemas_are_current(name: str) -> None:
    """Stale: `python -m docs.site.write_schemas` writes them anew."""
    published = PUBLISHED / f"{name}.schema.json"
    assert published.read_text(encoding="utf-8") == to_json(schemas.schemas()[name])


def test_nothing_is_published_that_no_model_makes() -> None:
    assert {path.name for path in PUBLISHED.iterdir()} == {
        f"{name}.schema.json" for name in schemas.schemas()
    }


@pytest.mark.parametrize("name", ["scenario", "stages", "history", "metrics", "files"])
def test_a_run_follows_the_published_schemas(folder: Path, name: str) -> None:
    assert breaches(read_json(folder / f"{name}.json"), name) == []


def test_the_environment_follows_its_schema() -> None:
    assert breaches(environment({"noise": 1}), "environment") == []


def test_a_document_that_breaks_its_schema_is_told() -> None:
    """The library that judges the others sees a missing key, another type and another version."""
    found = breaches({"schema_version": 2, "name": 1}, "scenario")
    assert len(found) == 3

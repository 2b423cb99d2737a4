"""What a run records is what it did, and comes out again from what it stored."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.contracts.bundles import Reconstruction, array_digest
from ptyspec.contracts.resolve import flatten
from ptyspec.contracts.run import RunResult
from ptyspec.errors import InputFileError
from ptyspec.files.scan_file import write_scan
from ptyspec.physics.coarse import trivial_estimate
from ptyspec.physics.iterative import reconstruct
from ptyspec.pipeline.simulate import simulate
from ptyspec.runs.finished_run import write_run
from ptyspec.runs.request import request
from ptyspec.runs.run import run
from ptyspec.scores.metrics import score
from ptyspec.spec.checks import Check
from tests.small_scenes import exact_scan, scattered, small_probe, textured_object
from tests.walks import Watching, small

GRIDS = (1, 2)
"""Both branches of everything that depends on gridsize are executed (failure 69)."""


@cache
def watched(gridsize: int) -> tuple[RunResult, Watching]:
    """A whole run without training, with one sweep of refinement, and the hand-overs of its stages."""
    walk = Watching()
    return run(small(model={"gridsize": gridsize}, inference={"refine": 1}), pipeline=walk), walk


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The gridsize-1 run on disk."""
    out = tmp_path_factory.mktemp("written")
    write_run(out, watched(1)[0])
    return out


# EVID-003


@pytest.mark.clause("EVID-003")
@pytest.mark.parametrize("gridsize", GRIDS)
def test_every_stage_received_the_settings_that_are_recorded(clause: Check, gridsize: int) -> None:
    result, walk = watched(gridsize)
    recorded = {key: row["value"] for key, row in result.resolved.as_json()["values"].items()}
    first = {call.stage: walk.first(call.stage).scenario for call in walk.calls}
    clause.equal(len(first), 8, "stages that were called")
    for stage, received in first.items():
        got = dict(flatten(received.model_dump(mode="json")))
        clause.equal(
            {key: got[key] for key in recorded}, recorded, f"settings that {stage} received"
        )


@pytest.mark.clause("EVID-003")
@pytest.mark.parametrize("gridsize", GRIDS)
def test_recorded_counts_are_those_of_what_was_done(clause: Check, gridsize: int) -> None:
    result, walk = watched(gridsize)
    recorded = {key: row["value"] for key, row in result.resolved.as_json()["values"].items()}
    scan, groups = walk.first("simulate").made, walk.first("group").made.train
    container, patches = walk.first("normalize").made.train, walk.first("infer").made.object
    done = {
        "scan.n_images": scan.size,
        "model.N": scan.N,
        "grouping.n_groups": groups.size,
        "object.size": len(scan.objectGuess),
        "model.gridsize": round(patches.shape[-1] ** 0.5),
    }
    clause.equal({key: recorded[key] for key in done}, done, "recorded settings")
    energy = float(
        (walk.first("split").made.train.diff3d.astype(np.float64) ** 2).sum(axis=(1, 2)).mean()
    )
    numbers = next(stage.numbers for stage in result.stages if stage.name == "normalize")
    clause.equal(numbers["gain"], container.gain, "recorded gain")
    used = recorded["model.N"] / 2 / energy**0.5
    clause.holds(
        abs(numbers["gain"] / used - 1) < 1e-6,
        "recorded gain",
        numbers["gain"],
        f"{used}, of the frames in use",
    )


# EVID-004


def rescored(folder: Path, factor: float = 1.0) -> dict[str, Any]:
    with np.load(folder / "reconstruction.npz") as made, np.load(folder / "scan.npz") as scan:
        origin = (int(made["origin"][0]), int(made["origin"][1]))
        found = Reconstruction(
            object=made["object"] * np.float32(factor), coverage=made["coverage"], origin=origin
        )
        return dict(json.loads(json.dumps(score(found, scan["objectGuess"]))))


@pytest.mark.clause("EVID-004")
def test_the_scores_of_a_run_come_out_again_from_its_files(clause: Check, written: Path) -> None:
    kept = json.loads((written / "metrics.json").read_text(encoding="utf-8"))
    again = rescored(written)
    clause.equal(again, {key: kept[key] for key in again}, "scores of the stored object")
    scaled = rescored(written, 1.9)  # the factor of the recorded least-squares fit
    clause.detects(
        lambda block: block["amplitude"]["mean_ratio"],
        again,
        scaled,
        "scores of a scaled object",
        0.5,
    )


@pytest.mark.clause("EVID-004")
def test_the_scores_of_the_controls_come_out_again_too(clause: Check, written: Path) -> None:
    kept = json.loads((written / "metrics.json").read_text(encoding="utf-8"))
    with np.load(written / "controls.npz") as made, np.load(written / "scan.npz") as scan:
        for name in ("trivial", "iterative"):
            origin = made[f"{name}_origin"]
            found = Reconstruction(
                object=made[f"{name}_object"],
                coverage=made[f"{name}_coverage"],
                origin=(int(origin[0]), int(origin[1])),
            )
            again = json.loads(json.dumps(score(found, scan["objectGuess"])))
            clause.equal(
                again,
                {key: kept["controls"][name][key] for key in again},
                f"scores of the {name} control",
            )


# SCORE-009


@pytest.mark.clause("SCORE-009")
@pytest.mark.parametrize("gridsize", GRIDS)
def test_a_run_scores_its_controls_as_it_scores_its_result(clause: Check, gridsize: int) -> None:
    result, walk = watched(gridsize)
    metrics, found = result.metrics, result.metrics["controls"]
    clause.equal(sorted(found), ["flat_start", "iterative", "trivial", "untrained"], "controls")
    mine = {key for key, _ in flatten(metrics) if key.split(".")[0] in found["trivial"]}
    for name, block in (*found.items(), ("refined", metrics["refined"])):
        clause.equal({key for key, _ in flatten(block)}, mine, f"scores of {name}")
    scans = [call.given[0] for call in walk.calls if call.stage == "score"]
    clause.holds(
        len(scans) == 6 and all(scan is scans[0] for scan in scans),
        "frames that all were scored on",
    )


@pytest.mark.clause("SCORE-009")
@pytest.mark.parametrize("gridsize", GRIDS)
def test_controls_come_from_the_frames_and_never_from_the_result(
    clause: Check, gridsize: int
) -> None:
    result, walk = watched(gridsize)
    scored = walk.first("score")
    scan, settings = scored.given[0], scored.scenario.inference
    way = {
        "alpha": settings.iterative_alpha,
        "seed": scored.scenario.seeds.training,
        "min_coverage": settings.min_coverage,
    }
    alone = {
        "trivial": trivial_estimate(scan, settings.min_coverage),
        "iterative": reconstruct(scan, sweeps=settings.iterative_sweeps, **way),
        "flat_start": reconstruct(scan, sweeps=settings.refine, **way),
    }
    for name, made in alone.items():
        clause.equal(
            array_digest(result.controls[name].object),
            array_digest(made.object),
            f"the {name} control",
        )
    own = array_digest(result.reconstruction.object)
    clause.holds(
        array_digest(result.controls["untrained"].object) != own,
        "the untrained control is not the result",
    )


# EVID-005


@pytest.mark.clause("EVID-005")
@pytest.mark.parametrize("what", ["scan", "probe", "probe-of-a-scan"])
def test_a_file_that_is_no_longer_the_recorded_one_is_refused(
    clause: Check, tmp_path: Path, what: str
) -> None:
    def put(scale: float) -> Path:
        made = exact_scan(
            textured_object(60, 50), small_probe(32) * np.float32(scale), scattered(12, 60, 50, 16)
        )
        return write_scan(tmp_path / "mine.npz", made)

    path = str(put(1.0))
    size = ("model.N=32", "scan.n_images=4", "object.size=96")
    target, settings = {
        "scan": (path, []),
        "probe": ("gs1_custom", ["probe.kind=file", f"probe.path={path}", *size]),
        "probe-of-a-scan": (
            str(put(1.0).rename(tmp_path / "scan.npz")),
            [f"probe.path={put(1.0)}"],
        ),
    }[what]
    made = request(target, settings=settings).scenario
    simulate(made)
    put(2.0)
    with clause.raises_at(
        "simulate", InputFileError, f"another {what} under the old name", mentions="changed"
    ):
        simulate(made)

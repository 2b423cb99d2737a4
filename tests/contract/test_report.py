"""The report: pictures, report.md and the run folder say what metrics.json says, and nothing else."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from ptyspec.contracts.container import Reconstruction
from ptyspec.contracts.records import ArrayStats, EpochRecord, History, StageRecord
from ptyspec.contracts.resolve import Layer, Resolved, resolve
from ptyspec.contracts.run import RunResult
from ptyspec.contracts.scan import RawScan
from ptyspec.io.npz import read_npz
from ptyspec.report import answer, canvas, curves, details, maps, measurement, schemas, scores
from ptyspec.report.figures import drawers
from ptyspec.report.markdown import report_text
from ptyspec.report.run_folder import FILES, write_run
from ptyspec.report.text import escape
from ptyspec.report.views import Frame, place, views
from ptyspec.seeds import generator

SIZE, N = 96, 16


def smooth_object(seed: int, phase: bool = True) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    rng = generator(seed, "report test object")
    noise = gaussian_filter(rng.standard_normal((2, SIZE, SIZE)), (0, 2, 2))
    amplitude = 2.7 + 0.6 * noise[0] / noise[0].std()
    return (amplitude * np.exp(1j * (0.4 * noise[1] / noise[1].std() if phase else 0.0))).astype(np.complex64)


def probe() -> np.ndarray:
    y, x = np.mgrid[-N // 2 : N // 2, -N // 2 : N // 2]
    return (np.exp(-(x**2 + y**2) / 18) * np.exp(0.02j * (x**2 - y * x))).astype(np.complex64)


def estimate(truth: np.ndarray, blur: float, factor: float = 1.0) -> Reconstruction:
    """Return the truth blurred and scaled, seen through a window with an uncovered corner."""
    from scipy.ndimage import gaussian_filter

    window = truth[40:90, 4:92]
    soft = gaussian_filter(window.real, blur) + 1j * gaussian_filter(window.imag, blur)
    out = (factor * soft * np.exp(0.7j)).astype(np.complex64)
    out[:6, :10] = np.nan
    coverage = np.full(out.shape, 3.0, np.float32)
    coverage[:6, :10] = 0.01
    return Reconstruction(object=out, coverage=coverage, origin=(4, 40))


def block(scale: float) -> dict[str, Any]:
    """Return a metrics block whose numbers are distinct, so that none can stand in for another."""
    frequency = np.linspace(0.02, 1, 30)
    curve = np.clip(1.1 - frequency / (0.2 + 0.8 * scale), 0, 1)
    ring = {"frequency": frequency.tolist(), "curve": curve.tolist(), "half_bit": (0.17 + 0.3 * (1 - frequency)).tolist(),
            "first_crossing_half": 0.7719 * scale, "last_crossing_half": 0.8}  # fmt: skip
    statistics = {"mean": 2.7 * scale, "median": 2.6, "p05": 1.7, "p95": 3.8}
    return {
        "amplitude": {"mean_ratio": 0.9987 * scale, "least_squares_scalar": 1.001, "pearson_r": 0.9713 * scale,
                      "highpass_pearson_r": 0.8531 * scale, "ssim": 0.9229 * scale, "mae": 0.08, "rmse": 0.11,
                      "max_abs": 0.9, "prediction": statistics, "truth": statistics},
        "phase": {"pearson_r": 0.8117 * scale, "mae": 0.05},
        "complex": {"nrmse": 0.1453 / scale, "correlation_mean_free": 0.93},
        "frc": {"complex": ring, "amplitude": ring},
        "coverage": 0.97, "has_nan": False, "fits_canvas": True,
    }  # fmt: skip


def fake_metrics() -> dict[str, Any]:
    controls = {"trivial": block(0.96), "untrained": block(0.97), "iterative": block(1.01), "flat_start": block(1.003)}
    recorded = {"mae": 1.43, "pearson_r": 0.61}
    extra = {"refined": block(1.004), "controls": controls, "as_recorded": recorded}
    return {"schema_version": 1, **block(1.0), **extra}


def statistics(array: np.ndarray) -> ArrayStats:
    modulus = np.abs(array)
    return ArrayStats(
        shape=array.shape, dtype=str(array.dtype), min=float(np.nanmin(modulus)), max=float(np.nanmax(modulus)),
        mean=float(np.nanmean(modulus)), std=float(np.nanstd(modulus)), energy=float(np.nansum(modulus**2)),
        nan_count=int(np.isnan(modulus).sum()),
    )  # fmt: skip


def stage(name: str, seconds: float, numbers: dict[str, float], **arrays: np.ndarray) -> StageRecord:
    stats = {key: statistics(array) for key, array in arrays.items()}
    return StageRecord(name=name, seconds=seconds, cpu_seconds=seconds, peak_rss_mb=400, arrays=stats, numbers=numbers,
                       flags={"fits_canvas": True} if name == "stitch" else {})  # fmt: skip


def settings(**overrides: Any) -> Resolved:
    given = {"name": "synthetic", "object": {"size": SIZE, "phase": "texture"}, "model": {"N": N}}
    return resolve([Layer("scenario file", given), Layer("command line", overrides)])


def make_run(phase: bool = True, metadata: dict[str, Any] | None = None, **overrides: Any) -> RunResult:
    truth = smooth_object(7, phase)
    rng = generator(7, "report test scan")
    x, y = rng.uniform(12, 84, (2, 120))
    light = probe()
    corners = np.stack([np.rint(y) - N // 2, np.rint(x) - N // 2], 1).astype(int)
    waves = np.stack([light * truth[r : r + N, c : c + N] for r, c in corners])
    frames = np.abs(np.fft.fftshift(np.fft.fft2(waves, norm="ortho"), axes=(1, 2)))
    counts = rng.poisson(frames**2 * 900.0)
    scan = RawScan(
        xcoords=x, ycoords=y, xcoords_start=x, ycoords_start=y, diff3d=np.sqrt(counts) / 30.0, probeGuess=light,
        scan_index=np.zeros(120, int), scale=30.0, objectGuess=truth, metadata=metadata or {}, source="synthetic",
    )  # fmt: skip
    controls = {"trivial": estimate(truth, 5), "untrained": estimate(truth, 3), "iterative": estimate(truth, 0.3),
                "flat_start": estimate(truth, 0.8)}  # fmt: skip
    network, refined = estimate(truth, 1.5), estimate(truth, 0.6)
    epochs = tuple(
        EpochRecord(epoch=i, learning_rate=2e-3 * np.cos(i / 13) ** 2, seconds=1.2, finite=True,
                    metrics={"loss": 0.5 * 0.8**i + 0.01, "val_loss": 0.5 * 0.8**i + 0.02})
        for i in range(1, 21)
    )  # fmt: skip
    stages = (
        stage("simulate", 1.3, {"scale": 30.0}, object=truth, probe=light, X=scan.diff3d),
        stage("split", 0.01, {}),
        stage("normalize", 0.2, {"gain": 0.7342, "scale": 30.0, "a0": 2.7611}, input=scan.diff3d * 0.7342),
        stage("train", 14.2, {}),
        stage("infer", 1.1, {}, patches=network.object),
        stage("stitch", 0.2, {}, object=network.object),
    )
    return RunResult(
        resolved=settings(**overrides), scan=scan, reconstruction=network, refined=refined, controls=controls,
        metrics=fake_metrics(), history=History(monitor="val_loss", best_epoch=18, epochs=epochs), stages=stages,
        environment={"schema_version": 1, "versions": {"python": "3.11", "ptyspec": "0.1.0"}, "threads": {"intra": 2}},
    )  # fmt: skip


def without_truth(result: RunResult) -> RunResult:
    """Return the same run as if measured: no object known, scores in the data domain."""

    def data(value: float) -> dict[str, Any]:
        unknown = {"mean_ratio": None, "pearson_r": None, "reason": "no truth"}
        fit = {"r_factor": 0.0912 * value, "poisson_deviance_per_pixel": 1.173 * value}
        raw = {"amplitude_pearson_r": 0.9417 / value, "phase_pearson_r": 0.8621 / value, "nrmse": 0.211}
        return {"amplitude": unknown, "data": fit, "agreement_with_iterative": {"raw": raw}}

    halves = {"network": {"complex": {"half_bit_crossing": 0.4133}}}
    controls = {name: data(2.0) for name in result.controls}
    metrics = {"schema_version": 1, **data(1.0), "half_set_frc": halves, "controls": controls}
    return dataclasses.replace(result, metrics=metrics, refined=None)


@pytest.fixture(scope="module")
def run() -> RunResult:
    return make_run()


@pytest.fixture(scope="module")
def folder(run: RunResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a written run folder; tests only read it."""
    out = tmp_path_factory.mktemp("run")
    write_run(out, run)
    return out


def picture(result: RunResult, name: str) -> Any:
    return drawers(result)[name]()


@pytest.fixture(scope="module")
def drawn(run: RunResult) -> dict[str, Any]:
    return {name: picture(run, name) for name in ("amplitude", "phase")}


def images(figure: Any) -> list[Any]:
    return [axes.images[0] for axes in figure.axes if axes.images]


EVERY_PICTURE = ("amplitude", "phase", "controls", "training", "frc", "coverage", "stages", "diffraction")


@pytest.mark.parametrize("name", EVERY_PICTURE)
def test_every_picture_of_a_run_is_a_png_below_400_kilobytes(folder: Path, name: str) -> None:
    content = (folder / "figures" / f"{name}.png").read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert 5_000 < len(content) < 400_000


@pytest.mark.parametrize("name", ["amplitude", "phase"])
def test_truth_and_reconstruction_share_one_colour_scale(drawn: dict[str, Any], name: str) -> None:
    truth, network = images(drawn[name])[:2]
    assert truth.get_clim() == network.get_clim()


@pytest.mark.parametrize("name", ["amplitude", "phase"])
def test_the_error_scale_is_symmetric_about_zero(drawn: dict[str, Any], name: str) -> None:
    low, high = images(drawn[name])[2].get_clim()
    assert low == -high
    assert high > 0


def test_a_wrong_amplitude_scale_is_seen_because_the_truth_alone_sets_the_colours(run: RunResult) -> None:
    weak = dataclasses.replace(run, reconstruction=estimate(run.scan.objectGuess, 1.5, factor=0.27))
    assert maps.amplitude(views(weak)).limits == maps.amplitude(views(run)).limits


def test_uncovered_pixels_are_masked_in_every_panel(drawn: dict[str, Any]) -> None:
    for image in images(drawn["amplitude"]):
        assert image.get_array().mask[MARGIN_ROW, MARGIN_ROW]
        assert not image.get_array().mask[30, 40]


MARGIN_ROW = 4  # inside the uncovered corner


def test_the_error_panel_shows_network_minus_truth(run: RunResult) -> None:
    seen = views(run)
    error = maps.amplitude(seen).errors["network"]
    expected = np.abs(seen.estimates["network"]) - np.abs(seen.truth)
    np.testing.assert_allclose(error[20:30, 30:40], expected[20:30, 30:40], rtol=0, atol=1e-6)


def test_phases_differ_from_the_truth_by_no_global_phase(run: RunResult) -> None:
    error = maps.phase(views(run)).errors["network"]
    assert abs(np.nanmean(error)) < 0.02  # the reconstruction itself was made with 0.7 rad


def test_a_refined_object_has_a_second_row(run: RunResult, drawn: dict[str, Any]) -> None:
    assert len(images(drawn["amplitude"])) == 6
    assert len(images(picture(dataclasses.replace(run, refined=None), "amplitude"))) == 3


def test_a_zero_phase_object_says_so_in_the_title_of_its_phase_picture() -> None:
    figure = picture(make_run(phase=False), "phase")
    assert "this object has none" in figure.get_suptitle()


def test_without_a_truth_the_picture_shows_network_iterative_and_difference(run: RunResult) -> None:
    figure = picture(without_truth(run), "amplitude")
    titles = [axes.get_title() for axes in figure.axes if axes.images]
    assert titles[0].startswith("network")
    assert titles[1] == "iterative reference"
    assert titles[2].startswith("difference: network − iterative reference")


def test_a_run_without_training_and_ring_correlation_leaves_those_pictures_out(run: RunResult) -> None:
    bare = dataclasses.replace(without_truth(run), history=None)
    assert set(drawers(run)) == set(EVERY_PICTURE)
    assert set(drawers(bare)) == set(EVERY_PICTURE) - {"training", "frc"}


def test_figures_leave_matplotlib_settings_alone(run: RunResult, tmp_path: Path) -> None:
    import matplotlib

    before = dict(matplotlib.rcParams)
    canvas.save(measurement.coverage(run.scan, run.reconstruction), tmp_path / "x.png")
    assert dict(matplotlib.rcParams) == before


def test_the_same_figure_gives_the_same_bytes(run: RunResult, tmp_path: Path) -> None:
    first, second = (canvas.save(curves.training(run.history), tmp_path / f"{i}.png").read_bytes() for i in range(2))
    assert first == second


def test_a_picture_too_rich_for_its_size_keeps_256_colours(tmp_path: Path) -> None:
    from PIL import Image

    figure = canvas.new_figure(12, 10)
    noise = generator(3, "report test noise").random((1000, 1200))
    canvas.image_panel(figure.subplots(), noise, Frame(0, 0, 1200, 1000), cmap="viridis", limits=(0, 1), title="")
    assert Image.open(canvas.save(figure, tmp_path / "x.png")).mode == "P"


def test_a_dollar_sign_in_a_title_is_no_formula(tmp_path: Path) -> None:
    canvas.save(canvas.new_figure(3, 2, r"$\undefined{$"), tmp_path / "x.png")


@pytest.mark.parametrize(
    ("origin", "inside"),
    [
        pytest.param((0, 0), 12, id="overlapping"),
        pytest.param((50, 50), 0, id="disjoint"),
        pytest.param((-3, -3), 1, id="partial"),
    ],
)
def test_placing_an_image_keeps_its_position_in_the_object(origin: tuple[int, int], inside: int) -> None:
    image = np.arange(20.0).reshape(4, 5)
    placed = place(image, origin, Frame(1, 0, 3, 6))
    assert np.isfinite(placed).sum() == inside
    if inside:
        row, column = np.argwhere(np.isfinite(placed))[0]
        assert placed[row, column] == image[row - origin[1], column + 1 - origin[0]]


def test_the_report_holds_the_numbers_of_metrics_json(folder: Path) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    for name, found in scores.blocks(metrics).items():
        row = next(line for line in text.splitlines() if line.replace("**", "").startswith(f"| {scores.NAMES[name]} |"))
        cells = [cell.strip() for cell in row.split("|")[2:-1]]
        assert cells == [scores.shown(scores.lookup(found, s.path), s.digits) for s in scores.WITH_TRUTH]
        assert "–" not in cells


def test_the_answer_comes_first_and_says_why_the_amplitude_can_be_believed(folder: Path) -> None:
    first = (folder / "report.md").read_text(encoding="utf-8").split("## ")[0]
    assert "**The amplitude is right: mean|reconstruction| / mean|truth| = 0.999**" in first
    assert "gain g = 0.7342 reaches the network input alone" in first


def test_a_wrong_ratio_is_called_wrong() -> None:
    result = make_run()
    result.metrics["amplitude"]["mean_ratio"] = 0.271
    text = report_text(result, {}, Path())
    assert "**The amplitude is not right: mean|reconstruction| / mean|truth| = 0.271" in text
    assert "## What is wrong" in text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param({"has_nan": True}, "NaN", id="nan"),
        pytest.param({"fits_canvas": False}, "canvas", id="canvas"),
        pytest.param({"amplitude": {"mean_ratio": 1.0501}}, "1.050", id="ratio"),
    ],
)
def test_a_violation_is_named(change: dict[str, Any], sentence: str) -> None:
    assert scores.violations(block(1.0)) == []
    [found] = scores.violations({**block(1.0), **change})
    assert sentence in found


@pytest.mark.parametrize(
    ("highpass", "said"), [pytest.param(0.5, True, id="worse"), pytest.param(0.9, False, id="better")]
)
def test_a_network_whose_structure_does_not_beat_the_untrained_one_is_called_out(highpass: float, said: bool) -> None:
    result = make_run()
    result.metrics["amplitude"]["highpass_pearson_r"] = highpass
    lines = " ".join(answer.how_to_read(result))
    assert ("is not better than that of the untrained network" in lines) is said


@pytest.mark.parametrize(
    ("deviance", "doubted"), [pytest.param(1.2, False, id="noise"), pytest.param(78.0, True, id="far")]
)
def test_a_fit_far_from_the_noise_is_doubted(deviance: float, doubted: bool) -> None:
    result = without_truth(make_run())
    result.metrics["data"]["poisson_deviance_per_pixel"] = deviance
    assert ("far from the noise" in answer.whether_right(result)) is doubted


def test_pictures_are_linked_relative_to_the_report(folder: Path) -> None:
    text = (folder / "report.md").read_text(encoding="utf-8")
    links = re.findall(r"!\[[^\]]*\]\(([^)]*)\)", text)
    assert sorted(links) == sorted(f"figures/{name}.png" for name in EVERY_PICTURE)
    assert all((folder / link).is_file() for link in links)


HOSTILE = "<script>alert(1)</script> | `x` ![i](http://e.example/a) **b** $x$ [l](j)\n# head"


def test_text_from_a_file_cannot_become_markup() -> None:
    result = make_run(metadata={"warnings": [HOSTILE]}, description=HOSTILE)
    text = report_text(result, {}, Path())
    assert text.count("alert") == 2
    assert "<script" not in text
    assert "](http" not in text
    assert "\n# head" not in text
    assert "**b**" not in text


def test_escaped_text_renders_as_it_was() -> None:
    from markdown_it import MarkdownIt

    html = MarkdownIt("gfm-like", {"linkify": False}).enable("table").render(f"| a |\n| --- |\n| {escape(HOSTILE)} |\n")
    cell = html.split("<td>")[1].split("</td>")[0]
    assert cell.replace("&lt;", "<").replace("&gt;", ">") == HOSTILE.replace("\n", " ")


@pytest.mark.parametrize(
    ("gridsize", "real", "warned"),
    [pytest.param(1, True, True, id="gs1-real"), pytest.param(2, True, False, id="gs2-real"),
     pytest.param(1, False, False, id="gs1-structured")],
)  # fmt: skip
def test_the_twin_ambiguity_is_explained_where_it_exists(gridsize: int, real: bool, warned: bool) -> None:
    result = make_run(model={"gridsize": gridsize})
    light = np.abs(probe()) if real else probe() * np.exp(1j * np.indices((N, N))[0] ** 3 / 300)
    scan = result.scan.model_copy(update={"probeGuess": light.astype(np.complex64)})
    lines = " ".join(details.limits(dataclasses.replace(result, scan=scan)))
    assert ("Twin ambiguity" in lines) is warned


def test_without_a_truth_the_report_scores_in_the_measurement(run: RunResult) -> None:
    text = report_text(without_truth(run), {}, Path())
    assert "No object is known here" in text
    assert "R factor 0.0912" in text
    assert "| **network** | 0.0912 | 1.173 | 0.41 | 0.942 | 0.862 | 0.211 |" in text
    assert "mean ratio" not in text


def test_settings_that_differ_from_the_defaults_are_listed_with_their_source() -> None:
    rows = details.settings(settings(training={"nepochs": 7}))
    assert "| training.nepochs | 7 | 50 | command line |" in rows
    assert "| object.size | 96 | 392 | scenario file |" in rows
    assert not any("learning" in row for row in rows)


def test_the_command_to_run_again_repeats_what_was_set_by_hand() -> None:
    [_, command, *_] = details.reproduce(settings(training={"nepochs": 7}))
    assert command == "ptyspec run synthetic --set training.nepochs=7"


def test_photons_are_counted_in_the_data(run: RunResult) -> None:
    counts = (run.scan.diff3d.astype(float) * run.scan.scale) ** 2
    assert answer.photons(run) == pytest.approx(counts.sum(axis=(1, 2)).mean(), rel=1e-6)


def test_a_run_folder_holds_every_file(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {*FILES, "figures"}


def test_the_objects_on_disk_are_those_of_the_run(folder: Path, run: RunResult) -> None:
    with np.load(folder / "reconstruction.npz", allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["object"], run.reconstruction.object)
        np.testing.assert_array_equal(stored["refined_object"], run.refined.object)
        assert tuple(stored["origin"]) == run.reconstruction.origin
        assert stored["object"].dtype == np.complex64
    with np.load(folder / "controls.npz", allow_pickle=False) as stored:
        np.testing.assert_array_equal(stored["trivial_object"], run.controls["trivial"].object)
        assert len(stored.files) == 3 * len(run.controls)


def test_the_scan_on_disk_reads_back_as_it_was(folder: Path, run: RunResult) -> None:
    scan = read_npz(folder / "scan.npz")
    np.testing.assert_array_equal(scan.diff3d, run.scan.diff3d)
    assert scan.scale == run.scan.scale


def test_stages_and_history_validate_against_their_models(folder: Path, run: RunResult) -> None:
    stages = json.loads((folder / "stages.json").read_text(encoding="utf-8"))
    found = TypeAdapter(tuple[StageRecord, ...]).validate_json(json.dumps(stages["stages"]))
    assert found == run.stages
    assert History.model_validate_json((folder / "history.json").read_text(encoding="utf-8")) == run.history


def test_the_metrics_of_a_run_follow_their_schema(folder: Path) -> None:
    assert schemas.metrics_faults(json.loads((folder / "metrics.json").read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        pytest.param(("amplitude", "ssim"), "0.9", "amplitude.ssim is not a number or null", id="text-for-number"),
        pytest.param(("controls", "trivial"), None, "controls.trivial is missing", id="no-control"),
        pytest.param(("frc", "complex"), None, "frc.complex.curve is missing", id="no-curve"),
        pytest.param(("controls",), None, "controls is missing", id="no-controls"),
    ],
)
def test_metrics_that_break_the_schema_are_named(path: tuple[str, ...], value: Any, fault: str) -> None:
    metrics = fake_metrics()
    *parents, last = path
    node = metrics
    for name in parents:
        node = node[name]
    if value is None:
        del node[last]
    else:
        node[last] = value
    assert fault in schemas.metrics_faults(metrics)


@pytest.mark.parametrize("name", sorted(schemas.schemas()))
def test_the_published_schemas_are_current(name: str) -> None:
    published = Path(__file__).parents[2] / "docs" / "schemas" / name
    assert json.loads(published.read_text(encoding="utf-8")) == json.loads(json.dumps(schemas.schemas()[name]))

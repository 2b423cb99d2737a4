"""A small run with fake scores, for tests of what is made from a run."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ptyspec.checks.verdict import Verdict, verdict_of
from ptyspec.contracts.bundles import RawScan, Reconstruction
from ptyspec.contracts.records import ArrayStats, EpochRecord, History, StageRecord
from ptyspec.contracts.resolve import Layer, Resolved, resolve
from ptyspec.contracts.run import RunResult
from ptyspec.report.pages import report_text, write_pages
from ptyspec.runs.finished_run import FinishedRun, write_run
from ptyspec.seeds import generator

SIZE, N = 96, 16


def smooth_object(seed: int, phase: bool = True) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    rng = generator(seed, "report test object")
    noise = gaussian_filter(rng.standard_normal((2, SIZE, SIZE)), (0, 2, 2))
    amplitude = 2.7 + 0.6 * noise[0] / noise[0].std()
    return (amplitude * np.exp(1j * (0.4 * noise[1] / noise[1].std() if phase else 0.0))).astype(
        np.complex64
    )


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


def block(scale: float, detail: float | None = None) -> dict[str, Any]:
    """Return a metrics block whose numbers are distinct, so that none can stand in for another.

    `detail` is the high-pass r of a baseline, which learned nothing and so has little.
    """
    frequency = np.linspace(0.02, 1, 30)
    curve = np.clip(1.1 - frequency / (0.2 + 0.8 * scale), 0, 1)
    ring = {
        "frequency": frequency.tolist(),
        "curve": curve.tolist(),
        "half_bit": (0.17 + 0.3 * (1 - frequency)).tolist(),
        "first_crossing_half": 0.7719 * scale,
        "last_crossing_half": 0.8,
    }
    statistics = {"mean": 2.574 * scale, "median": 2.6, "p05": 1.7, "p95": 3.8}
    return {
        "amplitude": {
            "mean_ratio": 0.9987 * scale,
            "least_squares_scalar": 1.001,
            "pearson_r": 0.9713 * scale,
            "highpass_pearson_r": 0.8531 * scale if detail is None else detail,
            "ssim": 0.9229 * scale,
            "mae": 0.08,
            "rmse": 0.11,
            "max_abs": 0.9,
            "prediction": statistics,
            "truth": statistics,
        },
        "phase": {"pearson_r": 0.8117 * scale if detail is None else detail + 0.0517, "mae": 0.05},
        "complex": {"nrmse": 0.1453 / scale, "correlation_mean_free": 0.93},
        "frc": {"complex": ring, "amplitude": ring},
        "coverage": 0.97,
        "has_nan": False,
        "fits_canvas": True,
    }


def fake_metrics() -> dict[str, Any]:
    controls = {
        "trivial": block(0.96, 0.1137),
        "untrained": block(0.97, 0.4271),
        "iterative": block(1.01),
        "flat_start": block(1.003),
    }
    recorded = {"mae": 1.43, "pearson_r": 0.61}
    extra = {"refined": block(1.004), "controls": controls, "as_recorded": recorded}
    return {"schema_version": 1, **block(1.0), **extra}


def statistics(array: np.ndarray) -> ArrayStats:
    modulus = np.abs(array)
    return ArrayStats(
        shape=array.shape,
        dtype=str(array.dtype),
        min=float(np.nanmin(modulus)),
        max=float(np.nanmax(modulus)),
        mean=float(np.nanmean(modulus)),
        std=float(np.nanstd(modulus)),
        energy=float(np.nansum(modulus**2)),
        nan_count=int(np.isnan(modulus).sum()),
    )


def stage(
    name: str, seconds: float, numbers: dict[str, float], **arrays: np.ndarray
) -> StageRecord:
    stats = {key: statistics(array) for key, array in arrays.items()}
    return StageRecord(
        name=name,
        seconds=seconds,
        cpu_seconds=seconds,
        peak_rss_mb=400,
        arrays=stats,
        numbers=numbers,
        flags={"fits_canvas": True} if name == "stitch" else {},
    )


def settings(**overrides: Any) -> Resolved:
    given = {"name": "synthetic", "object": {"size": SIZE, "phase": "texture"}, "model": {"N": N}}
    return resolve([Layer("scenario file", given), Layer("command line", overrides)])


def make_run(
    phase: bool = True, metadata: dict[str, Any] | None = None, **overrides: Any
) -> RunResult:
    truth = smooth_object(7, phase)
    rng = generator(7, "report test scan")
    x, y = rng.uniform(12, 84, (2, 120))
    light = probe()
    corners = np.stack([np.rint(y) - N // 2, np.rint(x) - N // 2], 1).astype(int)
    waves = np.stack([light * truth[r : r + N, c : c + N] for r, c in corners])
    frames = np.abs(np.fft.fftshift(np.fft.fft2(waves, norm="ortho"), axes=(1, 2)))
    counts = rng.poisson(frames**2 * 900.0)
    scan = RawScan(
        xcoords=x,
        ycoords=y,
        xcoords_start=x,
        ycoords_start=y,
        diff3d=np.sqrt(counts) / 30.0,
        probeGuess=light,
        scan_index=np.zeros(120, int),
        scale=30.0,
        objectGuess=truth,
        metadata=metadata or {},
        source="synthetic",
    )
    controls = {
        "trivial": estimate(truth, 5),
        "untrained": estimate(truth, 3),
        "iterative": estimate(truth, 0.3),
        "flat_start": estimate(truth, 0.8),
    }
    network, refined = estimate(truth, 1.5), estimate(truth, 0.6)
    epochs = tuple(
        EpochRecord(
            epoch=i,
            learning_rate=2e-3 * np.cos(i / 13) ** 2,
            seconds=1.2,
            finite=True,
            metrics={"loss": 0.5 * 0.8**i + 0.01, "val_loss": 0.5 * 0.8**i + 0.02},
        )
        for i in range(1, 21)
    )
    stages = (
        stage("simulate", 1.3, {"scale": 30.0}, object=truth, probe=light, X=scan.diff3d),
        stage("split", 0.01, {}),
        stage(
            "normalize",
            0.2,
            {
                "gain": 0.7342,
                "scale": 30.0,
                "a0": 2.7611,
                "required_canvas": 16.0,
                "padded_size": 16.0,
            },
            input=scan.diff3d * 0.7342,
        ),
        stage("train", 14.2, {}),
        stage("infer", 1.1, {}, patches=network.object),
        stage("stitch", 0.2, {}, object=network.object),
    )
    return RunResult(
        resolved=settings(**overrides),
        scan=scan,
        reconstruction=network,
        refined=refined,
        controls=controls,
        metrics=fake_metrics(),
        history=History(monitor="val_loss", best_epoch=18, epochs=epochs),
        stages=stages,
        environment={
            "schema_version": 1,
            "versions": {"python": "3.11", "ptyspec": "0.1.0"},
            "threads": {"intra": 2},
        },
    )


def without_truth(result: RunResult) -> RunResult:
    """Return the same run as if measured: no object known, scores in the data domain."""

    def data(value: float) -> dict[str, Any]:
        fit = {
            "r_factor": 0.0912 * value,
            "r_squared": 0.0017 * value,
            "poisson_deviance_per_pixel": 1.173 * value,
        }
        raw = {
            "amplitude_pearson_r": 0.9417 / value,
            "phase_pearson_r": 0.8621 / value,
            "nrmse": 0.211,
        }
        agreement = {"raw": raw, "highpass_pearson_r": 0.9137 / value}
        return {"data": fit, "agreement_with_iterative": agreement}

    halves = {
        "network": {"complex": {"half_bit_crossing": 0.4133}},
        "iterative": {"complex": {"half_bit_crossing": 0.8177}},
    }
    values = {"trivial": 2.0, "untrained": 1.9, "iterative": 0.9, "flat_start": 1.1}
    controls = {name: data(values[name]) for name in result.controls}
    metrics = {"schema_version": 1, **data(1.0), "half_set_frc": halves, "controls": controls}
    scan = result.scan.model_copy(update={"objectGuess": None})
    return dataclasses.replace(result, metrics=metrics, refined=None, scan=scan)


def judged(result: RunResult) -> Verdict:
    """Return the verdict of a run that is in memory, by way of a folder."""
    with TemporaryDirectory() as folder:
        write_run(Path(folder), result)
        verdict = verdict_of(FinishedRun(Path(folder)))
        return Verdict.model_validate_json(verdict.model_dump_json().replace(folder, "RUN"))


def report_of(result: RunResult, folder: Path = Path()) -> str:
    """Return the report of a run that is in memory, without pictures."""
    return report_text(result, judged(result), {}, folder)


@cache
def one_run() -> RunResult:
    return make_run()


@cache
def written_run(base: Path) -> Path:
    """Return a written run folder below `base`, made if it is not there; all tests only read it."""
    out, partial = base / "one run", base / "one run, partial"
    if not out.exists():
        partial.mkdir(exist_ok=True)
        write_run(partial, one_run())
        write_pages(partial)
        partial.rename(out)
    return out

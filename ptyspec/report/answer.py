"""The first thing a reader wants: what was reconstructed, whether the amplitude is right, and against what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ptyspec.contracts.run import RunResult
from ptyspec.render.table import markdown_table, show
from ptyspec.render.text import escape
from ptyspec.scores import headline as scores

TRIVIAL_RANGE = "0.86 to 0.90"
"""Amplitude correlation of the trivial estimator on lines objects, measured (design, section 7)."""
FAR_FROM_NOISE = 3.0
"""Poisson deviance a pixel above which counting noise no longer explains what is left."""


def answer(result: RunResult) -> list[str]:
    """Return the two sentences at the top of the report."""
    return [f"{what_was_made(result)} {whether_right(result)}"]


def what_was_made(result: RunResult) -> str:
    """Return the sentence that names the data and the reconstructed area."""
    scenario, scan = result.resolved.scenario, result.scan
    held_out = {
        "spatial": "the held-out part (by position) of ",
        "random": "the held-out frames of ",
        "image": "the images that were held out, ",
        "none": "",
    }
    origin = "measured" if scenario.measured else "simulated"
    source = (
        f"file {escape(scenario.scan.path)}"
        if scenario.measured
        else f"scenario {escape(scenario.name)}"
    )
    covered = int(np.isfinite(result.reconstruction.object).sum())
    return (
        f"The network ({escape(scenario.model.architecture)}, gridsize {scenario.model.gridsize}) reconstructed "
        f"{covered:,} pixels of the complex object from {held_out[scenario.split.kind]}{scan.size:,} {origin} "
        f"diffraction patterns of {scan.N} x {scan.N} pixels ({source}, {photons(result):.3g} photons a frame)."
    )


def photons(result: RunResult) -> float:
    """Return the mean number of photons a frame, counted in the data."""
    scan = result.scan
    energy = sum(
        float(np.einsum("ij,ij->", frame, frame, dtype=np.float64)) for frame in scan.diff3d
    )
    return energy * scan.scale**2 / scan.size


def whether_right(result: RunResult) -> str:
    """Return the sentence on the amplitude: the ratio and why it can be believed, or what stands in for it."""
    metrics = result.metrics
    ratio = scores.lookup(metrics, "amplitude.mean_ratio")
    if ratio is None:
        return _without_truth(result)
    low, high = scores.RATIO_LIMITS
    if low <= ratio <= high:
        gain = numbers(result).get("gain")
        aside = "" if gain is None else f" = {show(gain)}"
        return (
            f"**The amplitude is right: mean|reconstruction| / mean|truth| = {ratio:.3f}**, and this can be believed "
            f"because nothing was rescaled before scoring: the counts, the scale s = {show(result.scan.scale)} "
            f"stored with them and the known probe fix the amplitude, while the gain g{aside} reaches the network "
            "input alone."
        )
    return (
        f"**The amplitude is not right: mean|reconstruction| / mean|truth| = {ratio:.3f}, outside {low} to {high}**; "
        "nothing was rescaled before scoring, so look in the stage table for the first mean that is off."
    )


def numbers(result: RunResult) -> dict[str, float]:
    """Return the scalars that stages recorded (gain, scale, a0), the first mention of each."""
    found: dict[str, float] = {}
    for stage in result.stages:
        for key, value in stage.numbers.items():
            found.setdefault(key, value)
    return found


def _without_truth(result: RunResult) -> str:
    row = scores.headline(result.metrics, scores.WITHOUT_TRUTH)
    return (
        "**No object is known here, so the amplitude can only be judged in the measurement**: the reconstruction "
        f"predicts the patterns with R factor {scores.shown(row['r_factor'], 4)} and Poisson deviance "
        f"{scores.shown(row['deviance'])} a pixel, and its amplitude correlates "
        f"{scores.shown(row['agreement_amplitude'])} with the iterative reference's{_far(row['deviance'])}."
    )


def _far(deviance: float | None) -> str:
    if deviance is None or deviance <= FAR_FROM_NOISE:
        return ""
    return (
        "; **that is far from the noise, which leaves about 1: doubt the probe, the declared measurement, the scale or "
        "the positions before the network**"
    )


def score_table(result: RunResult) -> list[str]:
    """Return the table of headline scores, one estimator a row."""
    wanted = scores.columns(result.metrics)
    rows = []
    for name, block in scores.blocks(result.metrics).items():
        label = escape(scores.NAMES.get(name, name))
        cells = [scores.shown(scores.lookup(block, score.path), score.digits) for score in wanted]
        rows.append([f"**{label}**" if name == "network" else label, *cells])
    return markdown_table(["", *(score.label for score in wanted)], rows)


def how_to_read(result: RunResult) -> list[str]:
    """Return what each score can and cannot say, with this run's own controls."""
    found = scores.blocks(result.metrics)
    if not scores.has_truth(result.metrics):
        lines = [
            "- R factor: Σ|A_predicted − A_measured| / ΣA_measured; a lower one is better until it fits the noise.",
            "- Poisson deviance: about 1 a pixel for a perfect prediction of bright pixels, less where counts are few.",
            "- Agreement is with the iterative reference, an independent algorithm on the same data: not a truth.",
        ]
        beaten = _not_better(found, path="data.r_factor", label="R factor", higher=False)
        return [*beaten, *lines, *_reasons(result)]
    trivial = scores.lookup(found.get("trivial", {}), "amplitude.pearson_r")
    here = "" if trivial is None else f" ({trivial:.3f} here)"
    lines = [
        "- Mean ratio: mean|reconstruction| / mean|truth| on covered pixels. It is never rescaled; 1 is right.",
        (
            f"- Amplitude r alone proves little: the trivial estimator, which paints each patch with one constant, reaches "
            f"{TRIVIAL_RANGE} on lines objects{here}. Look at high-pass r and SSIM instead, and at the row of the "
            "untrained network for what training added."
        ),
        (
            "- Complex NRMSE includes the phase (0 is perfect). FRC50: the spatial frequency, as a part of Nyquist, where "
            "the ring correlation first falls below 0.5; the last crossing is in metrics.json."
        ),
        "- A refined result counts only against the same number of sweeps from a flat start.",
    ]
    beaten = _not_better(
        found, path="amplitude.highpass_pearson_r", label="high-pass r", higher=True
    )
    return [*beaten, *lines, *_cheaper(found), *_reasons(result)]


def _not_better(
    found: Mapping[str, Mapping[str, Any]], *, path: str, label: str, higher: bool
) -> list[str]:
    """Name the controls without learning that the network does not beat in the score that shows structure."""
    mine = scores.lookup(found["network"], path)
    lines = []
    for name in ("trivial", "untrained"):
        other = scores.lookup(found.get(name, {}), path)
        if mine is not None and other is not None and (mine <= other if higher else mine >= other):
            lines.append(
                f"- **The network's {label}, {mine:.3f}, is not better than that of the {scores.NAMES[name]}, {other:.3f}.** "
                "Do not trust its structure; the limits below may say why."
            )
    return lines


def _cheaper(found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    network, iterative = (
        scores.lookup(found.get(name, {}), "complex.nrmse") for name in ("network", "iterative")
    )
    if network is None or iterative is None or iterative >= network:
        return []
    return [
        (
            "- The iterative reference is better here than the network. That is usual for one scan: the network pays "
            "where one training serves many scans, or as the start of a refinement."
        )
    ]


def _reasons(result: RunResult) -> list[str]:
    """Return why scores of the network's result are missing; a missing truth was said already."""
    lines = []
    for part, content in result.metrics.items():
        reason = content.get("reason") if isinstance(content, Mapping) else None
        if reason and (part != "amplitude" or scores.has_truth(result.metrics)):
            lines.append(f"- Not evaluated, {escape(part)}: {escape(reason)}.")
    return lines

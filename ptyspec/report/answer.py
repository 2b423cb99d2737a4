"""The first thing a reader wants: what was reconstructed, what it is worth, and against what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ptyspec.checks.verdict import Verdict
from ptyspec.contracts.bundles import Array, RawScan
from ptyspec.contracts.run import RunResult
from ptyspec.render.table import Mark, Table
from ptyspec.render.text import escape
from ptyspec.scores import headline as scores

TRIVIAL_RANGE = "0.86 to 0.90"
"""Amplitude correlation of the trivial baseline on lines objects, measured (SCORE-009)."""
HEADS = {
    "right": "The result is right",
    "doubtful": "The result is doubtful",
    "wrong": "The result is wrong",
    "incomplete": "The result cannot be judged",
}


def answer(result: RunResult, verdict: Verdict) -> list[str]:
    """Return the top of the report: the data, the verdict, and what it rests on."""
    clause = f" ({verdict.clause} at stage {verdict.stage})" if verdict.clause else ""
    cause = f" {_sentence(verdict.cause)}" if verdict.cause else ""
    lines = [what_was_made(result), "", f"**{HEADS[verdict.status]}**{clause}."]
    lines[-1] += f"{cause} {_sentence(verdict.sentence)}"
    if verdict.next_step and verdict.status != "right":
        lines += ["", f"Next: `{escape(verdict.next_step)}`"]
    return lines


def broken(verdict: Verdict) -> list[str]:
    """Return one line for each broken clause, the earliest stage first."""
    return [
        f"- **{row.clause}** at {row.stage}: {escape(row.what)}: {escape(row.observed)}; "
        f"expected {escape(row.expected)}."
        for row in verdict.failed
    ]


def doubts(verdict: Verdict) -> list[str]:
    """Return one line for each quantity that lies between its two limits."""
    return [
        f"- {escape(one.what)}: **{escape(one.observed)}**, right would be {escape(one.expected)}"
        f". Limit: {escape(one.source)}."
        for one in verdict.doubts
    ]


def _sentence(text: str) -> str:
    said = escape(text, 1000)
    return f"{said[:1].upper()}{said[1:]}."


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
    source = f"file {escape(scenario.scan.path)}"
    if not scenario.measured:
        source = f"scenario {escape(scenario.name)}"
    covered = int(np.isfinite(result.reconstruction.object).sum())
    return (
        f"The network ({escape(scenario.model.architecture)}, gridsize {scenario.model.gridsize}) "
        f"reconstructed {covered:,} pixels of the complex object from "
        f"{held_out[scenario.split.kind]}{scan.size:,} {origin} diffraction patterns of "
        f"{scan.N} x {scan.N} pixels ({source}, {photons(result):.3g} photons a frame)."
    )


def photons(result: RunResult) -> float:
    """Return the mean number of photons a frame, counted in the data."""
    scan = result.scan
    return float(frame_totals(scan).sum()) / scan.size


def frame_totals(scan: RawScan) -> Array:
    """Return the photons of each frame; one at a time, for a scan may be larger than memory."""
    squares = (np.einsum("ij,ij->", frame, frame, dtype=np.float64) for frame in scan.diff3d)
    return np.fromiter(squares, np.float64, scan.size) * scan.scale**2


def numbers(result: RunResult) -> dict[str, float]:
    """Return the scalars that stages recorded (gain, scale, a0), the first mention of each."""
    return {key: at for stage in reversed(result.stages) for key, at in stage.numbers.items()}


def score_table(metrics: Mapping[str, Any]) -> Table:
    """Return the table of headline scores, one estimator a row, the network first."""
    wanted = scores.columns(metrics)
    rows = []
    for name, block in scores.blocks(metrics).items():
        label = Mark(scores.NAMES.get(name, name), bold=name == "network")
        cells = [scores.shown(scores.lookup(block, score.path), score.digits) for score in wanted]
        rows.append((label, *cells))
    return Table(("", *(score.label for score in wanted)), rows)


def how_to_read(result: RunResult) -> list[str]:
    """Return what each score can and cannot say, with this run's own baselines."""
    blocks = scores.blocks(result.metrics)
    if not scores.has_truth(result.metrics):
        return [
            "- R factor: Σ|A_predicted − A_measured| / ΣA_measured; smaller is better.",
            (
                "- Poisson deviance: about 1 a pixel for a perfect prediction of bright pixels, less where "
                "counts are few."
            ),
            (
                "- Agreement is with the iterative reference, an independent algorithm on the same data. "
                "It is not a truth."
            ),
            *_reasons(result),
        ]
    trivial = scores.lookup(blocks.get("trivial", {}), "amplitude.pearson_r")
    here = "" if trivial is None else f" ({trivial:.3f} here)"
    lines = [
        "- Mean ratio: mean|reconstruction| / mean|truth| on covered pixels; 1 is right.",
        (
            "- Amplitude r alone proves little: the trivial baseline, which paints each patch with one "
            f"constant, reaches {TRIVIAL_RANGE} on lines objects{here}. Look at high-pass r and SSIM, "
            "and at the row of the untrained baseline for what training added."
        ),
        (
            "- Complex NRMSE includes the phase (0 is perfect). FRC50: the spatial frequency, as a part "
            "of Nyquist, where the ring correlation first falls below 0.5; the last crossing is in "
            "metrics.json."
        ),
        "- A refined result counts only against the same number of sweeps from a flat start.",
    ]
    best = scores.lookup(blocks.get("iterative", {}), "complex.nrmse")
    mine = scores.lookup(blocks["network"], "complex.nrmse")
    if mine is not None and best is not None and best < mine:
        lines.append(
            f"- The iterative reference is better here than the network: complex NRMSE {best:.3f} "
            f"against {mine:.3f}."
        )
    return lines + _reasons(result)


def _reasons(result: RunResult) -> list[str]:
    """Return why scores of the network's result are missing."""
    wanted = [
        key for key in result.metrics if key != "amplitude" or scores.has_truth(result.metrics)
    ]
    parts = {key: result.metrics[key] for key in wanted}
    reasons = {key: at.get("reason") for key, at in parts.items() if isinstance(at, Mapping)}
    return [f"- Not evaluated, {escape(key)}: {escape(at)}." for key, at in reasons.items() if at]

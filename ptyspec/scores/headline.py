"""Which scores a reader sees first, and where metrics.json keeps them: a result is never shown without its controls."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NAMES = {
    "network": "network",
    "refined": "network + sweeps",
    "trivial": "trivial baseline",
    "untrained": "untrained baseline",
    "iterative": "iterative reference",
    "flat_start": "flat start, same sweeps",
}
"""Estimators in the order of every table and figure, with the words a reader sees."""


@dataclass(frozen=True)
class Score:
    """One column of the score table; `path` is the dotted place in a metrics block, `short` the label in a title."""

    key: str
    label: str
    path: str
    digits: int = 3
    short: str = ""


WITH_TRUTH = (
    Score("mean_ratio", "mean ratio", "amplitude.mean_ratio", short="ratio"),
    Score("amplitude_r", "amplitude r", "amplitude.pearson_r", short="r"),
    Score("highpass_r", "high-pass r", "amplitude.highpass_pearson_r"),
    Score("ssim", "SSIM", "amplitude.ssim"),
    Score("phase_r", "phase r", "phase.pearson_r"),
    Score("nrmse", "complex NRMSE", "complex.nrmse"),
    Score("frc50", "FRC50", "frc.complex.first_crossing_half", 2),
)

WITHOUT_TRUTH = (
    Score("r_factor", "R factor", "data.r_factor", 4),
    Score("deviance", "Poisson deviance / pixel", "data.poisson_deviance_per_pixel"),
    Score("half_set_frc", "half-set FRC (half-bit)", "half_set_frc.complex.half_bit_crossing", 2),
    Score(
        "agreement_amplitude",
        "amplitude r with iterative",
        "agreement_with_iterative.raw.amplitude_pearson_r",
        short="r to iterative",
    ),
    Score(
        "agreement_phase",
        "phase r with iterative",
        "agreement_with_iterative.raw.phase_pearson_r",
        short="phase r to iterative",
    ),
    Score("agreement_nrmse", "complex NRMSE to iterative", "agreement_with_iterative.raw.nrmse"),
)


def lookup(block: Mapping[str, Any], path: str) -> float | None:
    """Return the finite number at a dotted path, or None where it is absent, null or not a finite number."""
    node: Any = block
    for part in path.split("."):
        node = node.get(part) if isinstance(node, Mapping) else None
    if isinstance(node, bool) or not isinstance(node, (int, float)) or not math.isfinite(node):
        return None
    return float(node)


def blocks(metrics: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the metrics block of every estimator present, in the order of NAMES and then by name.

    Half-set ring correlations, which metrics.json keeps by estimator in one place, are put into each one's block.
    """
    found: dict[str, Mapping[str, Any]] = {"network": metrics}
    refined = metrics.get("refined")
    if isinstance(refined, Mapping):
        found["refined"] = refined
    found.update(metrics.get("controls") or {})
    halves = metrics.get("half_set_frc") or {}
    order = [*NAMES, *sorted(set(found) - set(NAMES))]
    return {
        name: {**found[name], "half_set_frc": halves.get(name) or {}}
        for name in order
        if name in found
    }


def has_truth(metrics: Mapping[str, Any]) -> bool:
    """Return whether the run was scored against a known object."""
    return lookup(metrics, "amplitude.mean_ratio") is not None


def columns(metrics: Mapping[str, Any]) -> tuple[Score, ...]:
    """Return the scores that this run can have."""
    return WITH_TRUTH if has_truth(metrics) else WITHOUT_TRUTH


def headlines(metrics: Mapping[str, Any]) -> dict[str, dict[str, float | None]]:
    """Return the headline scores of every estimator of a run."""
    wanted = columns(metrics)
    return {
        name: {score.key: lookup(block, score.path) for score in wanted}
        for name, block in blocks(metrics).items()
    }


def shown(value: float | None, digits: int = 3) -> str:
    """Return a score as text; a dash where there is none."""
    return "–" if value is None else f"{value:.{digits}f}"


def title_scores(block: Mapping[str, Any], *keys: str) -> str:
    """Return a short line such as `ratio 0.998 · r 0.990`, leaving out what was not scored."""
    parts = []
    for score in (*WITH_TRUTH, *WITHOUT_TRUTH):
        value = lookup(block, score.path)
        if score.key in keys and value is not None:
            parts.append(f"{score.short or score.label} {shown(value, score.digits)}")
    return " · ".join(parts)


def alarming(flag: str, value: bool) -> bool:
    """Return whether a stage's yes-or-no fact says that something went wrong."""
    return value if flag.startswith("has_") else not value

"""The investigation's runs, as recorded: gain of the loader, least-squares scalar, and the chain of stage ratios."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RecordedRun:
    """A run of which gain and least-squares scalar were recorded; several scalars where reports differ."""

    gain: float
    scalars: tuple[float, ...]
    scenario: str


RUNS = {
    "gs1_custom, 5 epochs": RecordedRun(0.2720, (3.746,), "gs1_custom"),
    "dose_legacy_gs2, 5 epochs": RecordedRun(0.2733, (3.902,), "dose_experiments"),
    "gs2_ideal, 30 epochs": RecordedRun(0.5774, (1.797,), "gs2_ideal"),
    "gs2_ideal, 5 epochs": RecordedRun(0.577, (1.91, 2.017, 2.06), "gs2_ideal"),
    "gs1_ideal, 5 epochs": RecordedRun(0.560, (1.71, 1.878), "gs1_ideal"),
}
"""Facts 0.1; the summary's 1.85 for gs1_custom is contradicted by that run's own record, 3.746."""


def recorded_products() -> dict[str, dict[str, float]]:
    """Return gain, smallest and largest scalar, and their products with the gain, by run: 1 where scalar = 1 / gain."""
    return {
        name: {
            "gain": run.gain,
            "least": min(run.scalars),
            "most": max(run.scalars),
            "least_times_gain": min(run.scalars) * run.gain,
            "most_times_gain": max(run.scalars) * run.gain,
        }
        for name, run in RUNS.items()
    }


def recorded_scalars(scenario: str) -> dict[str, float]:
    """Return the recorded least-squares scalars of a scenario, by a name that says which run they are of."""
    return {
        f"recorded {value:g} ({name})": value
        for name, run in RUNS.items()
        if run.scenario == scenario
        for value in run.scalars
    }


@dataclass(frozen=True)
class RecordedChain:
    """Adjacent ratios of stage means as recorded, raw to truth (the last is truth over prediction), and their product."""

    ratios: tuple[float, ...]
    product: float
    raw: float
    truth: float = 2.7082


CHAINS = {
    "gs2_ideal": RecordedChain((1.010, 0.577, 4.723, 6.739), 18.571, 0.1458),
    "dose_legacy_gs2": RecordedChain((1.011, 0.273, 0.277, 26.024), 1.986, 1.363),
}
"""Facts 0.4 and 5.2, to the recorded digits."""


def recorded_chains() -> dict[str, dict[str, float]]:
    """Return each recorded product beside the product of its ratios, the same for twice the prediction, and truth / raw."""
    found = {}
    for name, chain in CHAINS.items():
        *first, before, last = chain.ratios
        rest = 1.0
        for ratio in first:
            rest *= ratio
        found[name] = {
            "recorded": chain.product,
            "product_of_ratios": rest * before * last,
            "prediction_doubled": rest * (2 * before) * (last / 2),
            "truth_over_raw": chain.truth / chain.raw,
        }
    return found

"""GOOD and BAD from what the user says: words of a variant, or the folder of a finished run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ptyspec.errors import ConfigError
from ptyspec.experiments.variant import Variant, variant
from ptyspec.runs.finished_run import SCENARIO_FILE, FinishedRun


def side(words: str, *, profile: str | None, seed: int | None, settings: Sequence[str]) -> Variant:
    """Return the variant; profile, seed and settings are for words, and a run has its own.

    Raises what `variant` and reading a run raise.
    """
    folder = Path(words).expanduser()
    if not folder.is_dir():
        return variant(words, profile=profile, seed=seed, settings=settings)
    run = FinishedRun(folder.resolve())
    return Variant(run.resolved, tuple(sorted(run.environment.get("faults", ()))))


def sides(
    good: str, bad: str, *, profile: str | None, seed: int | None, settings: Sequence[str]
) -> tuple[Variant, Variant]:
    """Return both; raises ConfigError for options that neither of two runs would take."""
    both = all((Path(words).expanduser() / SCENARIO_FILE).is_file() for words in (good, bad))
    if both and (profile is not None or seed is not None or settings):
        raise ConfigError(
            "finished runs have a profile, seeds and settings of their own",
            value=f"{good} {bad}",
            source="--profile, --seed, --set",
            next_step="leave these options out",
        )
    first = side(good, profile=profile, seed=seed, settings=settings)
    return first, side(bad, profile=profile, seed=seed, settings=settings)

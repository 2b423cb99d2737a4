"""One side of an experiment: a run as it is meant, with the faults of the catalogue."""

from __future__ import annotations

from ptyspec.faults import catalogue
from ptyspec.runs.run_spec import Options, RunSpec, run_spec


def variant(words: str, **options: object) -> RunSpec:
    """Return what `TARGET[:OPTION,...]` means; `options` are those of `runs.run_spec.Options`."""
    return run_spec(words, Options(**options), faults=catalogue.names())  # type: ignore[arg-type]

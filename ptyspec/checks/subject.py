"""What can be audited: a scenario, a finished run, a snapshot, or a profile of the legacy dictionary."""

from __future__ import annotations

from collections.abc import Sequence

from ptyspec.runs.run_spec import Options, RunSpec, run_spec, run_specs
from ptyspec.runs.store import RunStore


def subject(target: str, words: Options | None = None, store: RunStore | None = None) -> RunSpec:
    """Return the subject that `target` names: what `run_spec` takes, `legacy:PROFILE`, or `FILE.json[#NAME]`."""
    return run_spec(target, words, readers=READERS, store=store)


def subjects(
    targets: Sequence[str], words: Options | None = None, store: RunStore | None = None
) -> list[RunSpec]:
    """Return all of them, under names that differ."""
    return run_specs(targets, words, readers=READERS, store=store or RunStore())


def _legacy(target: str) -> RunSpec:
    from ptyspec.checks.legacy_subject import legacy_subject

    return legacy_subject(target)


def _snapshot(target: str) -> RunSpec:
    from ptyspec.checks.snapshot import snapshot_subject

    return snapshot_subject(target)


READERS = {"legacy": _legacy, "snapshot": _snapshot}
"""These modules import the names above."""

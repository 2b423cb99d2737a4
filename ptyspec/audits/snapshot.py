"""Settings that somebody wrote to a JSON file: the investigation's snapshot, or a run's scenario.json."""

from __future__ import annotations

from ptyspec.audits.subject import Subject


def snapshot_subject(target: str) -> Subject:
    """Return what `FILE.json` or `FILE.json#NAME` means."""
    raise NotImplementedError(target)

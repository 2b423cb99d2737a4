"""A profile of the legacy dictionary as a subject."""

from __future__ import annotations

from ptyspec.audits.subject import Subject


def legacy_subject(target: str) -> Subject:
    """Return what `legacy:main`, `legacy:dose` or `legacy:dose:mae` means."""
    raise NotImplementedError(target)

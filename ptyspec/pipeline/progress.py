"""What a running pipeline tells whoever watches it."""

from __future__ import annotations

from typing import Protocol

from ptyspec.contracts.records import EpochRecord, StageRecord


class Progress(Protocol):
    """Receives events; a terminal, a test or nobody may be listening."""

    def stage_started(self, name: str) -> None:
        """A stage begins."""

    def stage_finished(self, record: StageRecord) -> None:
        """A stage ended."""

    def message(self, text: str) -> None:
        """Something that the user should know while waiting."""

    def step(self, done: int, total: int, note: str = "") -> None:
        """Part of the current stage is done (batches, sweeps); `note` is a short text such as the loss."""

    def epoch(self, record: EpochRecord, total: int) -> None:
        """A training epoch ended."""


class Silent:
    """A Progress that nobody watches."""

    def stage_started(self, name: str) -> None:
        """Ignore."""

    def stage_finished(self, record: StageRecord) -> None:
        """Ignore."""

    def message(self, text: str) -> None:
        """Ignore."""

    def step(self, done: int, total: int, note: str = "") -> None:
        """Ignore."""

    def epoch(self, record: EpochRecord, total: int) -> None:
        """Ignore."""

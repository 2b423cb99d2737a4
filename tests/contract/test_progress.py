"""Progress is a line that is redrawn on a terminal and a few plain lines elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from ptyspec.cli.progress import RichProgress
from ptyspec.contracts.records import EpochRecord, StageRecord


def stage_record(seconds: float, **flags: bool) -> StageRecord:
    return StageRecord(
        name="train",
        seconds=seconds,
        cpu_seconds=0,
        peak_rss_mb=1,
        numbers={"gain": 0.7342},
        flags=flags,
    )


def watched(
    *, terminal: bool, clock: list[float], monkeypatch: pytest.MonkeyPatch
) -> tuple[RichProgress, io.StringIO]:
    monkeypatch.setattr("ptyspec.cli.progress.time.monotonic", lambda: clock[0])
    text = io.StringIO()
    return RichProgress(Console(file=text, force_terminal=terminal, width=100)), text


def train(progress: RichProgress, clock: list[float], epochs: int) -> None:
    with progress:
        progress.stage_started("train")
        for epoch in range(1, epochs + 1):
            clock[0] += 1.0
            values = {"loss": 0.5 / epoch, "val_loss": 0.6 / epoch}
            progress.epoch(
                EpochRecord(
                    epoch=epoch, learning_rate=1e-3, seconds=1, finite=True, metrics=values
                ),
                epochs,
            )
        progress.stage_finished(stage_record(epochs))


@pytest.mark.clause("RUN-009")
def test_without_a_terminal_progress_is_a_few_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    progress, text = watched(terminal=False, clock=clock, monkeypatch=monkeypatch)
    train(progress, clock, 50)
    lines = text.getvalue().splitlines()
    assert len(lines) == 5  # at 15, 30 and 45 seconds, the last epoch, the stage
    assert "\x1b" not in text.getvalue()
    assert "epoch 15/50" in lines[0]
    assert "about 35 s left" in lines[0]
    assert "gain 0.7342" in lines[-1]


@pytest.mark.clause("RUN-009")
def test_on_a_terminal_a_long_stage_shows_how_far_it_is_with_its_losses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    progress, text = watched(terminal=True, clock=clock, monkeypatch=monkeypatch)
    train(progress, clock, 5)
    assert "\x1b" in text.getvalue()
    assert "val_loss 0.12" in text.getvalue()


def test_a_stage_below_two_seconds_shows_nothing_before_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = [0.0]
    progress, text = watched(terminal=True, clock=clock, monkeypatch=monkeypatch)
    with progress:
        progress.stage_started("train")
        clock[0] = 1.9
        progress.step(1, 2)
        progress.stage_finished(stage_record(1.9, fits_canvas=False))
    assert text.getvalue().splitlines() == [
        "train           1.90 s  gain 0.7342  fits_canvas: False"
    ]


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    from ptyspec.cli.output import stdout

    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert stdout().no_color


@pytest.mark.clause("RUN-009")
@pytest.mark.parametrize("terminal", [True, False], ids=["terminal", "plain"])
def test_a_job_of_several_runs_shows_what_it_is_at(
    monkeypatch: pytest.MonkeyPatch, terminal: bool
) -> None:
    clock = [0.0]
    progress, text = watched(terminal=terminal, clock=clock, monkeypatch=monkeypatch)
    with progress:
        progress.whole(3, 12, "canvas")
        progress.stage_started("train")
        progress.stage_finished(stage_record(0.5))
        shown = text.getvalue()
    assert "canvas" in shown
    assert "3/12" in shown
    assert "gain 0.7342" in shown
    assert progress._status is None

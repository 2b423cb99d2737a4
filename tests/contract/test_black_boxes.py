"""Black boxes that answer with garbage: each is noticed by the clause that says so, and nothing is green for it."""

from __future__ import annotations

import importlib
import random
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ptyspec.checks.answers import placed
from ptyspec.checks.box import SMALL, Box, box_of
from ptyspec.checks.clause_check import DOORS
from ptyspec.checks.judge import judge, outputs_of, registered
from ptyspec.errors import ConfigError
from ptyspec.front.results import check
from ptyspec.physics.coarse import trivial_estimate
from ptyspec.pipeline.box import Scan, raw_of
from ptyspec.spec.finding import Finding, State

Answering = Callable[[Scan, Mapping[str, Any]], Any]


def estimate(scan: Scan) -> tuple[Any, Any]:
    """An answer that costs nothing."""
    made = trivial_estimate(raw_of(scan))
    return made.object, made.origin


def told(answer: Answering, *clauses: str) -> list[Finding]:
    return judge(box_of(answer, SMALL), set(clauses) or None)


def raising(error: BaseException) -> Answering:
    def answer(scan: Scan, settings: Mapping[str, Any]) -> Any:
        raise error

    return answer


NO_ANSWER: dict[str, tuple[Answering, State, str]] = {
    "crash": (raising(ZeroDivisionError("boom")), State.ERROR, "ZeroDivisionError: boom"),
    "no-memory": (raising(MemoryError("canvas")), State.ERROR, "MemoryError: canvas"),
    "end-of-program": (raising(SystemExit(3)), State.ERROR, "ended the program: exit 3"),
    "nothing": (lambda scan, settings: None, State.FAILED, "None"),
    "no-origin": (lambda scan, settings: estimate(scan)[0], State.FAILED, "ndarray of "),
    "stack": (lambda scan, settings: (estimate(scan)[0][None], (0, 0)), State.FAILED, "(1, "),
    "empty": (lambda scan, settings: (np.zeros((0, 0)), (0, 0)), State.FAILED, "(0, 0)"),
    "text": (lambda scan, settings: ("object.npy", (0, 0)), State.FAILED, "str"),
    "list": (lambda scan, settings: ([[1j, 1j]], (0, 0)), State.FAILED, "list"),
    "masked": (
        lambda scan, settings: (np.ma.masked_array(estimate(scan)[0], True), (0, 0)),
        State.FAILED,
        "MaskedArray",
    ),
    "origin-is-nan": (
        lambda scan, settings: (estimate(scan)[0], (np.nan, 0)),
        State.FAILED,
        "(nan, 0)",
    ),
    "origin-far-away": (
        lambda scan, settings: (estimate(scan)[0], (1e12, 0)),
        State.FAILED,
        "(1000000000000.0, 0)",
    ),
}


@pytest.mark.parametrize(("answer", "state", "words"), NO_ANSWER.values(), ids=NO_ANSWER)
def test_what_is_no_answer_is_named_once_and_nothing_else_is_reached(
    answer: Answering, state: State, words: str
) -> None:
    first, *others = told(answer)
    assert (first.clause, first.state) == ("RECON-037", state)
    assert words in first.observed
    assert {one.state for one in others} == {State.NOT_REACHED}


def whole(change: Callable[[Any], Any]) -> Answering:
    def answer(scan: Scan, settings: Mapping[str, Any]) -> Any:
        image, place = estimate(scan)
        return change(image), place

    return answer


RED: dict[str, tuple[Answering, set[str]]] = {
    "float16": (whole(lambda image: np.abs(image).astype(np.float16)), {"RECON-037"}),
    "objects-of-python": (whole(lambda image: image.astype(object)), {"RECON-037"}),
    "all-nan": (
        whole(lambda image: image * np.nan),
        {"RECON-001", "RECON-028", "RECON-029", "RECON-038"},
    ),
    "zero": (whole(np.zeros_like), {"RECON-001", "RECON-021", "RECON-029"}),
    "infinite": (whole(lambda image: np.full_like(image, np.inf)), {"RECON-001", "RECON-038"}),
    "three-pixels": (
        lambda scan, settings: (np.zeros((3, 3), complex), (0, 0)),
        {"RECON-001", "RECON-013", "RECON-023", "RECON-038"},
    ),
}


@pytest.mark.parametrize(("answer", "red"), RED.values(), ids=RED)
def test_an_answer_that_is_no_reconstruction_is_red(answer: Answering, red: set[str]) -> None:
    states = {one.clause: one.state for one in told(answer, *red)}
    assert states == dict.fromkeys(red, State.FAILED)


class Claims:
    """It names a seed, and settings with which nothing is learnt, and reads neither."""

    settings = {"seed": 0}  # noqa: RUF012
    seed = "seed"
    untrained = {"sweeps": 0}  # noqa: RUF012

    def reconstruct(self, scan: Scan, settings: Mapping[str, Any]) -> Any:
        return estimate(scan)


def test_what_an_adapter_claims_and_does_not_do_is_red() -> None:
    rows = judge(box_of(Claims(), SMALL), {"RECON-032", "RECON-044"})
    assert {one.clause: one.state for one in rows} == dict.fromkeys(
        ("RECON-032", "RECON-044"), State.FAILED
    )


def test_a_buffer_that_is_handed_out_again_changes_no_answer_before_it() -> None:
    calls: list[Any] = []

    def answer(scan: Scan, settings: Mapping[str, Any]) -> Any:
        image, place = estimate(scan)
        calls.append(image.astype(complex))
        calls[0][:] = image * len(calls)
        return calls[0], place

    rows = told(answer, "RECON-031")
    assert [one.state for one in rows] == [State.FAILED]


def test_what_an_adapter_does_not_claim_is_not_asked() -> None:
    doors = box_of(raising(ZeroDivisionError())).doors
    assert doors == ("box", "watched")
    asked = {one.clause for one in registered() if one.door in doors}
    assert asked.isdisjoint({"RECON-032", "RECON-044", "RECON-045"})
    assert {one.door for one in registered()} == set(DOORS)


def test_a_random_state_that_moves_and_settings_that_change_are_seen() -> None:
    def answer(scan: Scan, settings: Any) -> Any:
        random.random()
        settings["seen"] = True
        return estimate(scan)

    rows = told(answer, "RECON-034", "RECON-035", "RECON-036")
    assert [one.clause for one in rows if one.state is State.FAILED] == ["RECON-034", "RECON-035"]


def test_code_that_was_edited_after_it_was_loaded_is_not_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "edited_box.py"
    file.write_text("def reconstruct(scan, settings):\n    return None\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("edited_box")
    try:
        file.write_text("def reconstruct(scan, settings):\n    return scan\n", encoding="utf-8")
        with pytest.raises(ConfigError, match="edited after it was loaded"):
            check(module.reconstruct)
    finally:
        sys.modules.pop("edited_box", None)


@cache
def scene() -> Box:
    return box_of(raising(ZeroDivisionError()), SMALL)


def test_an_object_between_the_pixels_is_put_back_on_them() -> None:
    """Half a pixel to the right, told by the origin: the image comes back, but for its border."""
    from scipy.ndimage import shift

    truth = scene().truth
    moved = np.empty_like(truth, complex)
    moved.real, moved.imag = (shift(part, (0, -0.5)) for part in (truth.real, truth.imag))
    answer = placed(moved, (0.5, 0), scene().scan)
    assert answer.origin == (1, 0)
    inner = np.abs(answer.image[8:-8, 8:-8] - truth[8:-8, 9:-7])
    assert inner.max() < 0.05 * np.abs(truth).max()


def test_a_scan_is_read_only_and_keeps_its_own_copy() -> None:
    frames = np.ones((2, 4, 4))
    scan = Scan(frames, np.zeros((2, 2)), np.ones((4, 4)), 1.0)
    frames[:] = 7
    assert scan.frames.max() == 1
    with pytest.raises(ValueError, match="read-only"):
        scan.frames[0] = 2
    assert outputs_of(raising(ZeroDivisionError()), None).doors == ("box", "watched")  # type: ignore[arg-type]

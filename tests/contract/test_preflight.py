"""A measured scan is looked at before an hour is spent on it: each kind of mistake is named, and right scans are left alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from ptyspec.checks.box import SMALL, box_of
from ptyspec.checks.preflight import NEXT, preflight
from ptyspec.contracts.bundles import RawScan
from ptyspec.contracts.scenario import ScanSpec
from ptyspec.errors import ConfigError
from ptyspec.pipeline.box import raw_of
from ptyspec.pipeline.boxes import RPIE
from ptyspec.pipeline.mend import EIGHT, mend, turned
from ptyspec.spec.checks import Check

Change = Callable[[RawScan], RawScan]


@cache
def control() -> RawScan:
    """100 frames of 32 x 32 on a grid, 1e6 photons a frame."""
    return raw_of(box_of(RPIE(), SMALL).scan)


def but(**update: Any) -> Change:
    return lambda scan: scan.model_copy(update={key: make(scan) for key, make in update.items()})


def placed(change: Callable[[Any], Any]) -> Change:
    return but(xcoords=lambda s: change(s.xcoords), ycoords=lambda s: change(s.ycoords))


def painted(*where: Any, counts: float) -> Change:
    """Every frame says so many counts there."""

    def change(scan: RawScan) -> RawScan:
        frames = scan.diff3d.copy()
        for place in where:
            frames[(slice(None), *place)] = np.sqrt(counts) / scan.scale
        return scan.model_copy(update={"diff3d": frames})

    return change


def flickering(scan: RawScan) -> RawScan:
    """A hot pixel whose counts follow the frame: 60 times those of a neighbour."""
    frames = scan.diff3d.copy()
    frames[:, 5, 27] = np.maximum(frames[:, 12, 16], 1) * 8
    return scan.model_copy(update={"diff3d": frames})


def scaled(rows: Any, factor: float) -> Change:
    def change(scan: RawScan) -> RawScan:
        frames = scan.diff3d.copy()
        frames[rows] *= np.float32(np.sqrt(factor))
        return scan.model_copy(update={"diff3d": frames})

    return change


def rolled(down: int, right: int) -> Change:
    return but(diff3d=lambda s: np.roll(s.diff3d, (down, right), (1, 2)))


def counted(change: Callable[[Any], Any], scale: float | None = None) -> Change:
    """The scan whose counts are changed; with `scale`, the numbers are taken for amplitudes as they are."""

    def made(scan: RawScan) -> RawScan:
        counts = change(np.rint((scan.diff3d.astype(np.float64) * scan.scale) ** 2))
        frames = np.sqrt(counts) / scan.scale if scale is None else counts
        update = {"diff3d": frames.astype(np.float32), "scale": scale or scan.scale}
        return scan.model_copy(update=update)

    return made


def dim(counts: Any) -> Any:
    return np.random.default_rng(1).binomial(counts.astype(int), 1e-3)


def read_out(scan: RawScan) -> RawScan:
    """Three frames at each place, told as an encoder tells it."""
    scan = scan.take(np.repeat(np.arange(scan.size), 3))
    noise = np.random.default_rng(0).normal(0, 0.005, (2, scan.size))
    x, y = scan.positions.T + noise
    return scan.model_copy(update={"xcoords": x, "ycoords": y})


def fraction(scan: RawScan) -> RawScan:
    """Intensities over their sum, taken for amplitudes."""
    counts = (scan.diff3d * scan.scale) ** 2
    part = counts / counts.sum(axis=(1, 2)).mean()
    return scan.model_copy(update={"diff3d": part.astype(np.float32), "scale": 1.0})


def gap(scan: RawScan) -> RawScan:
    return painted((slice(None), slice(15, 18)), counts=0)(scan)


def covered(scan: RawScan) -> RawScan:
    mask = np.ones((32, 32), bool)
    mask[6:26, 6:26] = False
    return scan.model_copy(update={"mask": mask, "diff3d": scan.diff3d * mask})


def speckled(scan: RawScan) -> RawScan:
    """A probe whose pattern is another one: as wide as the detector."""
    rng = np.random.default_rng(0)
    probe = scan.probeGuess * np.exp(2j * np.pi * rng.random((32, 32)))
    return scan.model_copy(update={"probeGuess": probe.astype(np.complex64)})


PLANTED: dict[str, tuple[str, Change]] = {
    "metres": ("SCAN-001", placed(lambda at: at * 5e-8)),
    "micrometres": ("SCAN-001", placed(lambda at: at * 1e-3)),
    "micrometres-of-50-nm": ("SCAN-001", placed(lambda at: at * 0.05)),
    "nanometres": ("SCAN-001", placed(lambda at: at * 50)),
    "one-place": ("SCAN-001", placed(np.zeros_like)),
    "no-overlap": ("SCAN-002", placed(lambda at: at * 4)),
    "fraction": ("SCAN-003", fraction),
    "counts-as-amplitudes": ("SCAN-003", counted(lambda counts: counts, 1.0)),
    "percent-as-amplitudes": ("SCAN-003", counted(lambda c: 100 * c / c.max(), 3.0)),
    "amplitudes-as-counts": ("SCAN-003", counted(np.sqrt)),
    "dark": ("SCAN-003", but(diff3d=lambda s: s.diff3d * np.float32(1e-3))),
    "marker": ("SCAN-004", painted((slice(None), 20), counts=2.0**31 - 1)),
    "hot": ("SCAN-004", painted((5, 27), (25, 3), counts=3e5)),
    "saturated": ("SCAN-004", counted(lambda c: np.minimum(c, 0.7 * c.max()))),
    "hot-flickering": ("SCAN-004", flickering),
    "gap": ("SCAN-005", gap),
    "dead-row": ("SCAN-005", painted((16, slice(None)), counts=0)),
    "mask-of-the-beam": ("SCAN-006", covered),
    "closed-shutter": ("SCAN-007", scaled([3, 50], 0.0)),
    "double-exposure": ("SCAN-007", scaled([7], 40.0)),
    "beam-5-px-off": ("SCAN-008", rolled(5, -3)),
    "zero-frequency-in-the-corner": ("SCAN-008", rolled(16, 16)),
    "another-probe": ("SCAN-009", speckled),
    **{
        name: ("SCAN-010", lambda scan, name=name: turned(scan, name))
        for name in EIGHT
        if name != "as-is"
    },
    "probe-at-the-edge": ("SCAN-011", but(probeGuess=lambda s: np.roll(s.probeGuess, 16, 1))),
    "ten-a-photon": ("SCAN-012", counted(lambda counts: 10 * counts)),
    "normalised-probe": (
        "SCAN-012",
        but(probeGuess=lambda s: s.probeGuess / np.linalg.norm(s.probeGuess) / 100),
    ),
}


def broken(scan: RawScan, clause: str) -> bool:
    rows = preflight(scan, orientation=clause == "SCAN-010")
    return any(row.clause == clause and row.ok is False for row in rows)


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        pytest.param(kind, change, marks=pytest.mark.clause(kind), id=name)
        for name, (kind, change) in PLANTED.items()
    ],
)
def test_a_mistake_in_a_scan_breaks_its_clause(kind: str, change: Change, clause: Check) -> None:
    clause.holds(broken(change(control()), kind), "the check of the scan", "holds", "broken")


@pytest.mark.clause(*NEXT)
def test_a_right_scan_keeps_every_clause(clause: Check) -> None:
    for row in preflight(control()):
        clause(row.clause).holds(row.ok, row.what, row.observed, row.expected)


HARMLESS: dict[str, Change] = {
    "repeated": lambda s: s.take(np.repeat(np.arange(s.size), 3)),
    "shuffled": lambda s: s.take(np.random.default_rng(1).permutation(s.size)),
    "far-from-the-origin": placed(lambda at: at + 1e4),
    "repeated-as-read-out": read_out,
    "few-photons": counted(dim),
    "sum-of-exposures-over-less": counted(lambda counts: counts / 1.5),
    "an-opaque-part": scaled(slice(0, 20), 0.15),
    "masked-column": lambda s: painted((slice(None), 14), counts=0)(s).model_copy(
        update={"mask": np.broadcast_to(np.arange(32) != 14, (32, 32))}
    ),
}


@pytest.mark.clause(*NEXT)
@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
def test_what_is_unusual_and_right_breaks_nothing(change: Change, clause: Check) -> None:
    for row in preflight(change(control()), orientation=False):
        clause(row.clause).holds(row.ok, row.what, row.observed, row.expected)


MENDED: dict[str, tuple[Change, dict[str, str], str, Any]] = {
    "hot": (PLANTED["hot"][1], {}, "hot_pixels", [[5, 27], [25, 3]]),
    "marker": (PLANTED["marker"][1], {}, "hot_pixels", [[row, 20] for row in range(32)]),
    "saturated": (
        PLANTED["saturated"][1],
        {},
        "hot_pixels",
        [[16, 16], [16, 17], [17, 16], [17, 17]],
    ),
    "frames": (scaled([3, 50], 0.0), {}, "drop_frames", [3, 50]),
    "rows": (lambda scan: scan, {"drop_frames": "4,2"}, "drop_frames", [2, 4]),
    "off-centre": (rolled(5, -3), {"centre": "auto"}, "centre", [13, 21]),
    "centre-told": (rolled(5, -3), {"centre": "13,21"}, "centre", [13, 21]),
    "corner": (rolled(16, 16), {"centre": "auto"}, "centre", [0, 0]),
    "orientation": (
        lambda scan: turned(scan, "swap-x"),
        {"orientation": "auto"},
        "orientation",
        "swap-y",
    ),
}


@pytest.mark.clause("SCAN-006")
@pytest.mark.parametrize(("change", "words", "key", "decided"), MENDED.values(), ids=MENDED)
def test_what_is_mended_is_right_afterwards_and_said(
    change: Change, words: dict[str, str], key: str, decided: Any, clause: Check
) -> None:
    made = mend(change(control()), ScanSpec(kind="measured", **words))
    rows = {row.clause: row for row in preflight(made)}
    beam = rows["SCAN-006"]
    clause.holds(beam.ok, beam.what, beam.observed, beam.expected)
    assert all(row.ok for row in rows.values())
    assert made.metadata["decisions"] == {key: decided}
    assert f"scan.{key}" in " ".join(made.metadata["warnings"])


def test_a_right_scan_is_not_touched() -> None:
    assert mend(control(), ScanSpec(kind="measured")) is control()


NONSENSE = {
    "row-is-a-word": ("drop_frames", "1,x"),
    "row-is-not-there": ("drop_frames", "100"),
    "centre-is-a-word": ("centre", "middle"),
    "no-orientation": ("orientation", "left"),
}


@pytest.mark.parametrize(("key", "value"), NONSENSE.values(), ids=NONSENSE)
def test_words_that_mean_nothing_are_refused_by_name(key: str, value: str) -> None:
    with pytest.raises(ConfigError, match=value):
        mend(control(), ScanSpec(kind="measured", **{key: value}))


def test_a_scale_that_nobody_told_is_found_in_the_smallest_step_and_doubted() -> None:
    frames = control().diff3d * np.float32(0.01)
    told = control().model_copy(update={"diff3d": frames, "scale": 1.0})
    untold = told.model_copy(update={"metadata": {"scale_source": "assumed (counts)"}})
    assert mend(told, ScanSpec(kind="measured")) is told
    made = mend(untold, ScanSpec(kind="measured"))
    assert made.scale == pytest.approx(100 * control().scale)
    assert "one photon" in made.metadata["warnings"][0]
    assert broken(made, "SCAN-012")
    assert not broken(made, "SCAN-003")

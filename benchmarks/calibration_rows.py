"""Which runs the verdict is calibrated with: right seeds, recipes, faults, measured files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ptyspec.contracts.bundles import RawScan

SCENARIOS = ("gs1_ideal", "gs2_ideal", "gs1_custom", "gs2_custom")
Kind = Literal["right", "recipe", "fault", "measured", "measured, wrong", "other"]


def same(scan: RawScan) -> RawScan:
    """Return the scan without its truth: measured, and nothing wrong with it."""
    return scan.model_copy(update={"objectGuess": None})


@dataclass(frozen=True)
class Row:
    """One run; `base` is the run without the fault, or the one whose scan becomes a file."""

    name: str
    words: str
    kind: Kind
    base: str = ""
    seed: int = 1
    file: bool = False
    change: Callable[[RawScan], RawScan] = same

    @property
    def gridsize(self) -> int:
        """Frames in a row of a group, where the run is of a file."""
        return 2 if self.base.startswith("gs2") else 1


def _swapped(scan: RawScan) -> RawScan:
    return same(scan).model_copy(update={"xcoords": scan.ycoords, "ycoords": scan.xcoords})


def _mirrored(scan: RawScan) -> RawScan:
    turned = scan.xcoords.max() + scan.xcoords.min() - scan.xcoords
    return same(scan).model_copy(update={"xcoords": turned})


def _gaussian_probe(scan: RawScan) -> RawScan:
    side = scan.N
    y, x = np.mgrid[:side, :side] - side / 2
    light = np.exp(-(x**2 + y**2) / (2 * (side / 8) ** 2))
    light *= np.linalg.norm(scan.probeGuess) / np.linalg.norm(light)
    return same(scan).model_copy(update={"probeGuess": light.astype(np.complex64)})


def _conjugate_probe(scan: RawScan) -> RawScan:
    return same(scan).model_copy(update={"probeGuess": np.conj(scan.probeGuess)})


def _squared(scan: RawScan) -> RawScan:
    """Intensities where amplitudes are declared, brought to the same mean."""
    frames = scan.diff3d.astype(np.float64) ** 2
    frames *= scan.diff3d.mean() / frames.mean()
    return same(scan).model_copy(update={"diff3d": frames.astype(np.float32)})


def _bright_probe(scan: RawScan) -> RawScan:
    """The truth is kept: without one, a factor on the probe is a gauge that nothing can see."""
    return scan.model_copy(update={"probeGuess": (1.2 * scan.probeGuess).astype(np.complex64)})


FILES: dict[str, tuple[Callable[[RawScan], RawScan], Kind]] = {
    "plain": (same, "measured"),
    "positions-swapped": (_swapped, "measured, wrong"),
    "positions-mirrored": (_mirrored, "measured, wrong"),
    "probe-gaussian": (_gaussian_probe, "measured, wrong"),
    "probe-conjugate": (_conjugate_probe, "measured, wrong"),
    "intensity-for-amplitude": (_squared, "measured, wrong"),
    "probe-times-1.2": (_bright_probe, "fault"),
}

AFTER = (
    "stitch-transposes-patches",
    "twin-patches",
    "object-flattened",
    "canvas-at-centre-of-mass",
    "stitch-unweighted",
    "stitch-on-whole-pixels",
    "phases-not-synchronised",
    "patches-dropped-at-bounds",
    "chunks-move-alike",
    "uncovered-zeros",
    "crop-twice",
    "saved-object-rescaled",
    "evaluator-rescales",
    "tautological-ratio",
    "truth-off-by-1",
    "truth-off-by-32",
    "controls-missing",
    "controls-of-the-network",
    "reference-is-the-trivial-one",
    "nan-not-told",
    "uncovered-pixels-scored",
    "ratio-after-rescale",
)
PARITY = (
    "gain-kept",
    "bounded-head",
    "batch-merged",
    "deviance-of-nothing",
    "infinite-loss-ignored",
    "input-probe-in-the-loss",
    "merge-thrown-away",
    "network-transform-not-centred",
    "scale-trained",
    "rate-held-constant",
    "no-background",
    "last-weights-used",
    "last-epoch-kept",
    "earlier-stages-without-gradient",
    "part-never-trained",
    "symbolic-batch-taken-for-one",
    "weights-unchecked",
    "eager-path-differs",
    "validation-trains",
    "last-groups-validate",
    "last-record-alone",
    "layers-of-one-seed",
    "members-keep-an-axis",
    "model-kept",
    "import-draws",
    "positions-kept",
    "purpose-hashed",
    "threads-in-the-seed",
    "optimiser-anew",
)
PARITY_CNN = (
    "a-plus-i-phi",
    "centre-alone-predicted",
    "merge-flag-ignored",
    "phase-ends-at-half-pi",
    "start-at-half",
)
BOX = "a network as a black box: a run asks none"
SKIPPED = {
    "box-divides-by-the-training-frames": BOX,
    "box-goes-on-learning": BOX,
    "box-level-of-the-first-frame": BOX,
    "box-test-scan-has-its-own-gain": BOX,
    "canvas-from-absolute-offsets": "a larger canvas gives the same object and needs 13 GB",
    "legacy-grouping-seed": "the stages of the legacy way alone",
    "legacy-scale-divided-twice": "the stages of the legacy way alone",
    "models-kept": "memory over many trainings; one run is the same",
    "picture-own-colours": "pictures; the object is the same",
    "planes-cropped": "sides that cannot be halved three times; the scenarios have none",
    "settings-page-stale": "a page of the documentation",
    "untrained-saved": "a bundle that is loaded again; a run loads none",
    "violation-repaired": "the table of legacy violations",
}
"""Faults of the parity tier that cannot change a run, and why."""
BEFORE = (
    "sign-flipped",
    "xy-swapped",
    "offsets-scaled",
    "merge-sign-flipped",
    "move-sign-flipped",
    "patches-swapped-axes",
    "probe-rescaled",
    "mask-in-simulator-only",
    "inverse-transform",
    "pattern-not-shifted",
    "shift-mixes-frames",
    "exit-wave-real",
    "intensity-for-amplitude",
    "gain-in-the-loss",
    "gain-twice",
    "rms-constant-as-scale",
    "a0-without-root",
    "a0-of-gained-data",
    "probe-of-test-differs",
    "test-gain-own",
    "merge-offsets-mispaired",
    "merge-not-divided",
    "batch-mean-recentred",
    "nominal-positions",
    "last-member-brighter",
    "batch-normalised-merge",
    "transform-without-norm",
    "closed-form-scale",
    "likelihood-in-two-gauges",
    "likelihood-of-unit-means",
    "background-on-one-side",
    "logarithm-of-zero",
    "groups-across-split",
    "training-groups-reconstructed",
)


def rows(seeds: int) -> list[Row]:
    """Return all rows, the telling ones first: an interrupted calibration is worth most then."""
    found = [_right(name, 1) for name in SCENARIOS]
    found += _faults("gs2_custom", AFTER)
    found += _faults("gs1_ideal", AFTER[:2])
    found += _faults("gs2_custom", PARITY[:6])
    found += _files("gs2_custom", tuple(FILES))
    found += [_right(name, seed) for seed in range(2, 4) for name in SCENARIOS if seed <= seeds]
    found += _faults("gs2_custom", BEFORE[:10])
    found += [
        Row(f"{name}:{recipe}-1", f"{name}:{recipe}", "recipe", f"{name}-1")
        for name, recipe in (
            ("gs2_custom", "january"),
            ("gs1_ideal", "january"),
            ("gs2_custom", "cnn"),
        )
    ]
    found += _files("gs1_custom", ("plain", "positions-swapped", "probe-gaussian"))
    found += _files("gs1_ideal", ("plain", "positions-swapped"))
    found += _files("gs2_ideal", ("plain", "positions-swapped"))
    found += _faults("gs2_custom", PARITY[6:])
    found += [_right(name, seed) for seed in range(4, seeds + 1) for name in SCENARIOS]
    found += _faults("gs2_custom:cnn", PARITY_CNN)
    found += _faults("gs2_custom:training.loss=mae", ("amplitude-error-of-gained-data",))
    found += _faults("gs2_custom", BEFORE[10:])
    found += _faults("gs1_ideal", ("gain-kept", "sign-flipped", "truth-off-by-1", "probe-rescaled"))
    # Less light or another object is another experiment: no run without a fault says what it should keep.
    found += [
        Row(f"gs2_custom:{words}-1", f"gs2_custom:{words}", "other", f"gs2_custom:{words}-1")
        for words in ("dose.nphotons=1e4", "dose.nphotons=1e5", "object.phase=texture")
    ]
    return found


def _right(name: str, seed: int) -> Row:
    return Row(f"{name}-{seed}", name, "right", f"{name}-{seed}", seed)


def _faults(target: str, names: tuple[str, ...]) -> list[Row]:
    glue, base = ("," if ":" in target else ":"), f"{target}-1"
    return [
        Row(f"{target}{glue}{name}-1", f"{target}{glue}{name}", "fault", base) for name in names
    ]


def _files(target: str, names: tuple[str, ...]) -> list[Row]:
    return [
        Row(
            f"{target}.{name}-1",
            "",
            FILES[name][1],
            f"{target}-1",
            file=True,
            change=FILES[name][0],
        )
        for name in names
    ]
